"""A board of many listings in a folder: a snapshot as web processes map it, and the texts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from .measure import Progress, tell
from .texts import Text, listings

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from matching.engine import Attributes, Engine, Filter, Prepared

FILTERS = {"100%": {}, "5%": {"industry": "5%-0"}, "0.5%": {"region": "0.5%-0"}}
_BATCH = 1_000
_TOGETHER = 100_000  # listings added at once: an index that grows by much is merged seldom
_TEXTS, _ABOUT = "texts.jsonl", "about.json"


@dataclass(frozen=True)
class Market:
    """Listings 1, 2, 3, … on the board of outcomes."""

    folder: Path
    rows: int
    build: dict[str, float]
    """Seconds that making it took."""

    def engine(self) -> Engine:
        """A new engine over the mapped snapshot, as a web process has it (`discovery.index`)."""
        from jiebang import memory
        from matching.encoder import load_encoder
        from matching.engine import Engine

        engine = Engine(load_encoder())
        engine.load(self.folder)
        memory.keep()
        return engine

    def read(self) -> None:
        """Goes through all files once, as the first start after a boot does for their checksums:
        what is measured is a process whose files lie in memory, as the floors' do."""
        piece = bytearray(4 * 1024 * 1024)
        for path in (each for each in self.folder.rglob("*") if each.is_file()):
            with path.open("rb", buffering=0) as file:
                while file.readinto(piece):
                    pass

    def texts(self) -> Texts:
        """The listings' texts."""
        return Texts(self.folder / _TEXTS)


class Texts:
    """Texts by number, read where they lie: no measured process holds them all."""

    def __init__(self, path: Path):
        self.path = path
        self._data = path.open("rb")
        self._starts = np.load(path.with_suffix(".npy"), mmap_mode="r")

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, key: int) -> Text:
        """The text of listing `key`, from 1."""
        self._data.seek(int(self._starts[key - 1]))
        title, body = json.loads(self._data.readline())
        return title, body

    def close(self) -> None:
        """Gives the file back."""
        self._data.close()


def where(share: str) -> Filter:
    """The filter that lets this share of a market pass: a key of FILTERS."""
    from matching.engine import Filter

    return Filter(**FILTERS[share])  # type: ignore[arg-type]


def attributes(key: int) -> Attributes:
    """Filter columns by which 5 % and 0.5 % of all listings can be asked for."""
    from matching.engine import Attributes

    return Attributes(industry=f"5%-{key % 20}", region=f"0.5%-{key % 200}", organisation=key)


@contextmanager
def market(rows: int, corpus: Path | None, keep: Path | None, workers: int = 2) -> Iterator[Market]:
    """A market of `rows` listings; one that lies in `keep` already is used again."""
    if keep is not None:
        yield _found_or_made(keep / f"market-{rows}", rows, corpus, workers)
        return
    with TemporaryDirectory(prefix="jiebang-bench-") as folder:
        yield _found_or_made(Path(folder), rows, corpus, workers)


def _found_or_made(folder: Path, rows: int, corpus: Path | None, workers: int) -> Market:
    from matching.encoder import load_encoder

    model = load_encoder().fingerprint
    about: dict[str, Any] = {}
    if (folder / _ABOUT).is_file():
        about = json.loads((folder / _ABOUT).read_text())
    if (about.get("model"), about.get("rows")) != (model, rows):
        folder.mkdir(parents=True, exist_ok=True)
        build = _make(folder, rows, corpus, workers)
        about = {"model": model, "rows": rows, "build": build}
        (folder / _ABOUT).write_text(json.dumps(about))
    return Market(folder, rows, about["build"])


def _make(folder: Path, rows: int, corpus: Path | None, workers: int) -> dict[str, float]:
    from matching.documents import Kind
    from matching.encoder import load_encoder
    from matching.engine import Engine

    engine = Engine(load_encoder())
    began = time.monotonic()
    added = 0.0
    progress = Progress(f"准备 {rows:,} 条", rows)
    source = listings(rows, corpus)
    key = 0
    starts: list[int] = []
    waiting: list[tuple[int, Prepared, Attributes]] = []

    def add() -> float:
        start = time.monotonic()
        engine.apply(Kind.OUTCOME, waiting)
        waiting.clear()
        return time.monotonic() - start

    with (folder / _TEXTS).open("wb") as out, pool(workers) as workforce:
        for texts, prepared in prepared_batches(source, engine, workforce):
            for text in texts:
                starts.append(out.tell())
                out.write(json.dumps(text, ensure_ascii=False).encode() + b"\n")
            waiting += [(key + n, each, attributes(key + n)) for n, each in enumerate(prepared, 1)]
            key += len(texts)
            if len(waiting) >= _TOGETHER:
                added += add()
            progress(key)
    added += add()
    if key < rows:
        tell(f"语料只够 {key:,} 条。")
    np.save((folder / _TEXTS).with_suffix(".npy"), np.asarray(starts, np.int64))
    saving = time.monotonic()
    engine.save(folder, key)
    ended = time.monotonic()
    return {
        "prepare": round(saving - began - added, 2),
        "add": round(added, 2),
        "save": round(ended - saving, 2),
    }


@contextmanager
def pool(workers: int) -> Iterator[ProcessPoolExecutor | None]:
    """Processes that encode; none for fewer than two."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    if workers < 2:
        yield None
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
        yield executor


def prepare(texts: Sequence[Text]) -> list[Prepared]:
    """What a worker of `pool` does with a batch."""
    from matching.encoder import load_encoder
    from matching.engine import Engine

    global _engine  # noqa: PLW0603 (one per process)
    if _engine is None:
        _engine = Engine(load_encoder())
    return _engine.prepare_many(texts)


_engine: Engine | None = None


def prepared_batches(
    source: Iterator[Text], engine: Engine, workforce: ProcessPoolExecutor | None
) -> Iterator[tuple[list[Text], list[Prepared]]]:
    """(texts, prepared) in order, a few batches ahead of whoever takes them."""
    batches = iter(lambda: list(islice(source, _BATCH)), [])
    if workforce is None:
        for texts in batches:
            yield texts, engine.prepare_many(texts)
        return
    waiting = [(texts, workforce.submit(prepare, texts)) for texts in islice(batches, 6)]
    while waiting:
        texts, future = waiting.pop(0)
        found = future.result()
        waiting += [(more, workforce.submit(prepare, more)) for more in islice(batches, 1)]
        yield texts, found
