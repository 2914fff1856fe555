"""`platform/` is a folder on the path, never a package: it must not shadow the standard library."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from tests.processes import ROOT, run


def test_platform_is_no_package() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_the_standard_librarys_platform_is_found_from_the_root() -> None:
    found = run("import platform, sys; print(platform.__file__); assert sys.path[0] == ''")
    assert Path(found.strip()).parent == Path(sysconfig.get_paths()["stdlib"])


def test_what_breaks_first_when_platform_is_shadowed_still_works() -> None:
    run("import uuid, numpy, faiss, sqlalchemy, flask")
