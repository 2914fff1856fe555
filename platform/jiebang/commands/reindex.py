"""`jiebang reindex`."""

from __future__ import annotations

import click

from . import Unusable, load_settings, open_database


@click.command(help="重建检索索引：更换向量模型之后运行；运行期间平台可以照常使用。")
def command() -> None:
    import time

    from jiebang import wiring
    from matching.encoder import ModelInvalid, ModelMissing

    settings = load_settings()
    with open_database(settings) as database:
        door = wiring.discovery(settings, database)
        began = time.monotonic()
        try:
            written = door.rebuild(
                lambda done, total: click.echo(f"\r{done}/{total}", nl=False, err=True)
            )
        except (ModelMissing, ModelInvalid) as error:
            raise Unusable(str(error)) from error
    click.echo(err=True)
    click.echo(f"已重建 {written} 条榜单的索引，用时 {time.monotonic() - began:.1f} 秒。")
