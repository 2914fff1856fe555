"""Encoders: the bundled static embedding read with numpy, and any sentence-transformers model.

The bundled folder (`matching/model`) is an ordinary sentence-transformers model
(StaticEmbedding + Normalize over segmented text). A web process reads the same files with numpy,
so torch is never imported for it; a test holds both readings equal within 1e-6.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matching import buckets, neighbours
from matching.neighbours import Neighbours
from matching.pieces import BIGRAM
from matching.rows import Ids, Rows

_LONG = 4096  # rows of a text that are fetched into memory kept for it (4 MB)
BUNDLED = Path(__file__).with_name("model")
Vectors = NDArray[np.float32]


class ModelMissing(Exception):
    """There is no model at the given place; the message says what to do."""


class ModelInvalid(Exception):
    """The files are there but are not a model this program can use."""


class Encoder(Protocol):
    """Turns segmented texts into unit vectors."""

    dim: int
    fingerprint: str

    def encode(self, segmented: Sequence[Sequence[str]]) -> Vectors:
        """(texts, dim) float32, rows of length one; a zero row for a text nothing is known of."""
        ...


class StaticEncoder:
    """Mean of the vectors of the segments, then length one (numpy only).

    `token_vectors` is (vocabulary, dim); `vocabulary` maps a segment, without the bigram mark,
    to its row. A segment without a row of its own has two shared ones (`matching.buckets`) where
    the model has buckets, else none. Row 0 stands for unknown segments and is zero. `near` is
    where `neighbours` are kept.
    """

    def __init__(
        self,
        vocabulary: dict[str, int],
        token_vectors: Vectors,
        fingerprint: str,
        near: Sequence[Path] = (),
    ):
        self._near = near
        self._plain = fingerprint  # also when it goes by another name (`matching.terms`)
        self.vocabulary = vocabulary
        self.token_vectors = token_vectors
        self.dim = int(token_vectors.shape[1])
        self.fingerprint = fingerprint
        self._rows = Rows(vocabulary)

    def rows_of(self, segment: str) -> tuple[int, ...]:
        """The rows of one segment: its own, its two shared ones, or none."""
        return self._rows.of(segment)

    def rows_of_pairs(self, pairs: Sequence[str]) -> tuple[Ids, Ids]:
        """The rows of bigrams (without their mark), in order, and how many each has."""
        return self._rows.of_pairs(pairs)

    def knows(self, segments: Sequence[str]) -> bool:
        """Whether any of them has a row of its own: shared rows alone carry no meaning."""
        return any(len(self.rows_of(segment)) == 1 for segment in segments)

    def line(self, segments: Sequence[str]) -> str:
        """What sentence-transformers' `encode` takes for these segments (see the model card)."""
        kept = []
        for segment in segments:
            rows = self.rows_of(segment)
            if len(rows) == 1:
                kept.append(segment)
            else:
                kept += [f"{buckets.MARK}{row - self._rows.first}" for row in rows]
        return " ".join(kept)

    def names(self) -> list[str]:
        """What each row from 1 on stands for: a segment, or the name of a shared row."""
        return self.segments[1:]

    @cached_property
    def segments(self) -> list[str]:
        """What each row stands for: `names`, and before them what stands for the unknown."""
        return sorted(self.vocabulary, key=self.vocabulary.__getitem__)

    def own_rows(self, words: Sequence[str]) -> NDArray[np.int64]:
        """(words,) the rows of words without bigrams among them; 0 for one that has none."""
        get = self.vocabulary.get
        return np.fromiter((get(word, 0) for word in words), np.int64, len(words))

    @cached_property
    def neighbours(self) -> Neighbours:
        """The rows that words have for themselves and what is near to each."""
        size = self._rows.first if self._rows.shared else len(self.token_vectors)
        kept = (neighbours.read(path, self._plain, size) for path in self._near)
        found = next(filter(None, kept), None)
        return found or Neighbours.of(self.token_vectors[:size])

    def encode(self, segmented: Sequence[Sequence[str]]) -> Vectors:
        """See `Encoder.encode`."""
        return self.encode_two(segmented, None)[1]

    def encode_two(
        self, titles: Sequence[Sequence[str]], bodies: Sequence[Sequence[str]] | None
    ) -> tuple[Vectors, Vectors]:
        """`encode` of titles, and of titles with their bodies, whose rows are fetched once."""
        count = len(titles)
        fields = list(chain.from_iterable(zip(titles, bodies or [()] * count, strict=True)))
        rows, ends = self._rows.many(fields)
        places = [0, *ends.tolist()]
        both = np.zeros((2, count, self.dim), np.float32)
        title, whole = both
        most = max((places[n + 2] - places[n] for n in range(0, 2 * count, 2)), default=0)
        # into memory that is there already: to be given new pages costs more than the rows
        kept = np.empty((min(most, _LONG), self.dim), np.float32)
        for n in range(count):
            first, middle, last = places[2 * n : 2 * n + 3]
            size, own = last - first, middle - first
            if not size:
                continue
            out = kept[:size] if size <= _LONG else None
            found = self.token_vectors.take(rows[first:last], axis=0, out=out, mode="clip")
            whole[n] = _mean(found)
            if bodies is not None and own:
                title[n] = _mean(found[:own]) if own < size else whole[n]
        norms = np.sqrt(np.einsum("nij,nij->ni", both, both, dtype=np.float64))
        norms[norms < 1e-12] = 1.0
        both /= norms[:, :, None].astype(np.float32)
        return title, whole


def _mean(vectors: Vectors) -> Vectors:
    shares = np.empty(len(vectors), np.float32)
    shares.fill(1.0 / len(vectors))
    return np.asarray(shares @ vectors)


class TransformerEncoder:
    """Any other sentence-transformers model, on text joined again from its segments.

    `prefix` goes before every text (some models ask for it). torch is imported here, lazily.
    """

    def __init__(self, name: str, *, prefix: str = "", local_files_only: bool = True):
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelMissing(
                f"模型 {name} 需要 sentence-transformers：请先安装 sentence-transformers 与 torch，"
                "或者不设置 JIEBANG_MODEL，使用自带的模型。"
            ) from error
        try:
            self._model = SentenceTransformer(name, device="cpu", local_files_only=local_files_only)
        except Exception as error:  # the library raises many kinds
            raise ModelMissing(
                f"无法载入模型 {name}（{type(error).__name__}）：请给出本机上的模型文件夹，"
                "或先下载该模型；不设置 JIEBANG_MODEL 就使用自带的模型。"
            ) from error
        dim = self._model.get_embedding_dimension()
        if not dim:
            raise ModelInvalid(f"模型 {name} 没有固定的向量维数，不能用于检索。")
        self.dim = int(dim)
        self._prefix = prefix
        self.fingerprint = hashlib.sha256(f"{name}\0{prefix}\0{dim}".encode()).hexdigest()[:16]

    def encode(self, segmented: Sequence[Sequence[str]]) -> Vectors:
        """See `Encoder.encode`."""
        return self.encode_texts([join(segments) for segments in segmented])

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """The same for raw texts, which such a model understands better than segments."""
        out = np.zeros((len(texts), self.dim), np.float32)
        filled = [place for place, text in enumerate(texts) if text.strip()]
        if filled:
            found = self._model.encode(
                [self._prefix + texts[place] for place in filled],
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
            out[filled] = np.asarray(found, np.float32)
        return out


def encode_two(
    encoder: Encoder, titles: Sequence[Sequence[str]], bodies: Sequence[Sequence[str]]
) -> tuple[Vectors, Vectors]:
    """The vectors of titles, and of whole texts."""
    if isinstance(encoder, StaticEncoder):
        return encoder.encode_two(titles, bodies)
    wholes = [[*title, *body] for title, body in zip(titles, bodies, strict=True)]
    return encoder.encode(titles), encoder.encode(wholes)


def join(segments: Sequence[str]) -> str:
    """Readable text again: bigrams are left out, Latin words are set apart by blanks."""
    pieces: list[str] = []
    for item in segments:
        if item.startswith(BIGRAM):
            continue
        if pieces and pieces[-1][-1].isascii() and item[0].isascii():
            pieces.append(" ")
        pieces.append(item)
    return "".join(pieces)


def _module_folders(folder: Path) -> list[tuple[str, Path]]:
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        return [(str(m["type"]).rsplit(".", 1)[-1], folder / str(m["path"])) for m in modules]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelInvalid(f"{folder}/modules.json 读不出来：{error}") from error


def is_static(folder: Path) -> bool:
    """True when the folder is one we can read without torch."""
    if not (folder / "modules.json").is_file():
        return False
    return [name for name, _ in _module_folders(folder)] == ["StaticEmbedding", "Normalize"]


def read_static(folder: Path) -> StaticEncoder:
    """Reads a StaticEmbedding + Normalize folder of ours without torch.

    Raises ModelMissing when there is no such folder and ModelInvalid when a file is broken or
    the tokenizer is not one for segmented text (then numpy would not agree with the library).
    """
    if not (folder / "modules.json").is_file():
        raise ModelMissing(
            f"没有找到模型文件夹 {folder}：请重新安装本软件包，"
            "或用 jiebang train 训练一个模型，"
            "或把 JIEBANG_MODEL 设为已有的模型文件夹。"
        )
    if not is_static(folder):
        raise ModelInvalid(f"{folder} 不是 StaticEmbedding + Normalize 模型。")
    place = _module_folders(folder)[0][1]
    try:
        weights = (place / "model.safetensors").read_bytes()
        raw = (place / "tokenizer.json").read_bytes()
        tokenizer = json.loads(raw)
        model = tokenizer["model"]
        expected = (model["type"], tokenizer["pre_tokenizer"]["type"])
        vocabulary = {str(word): int(number) for word, number in model["vocab"].items()}
    except OSError as error:
        raise ModelInvalid(f"模型文件读不出来：{error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelInvalid(f"{place / 'tokenizer.json'} 损坏：{error}") from error
    if expected != ("WordLevel", "WhitespaceSplit"):
        raise ModelInvalid(f"{folder} 的分词器是 {expected}，不是面向已分词文本的 WordLevel。")
    vectors = _read_weights(weights, place / "model.safetensors")
    if len(vocabulary) != len(vectors) or max(vocabulary.values()) != len(vectors) - 1:
        raise ModelInvalid(
            f"{folder}：词表 {len(vocabulary)} 个词，向量 {len(vectors)} 行，对不上。"
        )
    if np.any(vectors[0]):
        raise ModelInvalid(f"{folder}：未知词的向量应为零。")
    digest = hashlib.sha256(weights)
    digest.update(raw)
    return StaticEncoder(
        vocabulary, vectors, digest.hexdigest()[:16], (place / neighbours.FILE, neighbours.BUNDLED)
    )


def _read_weights(data: bytes, place: Path) -> Vectors:
    """The checked tensor, mapped: processes share its pages and hold only those they look at."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensor = load(data)["embedding.weight"]
    except (SafetensorError, KeyError) as error:
        raise ModelInvalid(f"{place} 损坏：{error}") from error
    if tensor.ndim != 2 or tensor.dtype != np.float32:
        raise ModelInvalid(f"{place}：应为二维 float32，实为 {tensor.ndim} 维 {tensor.dtype}。")
    if not np.isfinite(tensor).all():
        raise ModelInvalid(f"{place}：向量里有 NaN 或无穷大。")
    start = 8 + int.from_bytes(data[:8], "little")  # the format: length, JSON header, tensors
    header = json.loads(data[8:start])
    start += int(header["embedding.weight"]["data_offsets"][0])
    mapped = np.memmap(place, np.float32, "r", start, tensor.shape)
    found: Vectors = np.asarray(mapped)
    return found


@lru_cache(maxsize=2)
def _bundled() -> StaticEncoder:
    return read_static(BUNDLED)


def load_encoder(
    path: str | None = None, *, prefix: str = "", local_files_only: bool = True
) -> Encoder:
    """The bundled model (None), a model folder, or a name sentence-transformers knows.

    Raises ModelMissing or ModelInvalid, both with a Chinese message that says what to do.
    """
    if path is None:
        return _bundled()
    folder = Path(path)
    if is_static(folder):
        return read_static(folder)
    return TransformerEncoder(path, prefix=prefix, local_files_only=local_files_only)
