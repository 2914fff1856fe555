"""Several arrays in one file: numpy's npz without pickles, and one error for what can be wrong."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BROKEN = (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile, zlib.error)


class ArchiveInvalid(ValueError):
    """The bytes are no archive, or were cut off."""


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The arrays as the bytes of a file, compressed."""
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def unpack(content: bytes) -> dict[str, NDArray[Any]]:
    """What `pack` made; raises ArchiveInvalid."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except _BROKEN as error:
        raise ArchiveInvalid(f"不是完整的数组文件：{error}") from error


def text(content: str) -> NDArray[np.uint8]:
    """A text as an array to pack."""
    return np.frombuffer(content.encode(), np.uint8)


def plain(array: NDArray[np.uint8]) -> str:
    """The text again."""
    return array.tobytes().decode()
