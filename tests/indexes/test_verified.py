"""Files that fitted are not gone through at every start, and damage is found all the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from indexes import snapshot
from indexes.snapshot import SnapshotInvalid

FILES = {"a.npy", "b.npy"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    """A snapshot of two arrays, written long enough ago, on a machine that tells its boot."""
    boot = tmp_path / "boot_id"
    boot.write_text("first\n")
    monkeypatch.setattr(snapshot, "_BOOT", boot)
    monkeypatch.setattr(snapshot, "_SETTLED", -1.0)
    made = tmp_path / "made"

    def fill(out: snapshot.Writer) -> None:
        out.array("a", np.arange(1_000))
        out.array("b", np.ones(500))

    snapshot.write(made, fill, {"revision": 1})
    return made


@pytest.fixture
def checked(monkeypatch) -> list[str]:
    """The names of the files whose checksums were computed."""
    found: list[str] = []
    plain = snapshot._checksum

    def checksum(path: Path) -> int:
        found.append(path.name)
        return plain(path)

    monkeypatch.setattr(snapshot, "_checksum", checksum)
    return found


def data(folder: Path, name: str) -> Path:
    return folder / str(snapshot.manifest(folder)["folder"]) / name


def test_a_second_start_does_not_go_through_the_files(folder: Path, checked) -> None:
    snapshot.read(folder)
    assert set(checked) == FILES
    checked.clear()
    _, files = snapshot.read(folder)
    assert checked == [] and files.array("a").sum() == 499_500


@pytest.mark.parametrize("change", ["cut", "flipped", "written anew", "grown"])
def test_damage_after_the_first_start_is_found(folder: Path, checked, change: str) -> None:
    snapshot.read(folder)
    path = data(folder, "a.npy")
    before, content = path.stat(), bytearray(path.read_bytes())
    if change == "cut":
        os.truncate(path, len(content) - 8)
    elif change == "grown":
        path.write_bytes(bytes(content) + b"\0")
    else:
        content[-1] ^= 1
        if change == "written anew":
            path.unlink()
        path.write_bytes(bytes(content))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # the time of change tells
    with pytest.raises(SnapshotInvalid, match=r"a\.npy"):
        snapshot.read(folder)
    with pytest.raises(SnapshotInvalid, match=r"a\.npy"):  # nor is it remembered as fitting
        snapshot.read(folder)


def test_after_a_restart_of_the_machine_all_is_gone_through(
    folder: Path, checked, tmp_path
) -> None:
    snapshot.read(folder)
    checked.clear()
    (tmp_path / "boot_id").write_text("second\n")
    snapshot.read(folder)
    assert set(checked) == FILES
    checked.clear()
    snapshot.read(folder)
    assert checked == []
    (tmp_path / "boot_id").unlink()  # a machine that does not tell
    snapshot.read(folder)
    assert set(checked) == FILES


def test_a_copied_snapshot_and_a_fresh_one_are_gone_through(
    folder: Path, checked, tmp_path, monkeypatch
) -> None:
    snapshot.read(folder)
    shutil.copytree(folder, tmp_path / "copy")
    checked.clear()
    snapshot.read(tmp_path / "copy")
    assert set(checked) == FILES
    monkeypatch.setattr(snapshot, "_SETTLED", 3_600.0)  # changed a moment ago: not yet remembered
    snapshot.read(folder)
    checked.clear()
    snapshot.read(folder)
    assert set(checked) == FILES


def test_what_is_remembered_may_be_broken_or_missing(folder: Path, checked) -> None:
    for content in ("", "[]", '{"boot": "first"}', '{"boot": 1, "folder": 2, "files": 3}'):
        (folder / snapshot.VERIFIED).write_text(content)
        checked.clear()
        snapshot.read(folder)
        assert set(checked) == FILES
