"""`jiebang evaluate`."""

from __future__ import annotations

from pathlib import Path

import click

from . import Failed, Unusable

METHODS = ("hybrid", "dense", "lexical")
COLUMNS = ("queries", "ndcg@10", "mrr@10", "recall@10", "recall@50", "ms_per_query")
HEADINGS = ("查询数", "NDCG@10", "MRR@10", "召回@10", "召回@50", "毫秒/查询")


@click.command(
    help="在一套标注数据上评测匹配效果；不指定方法时三种方法并列比较。\n\n"
    "目录为 BEIR 格式：corpus.jsonl、queries.jsonl、qrels.tsv。"
)
@click.argument(
    "folder", metavar="目录", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--method", type=click.Choice(METHODS), help="只评测一种方法。")
@click.option("--rerank-only", is_flag=True, help="只在标注过的候选内排序。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def command(folder: Path, method: str | None, rerank_only: bool, as_json: bool) -> None:
    import json
    from typing import Any

    from matching.encoder import ModelInvalid, ModelMissing
    from matching.evaluate import DatasetInvalid, evaluate

    results: list[dict[str, Any]] = []
    try:
        for each in (method,) if method else METHODS:
            found = evaluate(folder, each, rerank_only)
            results.append({"method": each, **{name: found[name] for name in COLUMNS}})
    except (ModelMissing, ModelInvalid) as error:
        raise Unusable(str(error)) from error
    except DatasetInvalid as error:
        raise Failed(f"评测数据有误：{error}") from error
    if as_json:
        shown: object = results[0] if method else results
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    click.echo("".join(f"{heading:>10}" for heading in ("method", *COLUMNS)))
    for result in results:
        cells = [result["method"], str(result["queries"])]
        cells += [f"{result[name]:.4f}" for name in COLUMNS[1:5]]
        cells.append(f"{result['ms_per_query']:.2f}")
        click.echo("".join(f"{cell:>10}" for cell in cells))
