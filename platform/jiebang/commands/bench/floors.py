"""The bare calls that a search is made of, and other people's lexical indexes beside ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from indexes.collection import Collection
    from indexes.postings import Postings
    from matching.engine import Engine, Filter, Prepared

Mask = NDArray[np.bool_]
_K1, _B = 1.5, 0.75


class RawFaiss:
    """The same vectors in a plain FAISS index of the same kind, asked without anything around."""

    def __init__(self, rows: NDArray[np.float32]):
        from indexes.flat import faiss

        self._library = faiss()
        self._index = self._library.IndexScalarQuantizer(
            rows.shape[1],
            self._library.ScalarQuantizer.QT_fp16,
            self._library.METRIC_INNER_PRODUCT,
        )
        for start in range(0, len(rows), 50_000):
            self._index.add(np.ascontiguousarray(rows[start : start + 50_000], np.float32))

    def __call__(self, query: NDArray[np.float32], k: int, allowed: Mask | None) -> Any:
        """The best k slots; `allowed` None asks all of them."""
        options = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            chosen = self._library.IDSelectorBitmap(len(bits), self._library.swig_ptr(bits))
            options = self._library.SearchParameters(sel=chosen)
        return self._index.search(query.reshape(1, -1), k, params=options)[1][0]


class RawLexical:
    """BM25 in the way of bm25s: what a term adds to a text is worked out beforehand.

    It knows neither additions nor removals nor filters: sums over the query's terms and the best k.
    """

    def __init__(self, postings: Postings):
        rows = postings.frozen().rows(np.arange(len(postings), dtype=np.int64))
        from indexes.rows import inverted

        self._number = postings.number
        self._size = len(rows)
        self._starts, self._slots, counts = inverted(rows, postings.terms)
        lengths = rows.lengths().astype(np.float32)
        penalty = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean()), 1.0))
        df = np.diff(self._starts)
        idf = np.log1p((len(rows) - df + 0.5) / (df + 0.5)).astype(np.float32)
        tf = counts.astype(np.float32)
        tf /= tf + penalty.astype(np.float32)[self._slots]
        self._impacts = tf * np.repeat(idf, df) * np.float32(_K1 + 1)

    def scores(self, bag: Mapping[str, int]) -> NDArray[np.float32]:
        """(texts,)"""
        total = np.zeros(self._size, np.float32)
        for term, count in bag.items():
            number = self._number(term)
            if number >= 0:
                place = slice(int(self._starts[number]), int(self._starts[number + 1]))
                slots = self._slots[place]
                np.add.at(total, slots, self._impacts[place] * np.float32(count**0.5))
        return total

    def __call__(self, bag: Mapping[str, int], k: int) -> Any:
        """The best k texts."""
        total = self.scores(bag)
        return np.argpartition(-total, min(k, len(total) - 1))[:k]


class Tantivy:
    """The `tantivy` package over the same words; None of it when it is not installed."""

    def __init__(self, rows: Sequence[Sequence[str]]):
        # optional (group "bench"): no dependency of the platform
        tantivy = import_module("tantivy")

        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("key", stored=True)
        schema.add_text_field("words", tokenizer_name="whitespace")
        self._index = tantivy.Index(schema.build())
        writer = self._index.writer(64_000_000, 1)
        for key, words in enumerate(rows):
            writer.add_document(tantivy.Document(key=key, words=" ".join(words)))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._library, self._schema = tantivy, self._index.schema

    def __call__(self, bag: Mapping[str, int], k: int) -> Any:
        """The best k texts."""
        query, occur = self._library.Query, self._library.Occur
        terms = [(occur.Should, query.term_query(self._schema, "words", term)) for term in bag]
        return self._index.searcher().search(query.boolean_query(terms), k).hits


class Fts5:
    """SQLite's full text search over the same words, in memory, ranked by its bm25()."""

    def __init__(self, rows: Sequence[Sequence[str]]):
        self._db = sqlite3.connect(":memory:")
        self._db.execute(
            "CREATE VIRTUAL TABLE texts USING fts5(words, content='', tokenize='unicode61')"
        )
        self._db.executemany(
            "INSERT INTO texts(rowid, words) VALUES (?, ?)",
            ((key, " ".join(words)) for key, words in enumerate(rows, 1)),
        )
        self._db.execute("INSERT INTO texts(texts) VALUES ('optimize')")

    def __call__(self, bag: Mapping[str, int], k: int) -> Any:
        """The best k texts."""
        wanted = " OR ".join('"' + term.replace('"', '""') + '"' for term in bag)
        return self._db.execute(
            "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?", (wanted, k)
        ).fetchall()


def words_of(postings: Postings) -> list[list[str]]:
    """The texts of postings as words, each as often as it stands there."""
    terms = postings.names
    rows = postings.frozen().rows(np.arange(len(postings), dtype=np.int64))
    found = []
    for number in range(len(rows)):
        ids, counts = rows.at(number)
        found.append([terms[i] for i, n in zip(ids, counts, strict=True) for _ in range(int(n))])
    return found


class Parts:
    """The bare encode, vector and lexical calls that one ranked list is made of."""

    def __init__(self, engine: Engine, collection: Collection):
        slots = np.arange(len(collection.ids), dtype=np.int64)
        self._engine = engine
        self._vectors = {name: RawFaiss(shard.rows(slots)) for name, shard in
                         collection.vectors.items()}  # fmt: skip
        self._texts = {name: RawLexical(postings) for name, postings in collection.texts.items()}

    def encode(self, title: str, body: str) -> None:
        """Two segmentations, two encodings."""
        from matching.text import segment

        titled, rest = segment(title), segment(body)
        self._engine.encoder.encode([titled])
        self._engine.encoder.encode([titled + rest])

    def vectors(self, query: Prepared, k: int, allowed: Mask | None) -> None:
        """One search of each stored vector."""
        for search in self._vectors.values():
            search(query.whole_vector, k, allowed)

    def lexical(self, query: Prepared, k: int) -> None:
        """Of whole texts and of titles, the query's whole and its title: one search each."""
        from matching.features import asked_bags

        bags = asked_bags(query.title_segments, query.body_segments)
        for search in self._texts.values():
            for bag in bags:
                search(bag, k)


def mask(where: Filter, collection: Collection) -> Mask:
    """The bitmap of a filter."""
    return where.mask(collection)
