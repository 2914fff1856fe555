"""Snapshots on disk: written aside, synced, then made current by one rename.

A snapshot is a folder `data-REVISION-TOKEN` of plain arrays and word lists beside a
`manifest.json` that names it with the size and CRC-32 of every file. The manifest is replaced
atomically, so a crash at any moment leaves the former snapshot in force. Nothing is unpickled.
The checksums find damage, not malice: who can write here can write the database as well.

Going through a gigabyte takes a second of every start, so files whose checksum fitted are
remembered in `verified.json`, by inode, size and times of modification and change, together with
the boot of the machine. A file that was cut off or written to since has another time of change,
and after a crash or a restart of the machine everything is gone through again.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

FORMAT = 2
MANIFEST = "manifest.json"
VERIFIED = "verified.json"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_SETTLED = 2.0  # seconds since the last change before a file is remembered: clocks are coarse
_ABANDONED = 3600.0  # seconds after which another process's unfinished folder is cleared away
_CHUNK = 8 * 1024 * 1024


class SnapshotInvalid(Exception):
    """The snapshot is missing, damaged or of another model; the message says which."""


class Writer:
    """The files of a snapshot in the making."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where a file of this name goes that somebody else writes."""
        return self._folder / name

    def array(self, name: str, array: NDArray[Any]) -> None:
        """Writes one array."""
        with self.path(f"{name}.npy").open("wb") as out:
            np.save(out, array, allow_pickle=False)

    def mapped(self, name: str, dtype: DTypeLike, size: int) -> NDArray[Any]:
        """An array of this size to write into, on disk from the start."""
        if not size:  # nothing can be mapped of an empty file
            self.array(name, np.zeros(0, dtype))
            return np.zeros(0, dtype)
        return np.lib.format.open_memmap(
            self.path(f"{name}.npy"), mode="w+", dtype=dtype, shape=(size,)
        )

    def words(self, name: str, words: Sequence[object]) -> None:
        """Writes a list of words, or of lists of words."""
        text = json.dumps(words, ensure_ascii=False)
        self.path(f"{name}.json").write_text(text, "utf-8")


class Reader:
    """The files of a checked snapshot."""

    def __init__(self, folder: Path, names: Sequence[str]):
        self._folder, self._names = folder, frozenset(names)

    def path(self, name: str) -> Path | None:
        """Where the file of this name is; None when the snapshot has none."""
        return self._folder / name if name in self._names else None

    def array(self, name: str) -> NDArray[Any]:
        """A mapped array; raises KeyError or ValueError."""
        path = self._known(f"{name}.npy")
        try:
            found = np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError:  # an empty array cannot be mapped
            found = np.load(path, allow_pickle=False)
        return np.asarray(found)

    def words(self, name: str) -> list[Any]:
        """A list that `Writer.words` wrote; raises KeyError or ValueError."""
        found = json.loads(self._known(f"{name}.json").read_bytes())
        if not isinstance(found, list):
            raise ValueError(f"{name}.json 不是列表。")
        return found

    def _known(self, file: str) -> Path:
        path = self.path(file)
        if path is None:
            raise KeyError(file)
        return path


def write(folder: Path, fill: Callable[[Writer], None], about: Mapping[str, Any]) -> None:
    """Makes what `fill` writes the current snapshot; `about` goes into the manifest as well.

    Raises OSError when the disk refuses; the former snapshot is then in force.
    """
    folder.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(6)
    aside = folder / f".part-{token}"
    name = f"data-{about.get('revision', 0)}-{token}"
    aside.mkdir()
    try:
        fill(Writer(aside))
        files = {path.name: _settled(path) for path in sorted(aside.iterdir())}
        _sync(aside)
        aside.rename(folder / name)
        manifest = {"format": FORMAT, **about, "folder": name, "files": files}
        temporary = folder / f".manifest-{token}.json"
        temporary.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
        _sync(temporary)
        former = _current(folder)
        temporary.replace(folder / MANIFEST)
        _sync(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        (folder / f".manifest-{token}.json").unlink(missing_ok=True)
        raise
    _clear(folder, {name, former})


def _settled(path: Path) -> dict[str, int]:
    """A file's entry in the manifest, once it is on the disk for good."""
    _sync(path)
    return {"bytes": path.stat().st_size, "crc32": _checksum(path)}


def _sync(path: Path) -> None:
    if os.name != "posix" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checksum(path: Path) -> int:
    found, buffer = 0, bytearray(_CHUNK)
    with path.open("rb", buffering=0) as data:
        while read := data.readinto(buffer):
            found = zlib.crc32(memoryview(buffer)[:read], found)
    return found


def _current(folder: Path) -> str:
    try:
        return str(json.loads((folder / MANIFEST).read_bytes()).get("folder", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _clear(folder: Path, kept: set[str]) -> None:
    """Removes older snapshots; the former one stays for a process that is about to map it."""
    for path in folder.iterdir():
        if path.name in kept:
            continue
        unfinished = path.name.startswith((".part-", ".manifest-"))
        try:
            old = time.time() - path.stat().st_mtime > _ABANDONED
            if path.is_dir() and (path.name.startswith("data-") or (unfinished and old)):
                shutil.rmtree(path, ignore_errors=True)
            elif unfinished and old:
                path.unlink()
        except FileNotFoundError:
            continue  # another process cleared it


def manifest(folder: Path) -> dict[str, Any]:
    """What stands in the manifest of the current snapshot; raises SnapshotInvalid."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise SnapshotInvalid(f"{folder} 里没有索引快照。") from None
    except (OSError, ValueError) as error:
        raise SnapshotInvalid(f"快照清单 {MANIFEST} 读不出来：{error}") from error
    if not isinstance(found, dict) or "format" not in found:
        raise SnapshotInvalid(f"快照清单 {MANIFEST} 缺少内容。")
    if found["format"] != FORMAT:
        raise SnapshotInvalid(f"快照格式是 {found['format']}，本程序只认 {FORMAT}。")
    return found


def read(folder: Path) -> tuple[dict[str, Any], Reader]:
    """(manifest, files) of the current snapshot, every file checked against its checksum.

    Raises SnapshotInvalid with the reason in Chinese.
    """
    found = manifest(folder)
    try:
        place = folder / Path(str(found["folder"])).name
        listed = {
            Path(str(file)).name: (int(entry["bytes"]), int(entry["crc32"]))
            for file, entry in found["files"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SnapshotInvalid(f"快照清单 {MANIFEST} 缺少内容：{error}") from error
    _verify_all(folder, place, listed)
    return found, Reader(place, list(listed))


def _verify_all(folder: Path, place: Path, listed: Mapping[str, tuple[int, int]]) -> None:
    """Checks every file that is not remembered as fitting; raises SnapshotInvalid."""
    boot = _boot()
    known = _remembered(folder, boot, place.name)
    fitting: dict[str, list[int]] = {}

    def check(item: tuple[str, tuple[int, int]]) -> None:
        name, (size, checksum) = item
        mark = _mark(place / name, checksum)
        if known.get(name) != mark or mark[2] != size:
            _verify(place / name, size, checksum)
        if time.time() - mark[4] / 1e9 > _SETTLED:
            fitting[name] = mark

    with ThreadPoolExecutor(2) as pool:  # reading and checksums run outside Python's lock
        for _ in pool.map(check, listed.items()):
            pass
    if boot and fitting != known:
        _remember(folder, {"boot": boot, "folder": place.name, "files": fitting})


def _boot() -> str:
    """Another one after every start of the machine; empty where the system does not tell."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def _mark(path: Path, checksum: int) -> list[int]:
    """What changes whenever a file does; raises SnapshotInvalid."""
    try:
        found = path.stat()
    except OSError as error:
        raise SnapshotInvalid(f"快照文件 {path.name} 读不出来：{error}") from error
    return [checksum, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _remembered(folder: Path, boot: str, name: str) -> dict[str, Any]:
    """The marks of the files that fitted since this boot; of another snapshot none."""
    try:
        found = json.loads((folder / VERIFIED).read_bytes())
        if boot and (found["boot"], found["folder"]) == (boot, name):
            return dict(found["files"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}


def _remember(folder: Path, found: Mapping[str, Any]) -> None:
    """Writes the marks; a folder that cannot be written to is gone through every time."""
    temporary = folder / f".manifest-{secrets.token_hex(6)}.json"
    try:
        temporary.write_text(json.dumps(found), "utf-8")
        temporary.replace(folder / VERIFIED)
    except OSError:
        temporary.unlink(missing_ok=True)


def _verify(path: Path, size: int, checksum: int) -> None:
    try:
        fits = path.stat().st_size == size and _checksum(path) == checksum
    except OSError as error:
        raise SnapshotInvalid(f"快照文件 {path.name} 读不出来：{error}") from error
    if not fits:
        raise SnapshotInvalid(f"快照文件 {path.name} 与清单中的校验和不符，可能已损坏。")
