"""`jiebang reindex`."""

from __future__ import annotations

import click

from . import Unusable, load_settings, open_database


@click.command(
    help="重建检索索引；更换向量模型之后也可用它立即换用（平时由后台任务完成）。\n\n"
    "运行期间平台照常使用：换用新模型时，旧模型一直服务到全部重新编码为止，中断后可以接着运行。"
)
def command() -> None:
    import time

    from jiebang import wiring
    from jiebang.discovery.renewal import Renewal, progress_of
    from jiebang.discovery.rows import state
    from matching.encoder import ModelInvalid, ModelMissing

    settings = load_settings()
    with open_database(settings) as database:
        door = wiring.discovery(settings, database)
        began = time.monotonic()
        try:
            model = door.configured.fingerprint
            with database.reading() as session:
                serving = state(session).model
            if serving in (None, model):
                written = door.rebuild(_show)
            else:
                renewal = Renewal(door)
                renewal.run(progress=_show)
                renewal.tidy()
                with database.reading() as session:
                    written = progress_of(session, model)[0]
        except (ModelMissing, ModelInvalid) as error:
            raise Unusable(str(error)) from error
    click.echo(err=True)
    click.echo(f"已重建 {written} 条榜单的索引，用时 {time.monotonic() - began:.1f} 秒。")


def _show(done: int, total: int) -> None:
    click.echo(f"\r{done}/{total}", nl=False, err=True)
