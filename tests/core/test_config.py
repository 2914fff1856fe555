"""Settings: every wrong one is named, in Chinese, all at once."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from jiebang import config
from tests.processes import run_many


def problems(**environ: str) -> list[str]:
    with pytest.raises(config.SettingsError) as caught:
        config.load(environ)
    return caught.value.problems


def test_without_any_setting_the_defaults_work() -> None:
    settings = config.load({})
    assert settings.home == Path("var").resolve()
    assert settings.port == 8000
    assert settings.database_url == f"sqlite:///{settings.home}/jiebang.db"
    assert not settings.demo
    assert settings.worker


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "٣"),
        ("JIEBANG_THREADS", "0"),
        ("JIEBANG_THREADS", "-1"),
        ("JIEBANG_PROXIES", "6"),
        ("JIEBANG_DEMO", "maybe"),
        ("JIEBANG_TLS", "2"),
        ("JIEBANG_WORKER", "nein"),
        ("JIEBANG_MAIL", "sendmail"),
        ("JIEBANG_BASE_URL", "jiebang.example"),
        ("JIEBANG_DATABASE_URL", "mysql://x/y"),
        ("JIEBANG_DATABASE_URL", "nonsense"),
        ("JIEBANG_UPLOAD_LIMIT_MB", "0"),
        ("JIEBANG_SEARCH_PER_MINUTE", "zero"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    found = problems(**{name: value})
    assert len(found) == 1
    assert found[0].startswith(f"{name}：")


def test_all_wrong_settings_are_named_at_once() -> None:
    found = problems(PORT="x", JIEBANG_MAIL="x", JIEBANG_DATABASE_URL="x", JIEBANG_TLS="x")
    assert len(found) == 4


def test_every_setting_that_is_read_is_listed() -> None:
    """`doctor` shows SETTINGS: one that is missing there could not be found by operators."""
    asked: set[str] = set()

    class Recorder(dict[str, str]):
        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
            asked.add(key)
            return default

    config.load(Recorder())
    assert asked == {setting.name for setting in config.SETTINGS}


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert problems(JIEBANG_HOME=str(file))[0].startswith("JIEBANG_HOME：")
    below = config.load({"JIEBANG_HOME": str(file / "below")})
    with pytest.raises(config.SettingsError, match="JIEBANG_HOME"):
        below.prepare_home()


def test_the_home_is_its_owners_alone(tmp_path: Path) -> None:
    settings = config.load({"JIEBANG_HOME": str(tmp_path / "数据 目录")})
    settings.prepare_home()
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    assert settings.uploads.is_dir()


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = config.load({"JIEBANG_HOME": str(tmp_path)})
    key = settings.secret_key()
    assert len(key) == 48
    assert settings.secret_key() == key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["secret.key"]  # noqa: PTH208


def test_a_cut_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"short")
    with pytest.raises(config.SettingsError, match="不完整"):
        config.load({"JIEBANG_HOME": str(tmp_path)}).secret_key()


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    source = """
        import sys
        from jiebang import config
        print(config.load({"JIEBANG_HOME": sys.argv[1]}).secret_key().hex())
        """
    assert len(set(run_many(6, source, str(tmp_path)))) == 1
