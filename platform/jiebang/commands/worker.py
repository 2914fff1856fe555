"""`jiebang worker`."""

from __future__ import annotations

import click

from jiebang import process

from . import load_settings, open_database


@click.command(help="单独运行后台任务（邮件、推荐等）；收到终止信号时做完手上的再停。")
@click.option("--once", is_flag=True, help="做完当前到期的任务就退出。")
@click.option("--retry-failed", is_flag=True, help="先把多次失败而停下的任务重新排队。")
def command(once: bool, retry_failed: bool) -> None:
    import signal

    process.settle()
    from jiebang import wiring
    from jiebang.core import logs
    from jiebang.worker import Worker, requeue_failed

    logs.configure()
    settings = load_settings()
    with open_database(settings) as database:
        door = wiring.discovery(settings, database)
        worker = Worker(
            database,
            wiring.jobs(settings, database, door),
            chores=wiring.chores(door),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if retry_failed:
            click.echo(f"重新排队 {requeue_failed(database)} 个任务。")
        if once:
            click.echo(f"完成 {worker.drain()} 个任务。")
        else:
            click.echo("后台任务已启动。")
            worker.run()
            click.echo("已停止。")
