"""The commands of `jiebang`: one module each with a `command`, loaded when it is asked for.

Exit codes: 0 fine; 1 something was found or failed; 2 wrong use; 3 settings or environment.
Modules import click alone at the top; the rest inside the command, so that help is instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from jiebang.config import Settings
    from jiebang.db import Database


class Failed(click.ClickException):
    """Something was found or went wrong: exit code 1."""

    exit_code = 1


class Unusable(click.ClickException):
    """Settings or environment do not allow it: exit code 3."""

    exit_code = 3


def load_settings() -> Settings:
    """The checked settings with their folder made; Unusable lists what is wrong."""
    from jiebang import config

    try:
        settings = config.load()
        settings.prepare_home()
    except config.SettingsError as error:
        raise unusable_settings(error) from error
    return settings


def unusable_settings(error: Exception) -> Unusable:
    """The list of wrong settings as one message."""
    lines = str(error).splitlines()
    return Unusable("设置有误，请改正后重新运行：\n" + "\n".join(f"  - {line}" for line in lines))


@contextmanager
def open_database(settings: Settings, *, initialised: bool = True) -> Iterator[Database]:
    """The database, reachable and, unless told otherwise, with the present schema.

    What the database refuses meanwhile, from a wrong password to a full disk, is one sentence.
    """
    from sqlalchemy.exc import DatabaseError, OperationalError

    from jiebang import schema
    from jiebang.core import logs
    from jiebang.db import Database

    logs.configure()  # to the error output: what a command prints may be read by a program
    try:
        database = Database(settings.database_url)
    except (OSError, ImportError) as error:
        raise Unusable(f"无法打开数据库：{error}") from error
    try:
        if not initialised:
            database.engine.connect().close()
        elif not schema.current(database).is_current:
            raise Unusable("数据库尚未初始化或结构不是最新，请先运行：jiebang init")
        yield database
    except DatabaseError as error:
        if type(error) not in (DatabaseError, OperationalError):
            raise  # a statement of ours that is wrong, not the database
        shown = database.url.render_as_string(hide_password=True)
        raise Unusable(f"数据库 {shown} 用不了：{reason(error)}") from error
    finally:
        database.dispose()


def reason(error: Exception) -> str:
    """The first line of what the driver said."""
    inner = getattr(error, "orig", None) or error
    lines = str(inner).strip().splitlines()
    return lines[0] if lines else type(inner).__name__
