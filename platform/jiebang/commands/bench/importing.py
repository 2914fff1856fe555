"""`jiebang bench import` and `bench freshness`: a whole platform in a folder of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .encoding import throughput
from .measure import Progress, Times, ratio
from .measure import memory as resident
from .texts import Text

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from jiebang.config import Settings
    from jiebang.db import Database
    from jiebang.discovery.engine import Discovery

_BOARD = "outcome"
_ALONE = 10_000  # texts that tell what the encoder takes of a processor


@contextmanager
def _platform(home: Path) -> Iterator[tuple[Settings, Database, Discovery]]:
    from jiebang import config, schema, wiring
    from jiebang.core import logs
    from jiebang.db import Database

    logs.configure()  # to the error output: the figures may be read by a program
    settings = config.load({"JIEBANG_HOME": str(home)})
    settings.prepare_home()
    database = Database(settings.database_url)
    try:
        if not schema.current(database).is_current:
            schema.upgrade(database)
        yield settings, database, wiring.discovery(settings, database)
    finally:
        database.dispose()


def measure(texts: list[Text], workers: int, strict: bool) -> dict[str, Any]:
    """An import that publishes everything, SQLite, beside the bare encoder over the same texts."""
    from jiebang import memory
    from jiebang.boards.imports import import_file
    from jiebang.boards.imports.service import BATCH
    from jiebang.boards.services.imported import BoardStore
    from jiebang.core.permissions import SYSTEM

    progress, others = Progress("导入", len(texts)), _others()
    with TemporaryDirectory(prefix="jiebang-bench-") as folder, _platform(Path(folder)) as place:
        _, database, door = place
        file = Path(folder, "listings.jsonl")
        with file.open("w", encoding="utf-8") as out:
            for number, (title, body) in enumerate(texts):
                row = {
                    "id": f"B{number}",
                    "title": title,
                    "body": body,
                    "org": f"甲{number % 50}大学",
                }
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
        door.live.engine.prepare("先载入词典", "与模型")
        memory.collect_seldom()  # as the command does
        database.expect_much()
        began, busy = time.perf_counter(), time.process_time()
        summary = import_file(
            database, SYSTEM, _BOARD, file, file.name,
            save=BoardStore(door, beside=workers > 1), publish=True, strict=strict,
            upload_limit=1 << 40, progress=progress,
        )  # fmt: skip
        kept = time.perf_counter()
        door.live.save_snapshot()
        ended, used = time.perf_counter(), time.process_time() - busy
        beside = _others() - others
        size = resident()
        alone = Times()
        for first in range(0, min(len(texts), _ALONE), BATCH):
            part = texts[first : first + BATCH]
            alone.run(lambda part=part: door.live.engine.prepare_many(part))  # type: ignore[misc]
    bare = throughput(texts, workers)
    encoder = workers * min(len(texts), _ALONE) / max(sum(alone.busy) / 1e3, 1e-9)
    rate = summary.created / max(ended - began, 1e-9)
    return {
        "about": {"listings": len(texts), "strict": strict, "database": "sqlite"},
        "kept": {"created": summary.created, "failed": summary.failed, "skipped": summary.skipped},
        "seconds": {"rows, audit, vectors": round(kept - began, 2),
                    "index and snapshot": round(ended - kept, 2), "cpu": round(used, 2),
                    "cpu of the process beside": round(beside, 2)},
        "listings a second": {"import": round(rate), f"encoder, {workers} processes": round(bare)},
        "ratio": {
            "import/encoder, clock": ratio(rate, bare),
            # what a quiet machine would show: the busier of the two processes sets the pace
            "import/encoder, processor": ratio(summary.created / max(used, beside, 1e-9), encoder),
        },
        "memory": size,
    }  # fmt: skip


def _others() -> float:
    """Seconds of processor that ended child processes have used."""
    times = os.times()
    return times.children_user + times.children_system


def freshness(rounds: int) -> dict[str, Any]:
    """One process publishes, the other finds it with its very next search."""
    from multiprocessing import get_context

    from jiebang.core.boards import Board

    progress = Progress("发布与查找", rounds)
    found, times, published = 0, Times(), Times()
    with TemporaryDirectory(prefix="jiebang-bench-") as folder, _platform(Path(folder)) as place:
        _, database, door = place
        mine, theirs = get_context("spawn").Pipe()
        child = get_context("spawn").Process(target=_publisher, args=(folder, theirs), daemon=True)
        child.start()
        for number in range(rounds):
            word = f"JBX{number:06d}"

            def publish(word: str = word) -> None:
                mine.send(word)
                mine.recv()

            published.run(publish)

            def ask(word: str = word) -> int:
                with database.reading() as session:
                    matches = door.search_text(session, word, Board(_BOARD), explain=False)
                    return sum(word in match.card.title for match in matches)

            found += times.run(ask)
            progress(number + 1)
        mine.send(None)
        child.join(30)
    return {
        "about": {"rounds": rounds, "processes": 2, "database": "sqlite"},
        "found in the next search": found,
        "publish (clock)": published.summary(),
        "search": times.summary(),
        "ratio": {"found/published": ratio(found, rounds)},
    }


def _publisher(folder: str, pipe: Connection) -> None:
    """The other process: publishes a listing for every word it is sent."""
    from jiebang.boards.imports import import_file
    from jiebang.boards.services.imported import BoardStore
    from jiebang.core.permissions import SYSTEM

    with _platform(Path(folder)) as (_, database, door):
        file = Path(folder, "one.jsonl")
        while word := pipe.recv():
            row = {"id": word, "title": f"检验设备 {word}", "body": "用于检验索引是否及时。"}
            file.write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
            summary = import_file(
                database, SYSTEM, _BOARD, file, file.name, save=BoardStore(door), publish=True
            )
            pipe.send(summary.created)
