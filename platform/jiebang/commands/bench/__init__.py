"""`jiebang bench`: how fast it is, always beside the bare calls it is made of, in one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _options(*more: Any) -> Any:
    def wrap(command: Any) -> Any:
        common = (
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
    """The group."""


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
