"""A listing as it is stored in the database for searching: segments and vectors in bytes."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"JB1\n"
_HEAD = struct.Struct("<4sIIIII")  # magic, dim, bytes of model, title, body (packed), plain size
_SPLIT = "\n"  # no segment holds a line break
_MAX_PLAIN = 64 * 1024 * 1024
_SHORT = 4_096  # bytes up to which compressing takes more time than the bytes it saves are worth


class PreparedInvalid(ValueError):
    """Bytes that are not a prepared listing of this version, or were cut off."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Segments of title and body, and two unit vectors of shape (dim,): title, title and body.

    `model` is the fingerprint of the encoder; empty when unknown.
    """

    title_segments: tuple[str, ...]
    body_segments: tuple[str, ...]
    title_vector: NDArray[np.float32]
    whole_vector: NDArray[np.float32]
    model: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Prepared) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash((self.title_segments, self.body_segments, self.model))

    def unpacked(self) -> Prepared:
        """Itself; see `Packed`."""
        return self

    def to_bytes(self) -> bytes:
        """Compact, versioned, with a checksum; no pickle."""
        title = _SPLIT.join(self.title_segments).encode()
        plain = title + b"\0" + _SPLIT.join(self.body_segments).encode()
        packed = zlib.compress(plain, 1 if len(plain) > _SHORT else 0)
        model = self.model.encode()
        dim = len(self.title_vector)
        head = _HEAD.pack(_MAGIC, dim, len(model), len(title), len(packed), len(plain))
        vectors = np.concatenate([self.title_vector, self.whole_vector]).astype("<f4").tobytes()
        content = head + model + vectors + packed
        return content + struct.pack("<I", zlib.crc32(content))

    @classmethod
    def from_bytes(cls, b: bytes) -> Prepared:
        """The listing again; raises PreparedInvalid."""
        if len(b) < _HEAD.size + 4 or b[:4] != _MAGIC:
            raise PreparedInvalid("不是本版本的检索数据，请重新生成（jiebang reindex）。")
        content, (check,) = b[:-4], struct.unpack("<I", b[-4:])
        if zlib.crc32(content) != check:
            raise PreparedInvalid("检索数据已损坏（校验和不符），请重新生成（jiebang reindex）。")
        _, dim, model_size, title_size, packed_size, plain_size = _HEAD.unpack_from(content)
        at = _HEAD.size
        vectors_at = at + model_size
        packed_at = vectors_at + 8 * dim
        if packed_at + packed_size != len(content) or plain_size > _MAX_PLAIN:
            raise PreparedInvalid("检索数据的长度不对，请重新生成（jiebang reindex）。")
        vectors = np.frombuffer(content, "<f4", 2 * dim, vectors_at).astype(np.float32)
        plain = zlib.decompress(content[packed_at:])
        title, body = plain[:title_size].decode(), plain[title_size + 1 :].decode()
        return cls(
            tuple(title.split(_SPLIT)) if title else (),
            tuple(body.split(_SPLIT)) if body else (),
            vectors[:dim],
            vectors[dim:],
            content[at:vectors_at].decode(),
        )


@dataclass(frozen=True, slots=True)
class Packed:
    """A prepared listing as the bytes to store, made elsewhere; `model` is what made it."""

    content: bytes
    model: str

    def to_bytes(self) -> bytes:
        """See `Prepared.to_bytes`."""
        return self.content

    def unpacked(self) -> Prepared:
        """Segments and vectors again; raises PreparedInvalid."""
        return Prepared.from_bytes(self.content)
