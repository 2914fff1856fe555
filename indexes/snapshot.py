"""Snapshots of collections on disk: written aside, synced, then made current by one rename.

A snapshot is a folder `data-REVISION-TOKEN` of plain arrays and word lists beside a
`manifest.json` that names it with the sha256 of every file. The manifest is replaced
atomically, so a crash at any moment leaves the former snapshot in force. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from indexes.collection import Collection

FORMAT = 1
MANIFEST = "manifest.json"
_ABANDONED = 3600.0  # seconds after which another process's unfinished folder is cleared away


class SnapshotInvalid(Exception):
    """The snapshot is missing, damaged or of another model; the message says which."""


def _array(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


def collection_files(name: str, collection: Collection) -> dict[str, bytes]:
    """The files of one collection, without the slots of removed entries."""
    slots = np.flatnonzero(collection.live()).astype(np.int64)
    files = {f"{name}.ids.npy": _array(collection.ids[slots])}
    for field, index in collection.vectors.items():
        files[f"{name}.vector.{field}.npy"] = _array(index.all()[slots])
    for field, postings in collection.texts.items():
        terms, starts, ids, counts = postings.arrays(slots)
        files[f"{name}.text.{field}.terms.json"] = json.dumps(terms, ensure_ascii=False).encode()
        files[f"{name}.text.{field}.starts.npy"] = _array(starts)
        files[f"{name}.text.{field}.ids.npy"] = _array(ids)
        files[f"{name}.text.{field}.counts.npy"] = _array(counts)
    for field, number in collection.numbers.items():
        files[f"{name}.number.{field}.npy"] = _array(number.values[slots])
    for field, value in collection.values.items():
        column = value.values
        plain = [_plain(column[slot]) for slot in slots]
        files[f"{name}.value.{field}.json"] = json.dumps(plain, ensure_ascii=False).encode()
    return files


def restore_collection(name: str, collection: Collection, files: Mapping[str, bytes]) -> None:
    """Fills an empty collection; raises KeyError or ValueError when the files do not fit."""

    def array(file: str) -> Any:
        return np.load(io.BytesIO(files[f"{name}.{file}.npy"]), allow_pickle=False)

    def listed(file: str) -> list[Any]:
        found = json.loads(files[f"{name}.{file}.json"])
        if not isinstance(found, list):
            raise ValueError(f"{name}.{file}.json 不是列表。")
        return found

    for field, index in collection.vectors.items():
        vectors = array(f"vector.{field}")
        if len(vectors):
            index.add(vectors)
    for field, postings in collection.texts.items():
        prefix = f"text.{field}"
        postings.restore(
            [str(term) for term in listed(f"{prefix}.terms")],
            array(f"{prefix}.starts").astype(np.int64),
            array(f"{prefix}.ids").astype(np.int32),
            array(f"{prefix}.counts").astype(np.int32),
        )
    for field, number in collection.numbers.items():
        number.extend_raw(array(f"number.{field}"))
    for field, value in collection.values.items():
        value.extend(frozenset(v) if isinstance(v, list) else v for v in listed(f"value.{field}"))
    collection.restore_ids(array("ids").astype(np.int64))


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def write(folder: Path, files: Mapping[str, bytes], about: Mapping[str, Any]) -> None:
    """Makes `files` the current snapshot of `folder`; `about` goes into the manifest as well."""
    folder.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(6)
    aside = folder / f".part-{token}"
    name = f"data-{about.get('revision', 0)}-{token}"
    aside.mkdir()
    try:
        listed = {}
        for file, data in files.items():
            _write(aside / file, data)
            listed[file] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        _sync_folder(aside)
        aside.rename(folder / name)
        manifest = {"format": FORMAT, **about, "folder": name, "files": listed}
        temporary = folder / f".manifest-{token}.json"
        _write(temporary, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
        former = _current(folder)
        temporary.replace(folder / MANIFEST)
        _sync_folder(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        (folder / f".manifest-{token}.json").unlink(missing_ok=True)
        raise
    _clear(folder, {name, former})


def _current(folder: Path) -> str:
    try:
        return str(json.loads((folder / MANIFEST).read_bytes()).get("folder", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _clear(folder: Path, kept: set[str]) -> None:
    """Removes older snapshots; the former one stays for a process that is reading it."""
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


def read(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """(manifest, files) of the current snapshot, every file checked against its sha256.

    Raises SnapshotInvalid with the reason in Chinese.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise SnapshotInvalid(f"{folder} 里没有索引快照。") from None
    except (OSError, ValueError) as error:
        raise SnapshotInvalid(f"快照清单 {MANIFEST} 读不出来：{error}") from error
    try:
        if manifest["format"] != FORMAT:
            raise SnapshotInvalid(f"快照格式是 {manifest['format']}，本程序只认 {FORMAT}。")
        place = folder / Path(str(manifest["folder"])).name
        listed = {str(file): str(entry["sha256"]) for file, entry in manifest["files"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise SnapshotInvalid(f"快照清单 {MANIFEST} 缺少内容：{error}") from error
    files = {}
    for file, digest in listed.items():
        try:
            data = (place / Path(file).name).read_bytes()
        except OSError as error:
            raise SnapshotInvalid(f"快照文件 {file} 读不出来：{error}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise SnapshotInvalid(f"快照文件 {file} 与清单中的校验和不符，可能已损坏。")
        files[file] = data
    return manifest, files
