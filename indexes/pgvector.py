"""Vectors in PostgreSQL (extension pgvector): several machines share them, none keeps a copy.

They are written in the transaction that writes the text they belong to (`PgvectorEngine.store`),
as `halfvec`, the same float16 that the other engines keep. Search is exact: every allowed row is
compared, there is no HNSW or IVFFlat index, which under a filter silently return too few rows. A
shard knows only which id stands in which slot; filters are decided by the caller's columns and
sent along as a bitmap of ids. Products are summed in float32 over the unrounded query.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import BigInteger, Integer, UserDefinedType

from indexes.arrays import Growing
from indexes.checks import Ids, Mask, Slots, Vectors, checked, fitting, plain, positive
from indexes.halves import products
from indexes.vectors import StoredVector

TABLE = "search_vector"
LEAST = (0, 7)
"""First version of pgvector that has halfvec."""
_LOCK = 7_210_934_512  # any number: one process at a time makes the tables
_FEW = 2_000  # ids up to which a list is sent instead of a bitmap


class Unusable(Exception):
    """The database cannot keep vectors; the message says in Chinese what to do."""


class VectorsMissing(RuntimeError):
    """The table lacks vectors of ids that stand in slots: the caller has not caught up."""


class _Halfvec(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "halfvec"


VECTORS = Table(
    TABLE,
    MetaData(),
    Column("shard", String(40), primary_key=True),
    Column("model", String(64), primary_key=True),
    Column("listing_id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    Column("vector", _Halfvec, nullable=False),
)
"""One partition a shard ("need.whole"). `revision` is that of the text the vector belongs to."""

_WRITE = text(
    "INSERT INTO search_vector (shard, model, listing_id, revision, vector) "
    "VALUES (:shard, :model, :id, :revision, CAST(:vector AS halfvec)) "
    "ON CONFLICT (shard, model, listing_id) "
    "DO UPDATE SET revision = excluded.revision, vector = excluded.vector"
)
_ROWS = "FROM search_vector WHERE shard = :shard AND model = :model"
_IDS = f"SELECT listing_id {_ROWS}"
_COUNT = f"SELECT count(*) {_ROWS}"
_PACKED = f"SELECT string_agg(halfvec_send(vector), CAST('' AS bytea) ORDER BY listing_id) {_ROWS}"
_LISTED = "listing_id = ANY(CAST(:ids AS integer[]))"
# a bit beyond the map is an error, and the order of plain conditions is the planner's affair
_MAPPED = (
    "CASE WHEN listing_id BETWEEN :first AND :last "
    "THEN get_bit(CAST(:bits AS bytea), listing_id - :first) = 1 ELSE false END"
)


def prepare(source: Engine, shards: Sequence[str], owner: str | None = None) -> None:
    """Makes the table and its partitions where they are missing; raises Unusable.

    `owner` names a table keyed by (listing_id, model): a row of it that goes takes its vectors
    along.
    """
    try:
        with source.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            found = version(connection)
            if found is None:
                connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
                found = version(connection)
            if found is None or found < LEAST:
                raise Unusable(_advice(found))
            # asked for first: making what exists would wait for everybody who is writing to it
            if not _exists(connection, TABLE):
                reference = (
                    f", FOREIGN KEY (listing_id, model) REFERENCES {owner} ON DELETE CASCADE"
                    if owner
                    else ""
                )
                connection.execute(
                    text(
                        f"CREATE TABLE {TABLE} (shard varchar(40) NOT NULL, "
                        "model varchar(64) NOT NULL, listing_id integer NOT NULL, "
                        "revision bigint NOT NULL, vector halfvec NOT NULL, "
                        f"PRIMARY KEY (shard, model, listing_id){reference}) "
                        "PARTITION BY LIST (shard)"
                    )
                )
            for shard in shards:
                name = f"{TABLE}_{shard.replace('.', '_')}"
                if not _exists(connection, name):
                    connection.execute(
                        text(f"CREATE TABLE {name} PARTITION OF {TABLE} FOR VALUES IN ('{shard}')")
                    )
    except DBAPIError as error:
        raise Unusable(_advice(None)) from error


def lacking(source: Engine, shards: Sequence[str]) -> list[str]:
    """What `prepare` would make, by name, without making any of it; raises Unusable where the
    extension is not to be had in the version that is needed."""
    try:
        with source.connect() as connection:
            found = version(connection)
            able = found or _offered(connection)
            if able is None or able < LEAST:
                raise Unusable(_advice(able))
            names = [TABLE, *(f"{TABLE}_{shard.replace('.', '_')}" for shard in shards)]
            tables = [name for name in names if not _exists(connection, name)]
            return [*([] if found else ["vector"]), *tables]
    except DBAPIError as error:
        raise Unusable(_advice(None)) from error


def _offered(connection: Connection) -> tuple[int, ...] | None:
    """The version that CREATE EXTENSION would bring; None when the server has none."""
    found = connection.execute(
        text("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
    ).scalar()
    return None if found is None else _parts(str(found))


def _parts(written: str) -> tuple[int, ...]:
    return tuple(int(part) for part in written.split("."))


def _exists(connection: Connection, name: str) -> bool:
    found = connection.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar()
    return found is not None


def version(connection: Connection) -> tuple[int, ...] | None:
    """The extension's version in this database; None when it is not there."""
    found = connection.execute(
        text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    ).scalar()
    return None if found is None else _parts(str(found))


def _advice(found: tuple[int, ...] | None) -> str:
    has = "没有 vector 扩展" if found is None else f"的 vector 扩展是 {'.'.join(map(str, found))}"
    return (
        f"这个 PostgreSQL 数据库{has}，需要 pgvector 0.7 以上：请由数据库管理员安装 pgvector，"
        "在本库执行 CREATE EXTENSION vector;（或 ALTER EXTENSION vector UPDATE;），"
        "并允许本账号建表；或设 JIEBANG_VECTOR_ENGINE=faiss"
    )


class PgvectorEngine:
    """See `indexes.vectors.VectorEngine`. The table must be there: `prepare`."""

    name = "pgvector"
    durable = True

    def __init__(self, source: Engine, model: str = ""):
        self._source = source
        self.model = model
        self._held = threading.local()

    def of(self, model: str) -> PgvectorEngine:
        """See `VectorEngine.of`."""
        found = PgvectorEngine(self._source, model)
        found._held = self._held
        return found

    def shard(self, board: str, vector: str, dim: int) -> PgvectorVectors:
        """See `VectorEngine.shard`."""
        return PgvectorVectors(self, f"{board}.{vector}", dim)

    def store(self, connection: Any, rows: Sequence[StoredVector]) -> None:
        """See `VectorEngine.store`."""
        values = [
            {
                "shard": f"{row.board}.{row.vector}",
                "model": self.model,
                "id": row.id,
                "revision": row.revision,
                "vector": _literal(checked(row.value, row.dim)[0]),
            }
            for row in rows
        ]
        if values:
            connection.execute(_WRITE, values)

    @contextmanager
    def reading(self, connection: Any) -> Iterator[None]:
        """See `VectorEngine.reading`."""
        former = getattr(self._held, "connection", None), getattr(self._held, "moment", None)
        self._held.connection, self._held.moment = connection, object()
        try:
            yield
        finally:
            self._held.connection, self._held.moment = former

    @property
    def moment(self) -> object | None:
        """The same object while nothing changes for this thread; None outside `reading`."""
        found: object | None = getattr(self._held, "moment", None)
        return found

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """The held connection of this thread, or one for the moment."""
        held = getattr(self._held, "connection", None)
        if held is not None:
            yield held
            return
        with self._source.connect() as opened:
            yield opened


class PgvectorVectors:
    """See `indexes.vectors.VectorShard`."""

    def __init__(self, engine: PgvectorEngine, name: str, dim: int):
        self.dim = positive(dim)
        self._engine, self._name = engine, name
        self._ids = Growing(np.int64)
        self._kept: tuple[object, bytes, NDArray[np.float16]] | None = None

    def __len__(self) -> int:
        return self._ids.size

    def extend(self, ids: Ids, vectors: Any) -> None:
        """See `VectorShard.extend`: only the ids are kept, `store` has written the vectors."""
        checked(vectors, self.dim)
        self._ids.extend(np.asarray(ids, np.int64))
        self._kept = None

    def search(self, query: Any, k: int, allowed: Mask) -> Slots:
        """See `VectorShard.search`; raises VectorsMissing."""
        row = plain(query, self.dim)[0]
        k = min(k, fitting(allowed, len(self)))
        slots = np.flatnonzero(allowed).astype(np.int64)
        if k <= 0:
            return slots[:0]
        ids = self._ids.view[slots]
        condition, values = _chosen(ids)
        order = "ORDER BY CAST(vector AS vector) <#> CAST(:query AS vector)"
        statement = text(f"{_IDS} AND {condition} {order} FETCH FIRST :k ROWS WITH TIES")
        with self._engine.connection() as connection:
            found = connection.execute(
                statement, {**self._key(), **values, "query": _literal(row), "k": k}
            ).scalars()
            best = np.asarray(list(found), np.int64)
        if len(best) < k:
            raise VectorsMissing(f"{self._name} 应有至少 {k} 条，查到 {len(best)} 条。")
        ranks = np.argsort(ids, kind="stable")
        return np.asarray(slots[ranks[np.searchsorted(ids, best, sorter=ranks)]], np.int64)

    def scores(self, query: Any, slots: Slots) -> NDArray[np.float64]:
        """See `VectorShard.scores`; summed here in float64, as the other engines do."""
        row = plain(query, self.dim)[0].astype(np.float64)
        (found,) = products(self._codes(slots).__getitem__, np.arange(len(slots)), [row])
        return found

    def rows(self, slots: Slots) -> Vectors:
        """See `VectorShard.rows`."""
        return self._codes(slots).astype(np.float32)

    def _codes(self, slots: Slots) -> NDArray[np.float16]:
        """(slots, dim), kept while nothing can have changed: a search asks for them twice."""
        ids = self._ids.view[np.asarray(slots, np.int64)]
        if not len(ids):
            return np.zeros((0, self.dim), np.float16)
        moment, key = self._engine.moment, ids.tobytes()
        if self._kept and moment is not None and self._kept[:2] == (moment, key):
            return self._kept[2]
        distinct, places = np.unique(ids, return_inverse=True)
        condition, values = _chosen(distinct)
        statement = text(f"{_PACKED} AND {condition}")
        with self._engine.connection() as connection:
            found = connection.execute(statement, {**self._key(), **values}).scalar() or b""
        size = 4 + 2 * self.dim  # a dimension, an unused number, and the components
        if len(found) != len(distinct) * size:
            raise VectorsMissing(f"{self._name} 缺少向量：应有 {len(distinct)} 条。")
        data = np.frombuffer(bytes(found), np.uint8).reshape(len(distinct), size)[:, 4:]
        codes = np.ascontiguousarray(data).view(">f2").astype(np.float16)[places]
        self._kept = (moment, key, codes)
        return codes

    def _key(self) -> dict[str, str]:
        return {"shard": self._name, "model": self._engine.model}

    def retain(self, first: int, slots: Slots) -> None:
        """See `VectorShard.retain`."""
        ids = self._ids.view
        self._ids.replace(np.concatenate([ids[:first], ids[slots]]))
        self._kept = None

    def frozen(self, slots: Slots) -> Callable[[Path], None]:
        """See `VectorShard.frozen`: there is nothing to write."""
        return lambda _path: None

    def open(self, path: Path | None, ids: Ids) -> None:
        """See `VectorShard.open`; raises ValueError when the table lacks one of these ids."""
        if path is not None:
            raise ValueError("快照里有向量文件，而向量应在数据库里。")
        if len(ids):
            condition, values = _chosen(np.asarray(ids, np.int64))
            statement = text(f"{_COUNT} AND {condition}")
            with self._engine.connection() as connection:
                found = connection.execute(statement, {**self._key(), **values}).scalar_one()
            if found != len(ids):
                raise ValueError(f"数据库里 {self._name} 的向量有 {found} 条，应有 {len(ids)} 条。")
        self._ids.replace(np.asarray(ids, np.int64))
        self._kept = None


def _literal(row: Vectors) -> str:
    return "[" + ",".join(map(repr, row.tolist())) + "]"


def _chosen(ids: Ids) -> tuple[str, dict[str, Any]]:
    """A condition for these ids, and its values."""
    if len(ids) <= _FEW:
        return _LISTED, {"ids": ids.tolist()}
    first, last = int(ids.min()), int(ids.max())
    bits = np.zeros(last - first + 1, bool)
    bits[ids - first] = True
    packed = np.packbits(bits, bitorder="little").tobytes()
    return _MAPPED, {"bits": packed, "first": first, "last": last}
