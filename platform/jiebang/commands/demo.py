"""`jiebang demo`."""

from __future__ import annotations

import click

from . import Failed, Unusable, load_settings, open_database


@click.command(
    help="放入演示数据与演示账号（只在 JIEBANG_DEMO=1 时可用）。再次运行不会重复。\n\n"
    "演示账号的密码是公开的，因此不会放进已有真实账号的数据库。"
)
def command() -> None:
    settings = load_settings()
    if not settings.demo:
        raise Unusable("演示数据只能放进演示环境：请设置 JIEBANG_DEMO=1，或直接运行 make run。")
    from jiebang import demo, wiring
    from jiebang.worker import Worker
    from matching.encoder import ModelInvalid, ModelMissing

    with open_database(settings) as database:
        door = wiring.discovery(settings, database)
        try:
            loaded = demo.load(database, door)
        except (ModelMissing, ModelInvalid) as error:
            raise Unusable(str(error)) from error
        except RuntimeError as error:
            raise Failed(str(error)) from error
        if loaded.fresh:
            click.echo("正在放入演示数据并计算匹配……")
            Worker(database, wiring.jobs(settings, database, door)).drain()
            door.live.save_snapshot(force=True)
    click.echo(
        f"演示数据：{loaded.organisations} 家单位，{loaded.listings} 条榜单内容"
        f"（{loaded.published} 条在榜）。"
    )
    click.echo(f"演示账号（密码均为 {loaded.password}）：")
    for name, label in loaded.accounts:
        click.echo(f"  {name:<26}{label}")
