"""`jiebang bench`: how fast it is, always beside the bare calls it is made of, in one run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., None]], Callable[..., None]]

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _options(*more: Decorator) -> Decorator:
    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        common: tuple[Decorator, ...] = (
            click.option(
                "--corpus", type=_FOLDER, help="用这个目录里的论文切出内容；不给就用行业词汇拼成。"
            ),
            click.option(
                "--keep",
                type=click.Path(file_okay=False, path_type=Path),
                help="把建好的索引留在这个目录，下次直接用。",
            ),
            click.option("--json", "as_json", is_flag=True, help="输出 JSON。"),
        )
        for option in reversed((*more, *common)):
            command = option(command)
        return command

    return wrap


_rows = click.option("--rows", default="10000", show_default=True, help="条数，可用逗号隔开多个。")
_queries = click.option("--queries", type=_FILE, help="查询（JSONL，title 与 body）；不给就拼成。")
_rounds = click.option(
    "--rounds", default=200, show_default=True, type=click.IntRange(5, 100_000), help="测多少次。"
)
_workers = click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="编码的进程数。"
)


@click.group(
    help="测量速度与内存；每次都与它所用的裸调用（faiss、numpy、编码器、全文检索）同场比较。\n\n"
    "时间单位毫秒；cpu_ 开头的是处理器时间，不受机器上别的程序影响。"
)
def command() -> None:
    """The group; like `jiebang serve` and `jiebang worker` with one thread for BLAS."""
    from jiebang import process

    process.settle()


@command.command("search", help="整套检索（编码、筛选、融合、说明理由）和单独的排序。")
@_options(_rows, _queries, _rounds, _workers,
          click.option("--others", is_flag=True, help="并列测 tantivy、FTS5。"))  # fmt: skip
def search_command(
    rows: str,
    queries: Path | None,
    rounds: int,
    workers: int,
    others: bool,
    corpus: Path | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    from . import searching as bench
    from .market import market
    from .measure import report, rows_of
    from .texts import queries as read

    results: list[dict[str, Any]] = []
    for size in rows_of(rows):
        with market(size, corpus, keep, workers) as made:
            results += bench.measure(made, read(rounds, queries), rounds, others)
    report("search", results, as_json)


@command.command("index", help="向量索引：加入、保存、载入、按条件检索（随机向量）。")
@_rows
@click.option("--dim", default=256, show_default=True, type=click.IntRange(2, 4096), help="维数。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def index_command(rows: str, dim: int, as_json: bool) -> None:
    from . import indexing as bench
    from .measure import report, rows_of

    report("index", [bench.measure(size, dim) for size in rows_of(rows)], as_json)


@command.command("encode", help="分词与编码的速度。")
@_options(_rows, _queries, _workers)
def encode_command(
    rows: str,
    queries: Path | None,
    workers: int,
    corpus: Path | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    from . import encoding as bench
    from .measure import report, rows_of
    from .texts import listings
    from .texts import queries as read

    asked = read(500, queries)
    report(
        "encode",
        [bench.measure(list(listings(n, corpus)), asked, workers) for n in rows_of(rows)],
        as_json,
    )


@command.command("import", help="导入：校验、审计、编码、索引全部在内，与单独编码比较。")
@_options(_rows, _workers, click.option("--strict", is_flag=True, help="同 jiebang import。"))
def import_command(
    rows: str,
    workers: int,
    strict: bool,
    corpus: Path | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    from . import importing as bench
    from .measure import report, rows_of
    from .texts import listings

    report(
        "import",
        [bench.measure(list(listings(n, corpus)), workers, strict) for n in rows_of(rows)],
        as_json,
    )


@command.command("freshness", help="两个进程：一个发布，另一个紧接着查找，应当次次找到。")
@_rounds
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def freshness_command(rounds: int, as_json: bool) -> None:
    from . import importing as bench
    from .measure import report

    report("freshness", [bench.freshness(rounds)], as_json)


@command.command(
    "pairs", help="全部需求对全部成果：向量部分与裸矩阵乘积比较，旁边是融合名单的代价。"
)
@_options(_rows, _queries, _workers)
def pairs_command(
    rows: str,
    queries: Path | None,
    workers: int,
    corpus: Path | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    from . import pairing as bench
    from .market import market
    from .measure import report, rows_of
    from .texts import queries as read

    results: list[dict[str, Any]] = []
    for size in rows_of(rows):
        with market(size, corpus, keep, workers) as made:
            results.append(bench.measure(made, read(min(size, 1_000), queries)))
    report("pairs", results, as_json)


@command.command("start", help="从快照启动到第一次回答。")
@_options(_rows, _queries, _workers)
def start_command(
    rows: str,
    queries: Path | None,
    workers: int,
    corpus: Path | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    from . import pairing as bench
    from .market import market
    from .measure import report, rows_of
    from .texts import queries as read

    results: list[dict[str, Any]] = []
    for size in rows_of(rows):
        with market(size, corpus, keep, workers) as made:
            results.append(bench.start_up(made, read(5, queries)[0]))
    report("start", results, as_json)
