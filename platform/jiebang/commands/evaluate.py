"""`jiebang evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from . import Failed, Unusable

METHODS = ("hybrid", "dense", "lexical")
COLUMNS = ("queries", "ndcg@10", "mrr@10", "recall@10", "recall@50", "ms_per_query")
HEADINGS = (
    "方法",
    "查询数",
    "NDCG@10",
    "MRR@10",
    "召回@10",
    "召回@50",
    "毫秒/查询",
    "NDCG@10 的 95% 区间",
)
WIDTHS = (8, 7, 9, 9, 9, 9, 10, 20)


@click.command(
    help="在一套标注数据上评测匹配效果；不指定方法时三种方法并列比较，并检验等级是否名副其实。\n\n"
    "目录为 BEIR 格式：corpus.jsonl、queries.jsonl、qrels.tsv。hybrid 是平台实际使用的排序，"
    "lexical 是固定不变的对照基线。"
)
@click.argument(
    "folder", metavar="目录", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--method", type=click.Choice(METHODS), help="只评测一种方法。")
@click.option("--rerank-only", is_flag=True, help="只在标注过的候选内排序。")
@click.option("--reverse", is_flag=True, help="反方向：用成果找需求。")
@click.option("--model", help="评测另一个向量模型（文件夹或模型名）。")
@click.option(
    "--ranking",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="评测另一份排序参数。",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def command(
    folder: Path,
    method: str | None,
    rerank_only: bool,
    reverse: bool,
    model: str | None,
    ranking: Path | None,
    as_json: bool,
) -> None:
    import json

    from matching.encoder import ModelInvalid, ModelMissing, load_encoder
    from matching.evaluate import DatasetInvalid, evaluate, judge
    from matching.fusion import RankingInvalid, bundled, read

    try:
        encoder = load_encoder(model)
        fusion = read(ranking) if ranking else bundled()
        results: list[dict[str, Any]] = [
            evaluate(folder, each, rerank_only, encoder, reverse=reverse, fusion=fusion)
            for each in ((method,) if method else METHODS)
        ]
        calibration = (
            judge(folder, encoder, fusion, reverse=reverse) if method in (None, "hybrid") else None
        )
    except (ModelMissing, ModelInvalid, RankingInvalid) as error:
        raise Unusable(str(error)) from error
    except DatasetInvalid as error:
        raise Failed(f"评测数据有误：{error}") from error
    if as_json:
        if calibration is not None:
            results[0]["calibration"] = calibration
        shown: object = results[0] if method else results
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    _table(results)
    click.echo(f"模型 {encoder.fingerprint}，排序参数 {fusion.version}，内存峰值 {_peak()} MB")
    if calibration is not None:
        _calibration(calibration)
        _sides(calibration["joint"])


def _table(results: list[dict[str, Any]]) -> None:
    click.echo("".join(_cell(h, w) for h, w in zip(HEADINGS, WIDTHS, strict=True)))
    for result in results:
        low, high = result["ndcg@10_95"]
        cells = [result["method"], str(result["queries"])]
        cells += [f"{result[name]:.4f}" for name in COLUMNS[1:5]]
        cells += [f"{result['ms_per_query']:.2f}", f"{low:.3f}–{high:.3f}"]
        click.echo("".join(_cell(c, w) for c, w in zip(cells, WIDTHS, strict=True)))
    for result in results:
        if "gini@10" in result:
            click.echo(
                f"{result['method']}：前 10 名覆盖 {result['coverage@10']:.1%} 的内容，"
                f"集中度（基尼系数）{result['gini@10']:.3f}"
            )
    left_out = results[0]["left_out"]
    if left_out:
        click.echo(f"另有 {left_out} 个查询没有任何相关结果，不计入。")


def _calibration(found: dict[str, Any]) -> None:
    click.echo("\n等级与人工评分（只含评过分的配对）：")
    for level, counts in found["levels"].items():
        total = sum(counts)
        cells = "  ".join(f"{grade} 分 {number:>4}" for grade, number in enumerate(counts))
        share = "没有这一等级的配对"
        if total:
            share = f"≥1 占 {sum(counts[1:]) / total:.0%}，≥2 占 {sum(counts[2:]) / total:.0%}"
        click.echo(f"{_cell(level, 6)} {cells}   {share}")
    for each in found["grades"]:
        click.echo(
            f"\nP(评分 ≥ {each['grade']})：{each['pairs']} 对，校准误差 ECE {each['ece']:.3f}，"
            f"Brier {each['brier']:.4f}（只报基准率 {each['base_rate']:.3f} 为 "
            f"{each['brier_base']:.4f}）"
        )
        for pairs, predicted, observed in each["bins"]:
            if pairs:
                click.echo(f"   预测 {predicted:.2f}   实际 {observed:.2f}   {pairs} 对")


def _sides(found: dict[str, float]) -> None:
    click.echo(
        f"\n评过分的配对，按提问一方的把握排 nDCG@10 {found['own']:.4f}，"
        f"按双方合起来的把握排 {found['both']:.4f}"
    )


def _cell(text: str, width: int) -> str:
    """Right-aligned by columns on the screen: Han characters take two."""
    return " " * (width - sum(2 if ord(char) > 0x2E7F else 1 for char in text)) + text


def _peak() -> int:
    import sys

    if sys.platform == "win32":
        return 0
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(size // (1024 * 1024 if sys.platform == "darwin" else 1024))
