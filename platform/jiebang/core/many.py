"""Many rows in one statement, without SQLAlchemy's work for every row and column.

`session.execute(insert(table), rows)` asks for each of a thousand rows which parameters the
statement has and how each value is written; here that is asked once, and a value that stands in
many rows or columns (a moment, an empty list) is translated once. What reaches the database is the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

from sqlalchemy import Dialect, FromClause, Insert, insert
from sqlalchemy.orm import Session

from .base import Base


class _Plan(NamedTuple):
    """A compiled statement: its text, and how its parameters are made."""

    text: str
    names: tuple[str, ...]
    writers: tuple[tuple[str, Callable[[Any], Any]] | None, ...]
    """By name: the column's type in words, and what translates its values, if anything does."""
    positional: bool


def insert_many(
    session: Session,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    statement: Insert | None = None,
) -> None:
    """Inserts rows that all name the same columns, and every column that has no default in the
    database; defaults in Python are not filled in (ValueError).

    `statement` is an INSERT into the model's table that says more, such as ON CONFLICT. Nothing
    is flushed before.
    """
    if not rows:
        return
    connection, table = session.connection(), model.__table__
    keys = tuple(rows[0])
    if statement is None:
        plan = _plain(connection.dialect, table, keys)
    else:
        plan = _plan(connection.dialect, table, keys, statement)
    seen: dict[str, dict[int, Any]] = {}  # by identity: `rows` keeps the values alive
    columns = []
    for name, writer in zip(plan.names, plan.writers, strict=True):
        values: Sequence[Any] = [row[name] for row in rows]
        if writer is not None:
            kind, write = writer
            values = _written(values, write, seen.setdefault(kind, {}))
        columns.append(values)
    made: Any = list(zip(*columns, strict=True))
    if not plan.positional:
        made = [dict(zip(names, row, strict=True)) for names, row in zip(repeat(plan.names), made)]
    connection.exec_driver_sql(plan.text, made)


def _written(
    values: Sequence[Any], write: Callable[[Any], Any], seen: dict[int, Any]
) -> Sequence[Any]:
    found = []
    for value in values:
        known = id(value)
        if known not in seen:
            seen[known] = write(value)
        found.append(seen[known])
    return found


@lru_cache(maxsize=128)
def _plain(dialect: Dialect, table: FromClause, keys: tuple[str, ...]) -> _Plan:
    return _plan(dialect, table, keys, insert(table))  # type: ignore[arg-type]


def _plan(dialect: Dialect, table: FromClause, keys: tuple[str, ...], statement: Insert) -> _Plan:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(keys), for_executemany=True)
    names = tuple(compiled.positiontup if compiled.positional else compiled.binds)
    if set(names) != set(keys) or compiled.returning:
        raise ValueError(f"各行没有写全的列：{sorted(set(names) ^ set(keys))}")
    writers: list[tuple[str, Callable[[Any], Any]] | None] = []
    for name in names:
        kind = table.c[name].type
        write = kind.dialect_impl(dialect).bind_processor(dialect)
        writers.append(None if write is None else (repr(kind), write))
    return _Plan(str(compiled), names, tuple(writers), bool(compiled.positional))
