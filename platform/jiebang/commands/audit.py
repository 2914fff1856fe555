"""`jiebang audit`."""

from __future__ import annotations

import click

from . import Failed, load_settings, open_database


@click.group(help="审计记录。")
def command() -> None:
    """The sub-commands on the audit trail."""


@command.command(help="核对审计链：逐条验证哈希，找出被改动或删除的记录。")
def verify() -> None:
    from sqlalchemy import select

    from jiebang.core import audit

    with open_database(load_settings()) as database, database.reading() as session:
        problems = list(audit.verify(session))
        head = session.scalars(select(audit.AuditHead)).first()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise Failed(f"审计链不完整：发现 {len(problems)} 处问题。")
    click.echo(f"审计链完整：共 {head.last_id if head else 0} 条记录。")
