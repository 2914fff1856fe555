"""What must hold of a database and of every process after the kills, from its rows alone."""

from __future__ import annotations

import http.client
import re
from urllib.parse import quote

import numpy as np
from sqlalchemy import ColumnElement, and_, func, or_, select, text

from indexes.brute import BruteEngine
from jiebang.boards.documents import indexable
from jiebang.boards.models import Listing
from jiebang.boards.workflow import ListingState
from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.limits import RateWindow
from jiebang.core.outbox import Job
from jiebang.discovery.models import SearchRevision, SearchRow, SearchText, Suggestion
from jiebang.discovery.rows import attributes
from matching.documents import Kind
from matching.engine import Engine, Filter, Prepared
from tests.factories import World

QUERIES = (
    "壳体焊接变形控制",
    "平面度",
    "铝合金薄壁 新能源汽车电池托盘",
    "zq",
    "激光复合焊接 残余应力",
)
ANSWER_WITHIN = 600.0
"""Seconds: on a machine with many programs a first search was late by a minute, and right."""
_CODE = re.compile(r'href="/listings/([A-Z]{2}\d+)"')


def brute(world: World) -> Engine:
    """Every live listing in plain numpy arrays, straight from the stored rows: no snapshot, no
    replay, no FAISS."""
    configured = world.discovery
    engine = Engine(configured.configured, configured.rankings.current(), BruteEngine())
    with world.database.reading() as session:
        model = session.scalars(select(SearchRevision.model)).one()
        rows = session.execute(
            select(SearchRow, SearchText)
            .join(SearchText, SearchText.listing_id == SearchRow.listing_id)
            .where(SearchRow.live, SearchText.model == model)
        ).all()
        for board in Board:
            engine.apply(
                Kind(board.value),
                [
                    (row.listing_id, Prepared.from_bytes(stored.prepared), attributes(row))
                    for row, stored in rows
                    if row.board is board
                ],
            )
    return engine


def rows(world: World) -> list[str]:
    """The search rows say exactly what the listings say, and each text is that listing's."""
    found = []
    engine = world.discovery.live.engine
    with world.database.reading() as session:
        live = {
            row.listing_id: (row, stored)
            for row, stored in session.execute(
                select(SearchRow, SearchText)
                .outerjoin(SearchText, SearchText.listing_id == SearchRow.listing_id)
                .where(SearchRow.live)
            )
        }
        published = session.scalars(select(Listing).where(Listing.state == ListingState.PUBLISHED))
        items = {listing.id: indexable(listing) for listing in published}
        if set(items) != set(live):
            found.append(f"published {sorted(items)}, in the index {sorted(live)}")
        for listing_id, item in items.items():
            row, stored = live.get(listing_id, (None, None))
            if row is None or stored is None or stored.revision != row.revision:
                found.append(f"listing {listing_id} has no text of its revision")
                continue
            expected = engine.prepare(item.document.title, item.document.body)
            kept = Prepared.from_bytes(stored.prepared)
            same = np.allclose(kept.whole_vector, expected.whole_vector, atol=1e-6)
            if kept.title_segments != expected.title_segments or not same:
                found.append(f"listing {listing_id} is indexed with another text")
        left = select(SearchText.listing_id).join(SearchRow).where(~SearchRow.live)
        if session.scalars(left).all():
            found.append("withdrawn listings left their texts")
        counter = session.scalars(select(SearchRevision.value)).one()
        if counter < (session.scalar(select(func.max(SearchRow.revision))) or 0):
            found.append("a row is newer than the counter")
    return found


def searches(world: World, ports: list[int]) -> list[str]:
    """Every process's answers, and those of a new one, are what numpy finds in the rows."""
    found, truth, fresh = [], brute(world), world.another()
    with world.database.reading() as session:
        codes = {key: code for key, code in session.execute(select(Listing.id, Listing.code))}
    where = Filter(max_visibility=0, open_on=clock.today())
    for query in QUERIES:
        for board in (Board.NEED, Board.OUTCOME):
            prepared, kind = truth.prepare(query, ""), Kind(board.value)
            expected = [(m.id, round(m.score, 9), m.level)
                        for m in truth.search(prepared, kind, 200, where)]  # fmt: skip
            again = fresh.live.search(
                lambda engine, query=query: engine.prepare(query, ""), kind, 200, where, None
            )
            if [(m.id, round(m.score, 9), m.level) for m in again] != expected:
                found.append(f"a new process finds other matches for {query!r} on {board.value}")
            shown = [codes[key] for key, _, level in expected if level != "无"][:20]
            for port in ports:
                if (page := answer(port, board, query)) != shown:
                    found.append(f"port {port}: {query!r} on {board.value}: {page}, not {shown}")
    return found


def alive(port: int) -> bool:
    """Whether somebody answers there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/sign-in")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def answer(port: int, board: Board, query: str) -> list[str]:
    """The listings that a page shows to a visitor, in their order."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN)
    try:
        connection.request("GET", f"/boards/{board.value}?q={quote(query)}")
        page = connection.getresponse().read().decode()
    finally:
        connection.close()
    return list(dict.fromkeys(_CODE.findall(page)))


def due() -> ColumnElement[bool]:
    """Jobs that should be done by now; some are meant for tomorrow morning."""
    return and_(Job.done_at.is_(None), or_(Job.run_after <= clock.now(), Job.attempts > 0))


def jobs(world: World, counted: int) -> list[str]:
    """Every job was done, and each that counts has left its one mark."""
    found = []
    with world.database.reading() as session:
        open_ = session.scalars(select(Job).where(due()))
        found += [f"job {job.id} {job.kind} is not done: {job.error}" for job in open_]
        marks = session.scalars(
            select(RateWindow.count).where(RateWindow.bucket.startswith("chaos:"))
        ).all()
        if len(marks) != counted or any(mark != 1 for mark in marks):
            found.append(
                f"{counted} jobs left {len(marks)} marks, the most {max(marks, default=0)}"
            )
        live = {key: rev for key, rev in session.execute(
            select(SearchRow.listing_id, SearchRow.revision).where(SearchRow.live))}  # fmt: skip
        for pair in session.scalars(select(Suggestion)):
            seen = (pair.listing_revision, pair.other_revision)
            if seen != (live.get(pair.listing_id), live.get(pair.other_id)):
                found.append(f"a suggestion {pair.listing_id}->{pair.other_id} is out of date")
    return found


def database(world: World) -> list[str]:
    """The database's own check, its references, and the chain of the audit."""
    found = []
    with world.database.engine.connect() as connection:
        if world.database.is_sqlite:
            checked = connection.execute(text("PRAGMA integrity_check")).scalar_one()
            if checked != "ok" or connection.execute(text("PRAGMA foreign_key_check")).fetchall():
                found.append(f"integrity_check: {checked}")
    with world.database.reading() as session:
        found += [f"audit: {problem}" for problem in audit.verify(session)]
    return found
