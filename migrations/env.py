"""Alembic's way in: inside a given transaction, or from `alembic` on the command line."""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlalchemy import Connection

from jiebang import config, models, schema
from jiebang.core.base import UtcDateTime
from jiebang.db import Database


def render(kind: str, value: object, _context: object) -> str | Literal[False]:
    """Migrations name plain column types: they must not change when our own types do."""
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def migrate(connection: Connection) -> None:
    """Runs what was asked for in the connection's transaction."""
    context.configure(
        connection=connection,
        target_metadata=models.metadata(),
        render_item=render,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    raise SystemExit("只支持连接数据库执行，不支持 --sql")
if given is not None:
    migrate(given)
else:
    database = Database(config.load().database_url)
    with schema.migrating(database) as opened:
        migrate(opened)
    database.dispose()
