"""The ranking's learned parameters on this installation: which one is in use, and the former ones.

`ranking/current` in the data folder names a version; `ranking/<version>.json` holds it. Without
`current` the ranking that came with the program is used. Nothing is deleted: every suggestion and
every word of feedback remembers the version that made it.
"""

from __future__ import annotations

import os
from pathlib import Path

import structlog

from matching.fusion import Fusion, RankingInvalid, bundled, read

log = structlog.get_logger()
_CURRENT = "current"


class RankingStore:
    """Reads anew only when the pointer has changed; safe to ask before every search."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stamp: tuple[int, int] | None = None
        self._fusion: Fusion | None = None

    def current(self) -> Fusion:
        """The ranking to use now; one that cannot be read is logged, and the bundled one serves."""
        stamp = self._pointer_stamp()
        if self._fusion is None or stamp != self._stamp:
            self._fusion, self._stamp = self._read() if stamp else bundled(), stamp
        return self._fusion

    def versions(self) -> list[str]:
        """All installed versions, the newest first; the bundled one is not among them."""
        found = sorted(self.folder.glob("*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
        return [path.stem for path in found]

    def install(self, fusion: Fusion) -> None:
        """Keeps a ranking and makes it the one in use, in all processes from the next search on."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(self.folder / f"{fusion.version}.json", fusion.to_json())
        _write(self.folder / _CURRENT, fusion.version)

    def choose(self, version: str) -> Fusion:
        """Goes back to a former version, or to the bundled one; RankingInvalid if there is none."""
        if version == bundled().version:
            (self.folder / _CURRENT).unlink(missing_ok=True)
            return bundled()
        if version not in self.versions():
            known = "、".join([*self.versions(), f"{bundled().version}（随附）"])
            raise RankingInvalid(f"没有排序参数 {version}，现有：{known}。")
        fusion = read(self.folder / f"{version}.json")
        _write(self.folder / _CURRENT, version)
        return fusion

    def _pointer_stamp(self) -> tuple[int, int] | None:
        try:
            found = (self.folder / _CURRENT).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _read(self) -> Fusion:
        try:
            version = (self.folder / _CURRENT).read_text(encoding="utf-8").strip()
            return read(self.folder / f"{Path(version).name}.json")
        except (OSError, UnicodeDecodeError, RankingInvalid) as error:
            log.error("ranking_unusable", reason=str(error))
            return bundled()


def _write(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
