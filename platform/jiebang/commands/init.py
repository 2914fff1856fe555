"""`jiebang init`."""

from __future__ import annotations

import click

from . import load_settings, open_database


@click.command(help="准备数据目录并建立或升级数据库（可重复运行，不会丢数据）。")
def command() -> None:
    from jiebang import schema

    settings = load_settings()
    settings.secret_key()
    with open_database(settings, initialised=False) as database:
        before = schema.current(database)
        schema.upgrade(database)
        after = schema.current(database)
    click.echo(f"数据目录：{settings.home}")
    if before.revision == after.revision:
        click.echo(f"数据库已是最新（{after.revision}）。")
    elif before.revision is None:
        click.echo(f"数据库已建立（{after.revision}）。")
    else:
        click.echo(f"数据库已升级：{before.revision} → {after.revision}。")
