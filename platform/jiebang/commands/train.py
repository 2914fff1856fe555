"""`jiebang train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import Failed, Unusable, load_settings, open_database

if TYPE_CHECKING:
    from matching.fusion import Fusion
    from matching.learning import Comparison

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    help="训练：向量模型（--corpus，或由几个已有模型合并 --merge）、排序参数（--graded），"
    "或由平台上的反馈改进排序（--from-feedback）。只选其一。\n\n"
    "--corpus 从自己的文本训练一个新的向量模型，可随时中断，再次运行从中断处继续；完成后用"
    " JIEBANG_MODEL 指向它并运行 jiebang reindex。加 --begin 则从一个已有的模型继续训练。\n\n"
    "--merge 把起点不同的几个模型合成一个同样大小的模型，通常比其中每一个都好。\n\n"
    "--from-feedback 用“合适/不合适”的反馈重新学习排序与等级，在没有用来学习的反馈上比较前后，"
    "确实更好才启用；原来的参数保留，可用 --use 换回。"
)
@click.option(
    "--corpus", type=click.Path(exists=True, path_type=Path),
    help="训练文本：一个 .jsonl 或 .jsonl.xz 文件，或放着这些文件的目录。",
)  # fmt: skip
@click.option("--extra", type=_FILE, multiple=True, help="另加的榜单文本（.jsonl），可重复。")
@click.option(
    "--without", type=_FILE, multiple=True,
    help="留作评测的文本（.jsonl）：训练不读它们，也不读与它们雷同的榜单，可重复。",
)  # fmt: skip
@click.option(
    "--begin", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="从这个模型目录继续训练，而不是从头开始。",
)  # fmt: skip
@click.option(
    "--merge", type=click.Path(exists=True, file_okay=False, path_type=Path), multiple=True,
    help="要合并的模型目录，至少写两次；词表以第一个为准。",
)  # fmt: skip
@click.option(
    "--related", type=_FILE,
    help="与 --merge 同用：词组文件，一行写一个领域里的词；同组的词在模型里会靠近。",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="写到哪里：模型目录或排序参数文件。")
@click.option("--steps", type=click.IntRange(1), help="训练步数。")
@click.option(
    "--listing-share", type=click.FloatRange(0, 1), help="由榜单文本组成的批次所占的份额。"
)
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="学习率。")
@click.option(
    "--averaged", type=click.FloatRange(0, 1), default=0.0,
    help="结果取最后这一份额各步的平均；0 表示取最后一步。",
)  # fmt: skip
@click.option("--seed", type=int, default=7, show_default=True, help="随机种子。")
@click.option(
    "--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="线程数。"
)
@click.option("--fresh", is_flag=True, help="不接着上次中断处，从头训练。")
@click.option(
    "--graded", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="由人工评分的数据（BEIR 格式目录）学习排序参数。",
)  # fmt: skip
@click.option("--from-feedback", is_flag=True, help="由平台上的反馈学习排序参数。")
@click.option("--dry-run", is_flag=True, help="只比较，不启用。")
@click.option("--use", metavar="版本", help="换回一份以前的排序参数。")
def command(
    corpus: Path | None,
    extra: tuple[Path, ...],
    without: tuple[Path, ...],
    begin: Path | None,
    merge: tuple[Path, ...],
    related: Path | None,
    out: Path | None,
    steps: int | None,
    listing_share: float | None,
    rate: float | None,
    averaged: float,
    seed: int,
    threads: int,
    fresh: bool,
    graded: Path | None,
    from_feedback: bool,
    dry_run: bool,
    use: str | None,
) -> None:
    chosen = [corpus is not None, bool(merge), graded is not None, from_feedback, use is not None]
    if sum(chosen) != 1:
        raise click.UsageError(
            "请在 --corpus、--merge、--graded、--from-feedback、--use 里选一个。"
        )
    if corpus is not None:
        if out is None:
            raise click.UsageError("--corpus 需要 --out：写明新模型的目录。")
        changes = {"steps": steps, "listing_share": listing_share, "rate": rate,
                   "averaged": averaged, "seed": seed, "threads": threads}  # fmt: skip
        _model(corpus, extra, without, begin, out, changes, fresh)
    elif merge:
        if out is None:
            raise click.UsageError("--merge 需要 --out：写明新模型的目录。")
        _merge(merge, related, out)
    elif graded is not None:
        if out is None:
            raise click.UsageError("--graded 需要 --out：写明排序参数文件。")
        _graded(graded, out)
    elif use is not None:
        _use(use)
    else:
        _feedback(dry_run)


def _model(
    corpus: Path,
    extra: tuple[Path, ...],
    without: tuple[Path, ...],
    begin: Path | None,
    out: Path,
    changes: dict[str, Any],
    fresh: bool,
) -> None:
    """`changes`: fields of the recipe by name; None leaves one as it is."""
    from dataclasses import replace

    from matching.encoder import ModelInvalid, ModelMissing
    from matching.training.run import Recipe, train

    recipe = replace(Recipe(), **{k: v for k, v in changes.items() if v is not None})
    try:
        figures = train(
            corpus, out, extra=extra, without=without, begin=begin, recipe=recipe,
            resume=not fresh, progress=click.echo,
        )  # fmt: skip
    except (FileNotFoundError, ValueError, ModelInvalid, ModelMissing) as error:
        raise Failed(str(error)) from error
    except ImportError as error:
        raise Unusable(f"训练需要 torch 与 sentence-transformers：{error}") from error
    except KeyboardInterrupt:
        raise Failed("已中断；再次运行同一条命令会从最近一次保存处继续。") from None
    click.echo(f"模型写在 {out}，用时 {figures['seconds'] / 60:.0f} 分钟。")
    _how_to_use(out)


def _merge(folders: tuple[Path, ...], related: Path | None, out: Path) -> None:
    from matching.encoder import ModelInvalid, ModelMissing

    try:
        from matching.training.merge import merge

        kept = merge(folders, out, related)
    except (ValueError, ModelInvalid, ModelMissing) as error:
        raise Failed(str(error)) from error
    except ImportError as error:
        raise Unusable(f"合并需要 sentence-transformers：{error}") from error
    click.echo(f"{len(folders)} 个模型合并后写在 {out}，保留了各方向总强度的 {kept:.0%}。")
    _how_to_use(out)


def _how_to_use(out: Path) -> None:
    click.echo(f"评测：jiebang evaluate 目录 --model {out}")
    click.echo(f"启用：设 JIEBANG_MODEL={out}，再运行 jiebang reindex。")


def _graded(folder: Path, out: Path) -> None:
    from matching.encoder import load_encoder
    from matching.evaluate import DatasetInvalid, read_beir
    from matching.learning import TooFew, collect, learn

    encoder = load_encoder()
    try:
        pairs = collect(read_beir(folder), encoder)
        about = {
            "command": f"jiebang train --graded {folder.name}", "encoder": encoder.fingerprint,
        }  # fmt: skip
        fusion = learn(pairs, about)
    except (DatasetInvalid, TooFew) as error:
        raise Failed(str(error)) from error
    out.write_text(fusion.to_json(), encoding="utf-8")
    click.echo(f"排序参数 {fusion.version} 写在 {out}：{fusion.about['held_out']}")


def _feedback(dry_run: bool) -> None:
    from jiebang import wiring
    from jiebang.discovery.learning import collect as collect_words
    from matching.encoder import ModelInvalid, ModelMissing, load_encoder
    from matching.evaluate import read_beir
    from matching.learning import GRADED, TooFew, collect, improve

    settings = load_settings()
    with open_database(settings) as database:
        store = wiring.discovery(settings, database).rankings
        try:
            encoder = load_encoder(settings.model)
        except (ModelMissing, ModelInvalid) as error:
            raise Unusable(str(error)) from error
        with database.reading() as session:
            words = collect_words(session, encoder.fingerprint)
    click.echo(
        f"可用反馈 {len(words.pairs.grades)} 条（另有 {words.silent} 条原因与内容无关，"
        f"{words.outdated} 条出自别的模型，未用）。"
    )
    old = store.current()
    about = {"command": "jiebang train --from-feedback", "encoder": encoder.fingerprint,
             "before": old.version}  # fmt: skip
    try:
        new, compared = improve(collect(read_beir(GRADED), encoder), words.pairs, old, about)
    except TooFew as error:
        raise Failed(str(error)) from error
    _report(old, new, compared)
    if not compared.wins:
        click.echo("没有可靠地变好，保留现在的排序参数。")
    elif dry_run:
        click.echo("确实变好了；这次只比较，没有启用（去掉 --dry-run 即启用）。")
    else:
        store.install(new)
        click.echo(f"已启用 {new.version}。换回：jiebang train --use {old.version}")


def _report(old: Fusion, new: Fusion, found: Comparison) -> None:
    click.echo(f"在没有用来学习的 {found.queries} 条榜单、{found.pairs} 条反馈上：")
    for name, version, loss, ndcg in (
        ("现在", old.version, found.old_loss, found.old_ndcg),
        ("新的", new.version, found.new_loss, found.new_ndcg),
    ):
        click.echo(f"  {name} {version}   对数损失 {loss:.4f}   NDCG@10 {ndcg:.4f}")
    interval = f"95% 区间 {found.low:.4f} 到 {found.high:.4f}"
    click.echo(f"  对数损失减少 {found.gain:.4f}（{interval}）")


def _use(version: str) -> None:
    from jiebang import wiring
    from matching.fusion import RankingInvalid

    settings = load_settings()
    with open_database(settings) as database:
        try:
            fusion = wiring.discovery(settings, database).rankings.choose(version)
        except RankingInvalid as error:
            raise Failed(str(error)) from error
    click.echo(f"现在使用排序参数 {fusion.version}。")
