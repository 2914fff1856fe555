"""`jiebang serve`."""

from __future__ import annotations

import click

from jiebang import process

from . import Unusable, load_settings, open_database


@click.command(help="启动网页服务（含后台任务，JIEBANG_WORKER=0 可关闭）。地址由 PORT 等设置决定。")
def command() -> None:
    process.settle()
    from jiebang import serve

    settings = load_settings()
    with open_database(settings) as database:
        try:
            serve.run(settings, database, announce=click.echo)
        except serve.CannotListen as error:
            raise Unusable(str(error)) from error
