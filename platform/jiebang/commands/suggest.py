"""`jiebang suggest`."""

from __future__ import annotations

import click

from jiebang import process

from . import Unusable, load_settings, open_database


@click.command(
    help="重新计算全部推荐：每条榜单与对面榜单逐一比较，各留前 20 名。\n\n"
    "平时由后台任务随发布与修改逐条更新，不必运行；大批导入、更换模型或排序之后可用它一次算完。"
    "中断后再运行会接着算。"
)
@click.option("--all", "all_", is_flag=True, required=True, help="计算六张榜的全部推荐。")
def command(all_: bool) -> None:
    import json
    import time

    process.settle()
    from jiebang import wiring
    from jiebang.core.boards import Board
    from jiebang.discovery import suggestions
    from matching.encoder import ModelInvalid, ModelMissing

    settings = load_settings()
    mark = settings.home / "suggest-all.json"
    with open_database(settings) as database:
        door = wiring.discovery(settings, database)
        try:
            version = door.live.engine.version
        except (ModelMissing, ModelInvalid) as error:
            raise Unusable(str(error)) from error
        after = None
        if mark.exists():
            found = json.loads(mark.read_text("utf-8"))
            if found["version"] == version:
                after = (Board(found["board"]), int(found["listing"]))
                click.echo(f"接着上次：{after[0].label}之后 {after[1]} 号。", err=True)

        def done(board: Board, listing_id: int) -> None:
            content = {"version": version, "board": board.value, "listing": listing_id}
            aside = mark.with_suffix(".part")
            aside.write_text(json.dumps(content), "utf-8")
            aside.replace(mark)

        def show(board: Board, reached: int, total: int) -> None:
            click.echo(f"{board.label} {reached}/{total}", err=True)

        began = time.monotonic()
        written = suggestions.compute_all(door, show, after, done)
        mark.unlink(missing_ok=True)
    click.echo(f"已计算 {written} 条榜单的推荐，用时 {time.monotonic() - began:.1f} 秒。")
