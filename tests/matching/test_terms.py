"""An operator's own terms: what a file may hold, and what they change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from matching import terms, text
from matching.encoder import load_encoder
from matching.highlight import highlight


@pytest.fixture(autouse=True)
def _dictionary() -> Iterator[None]:
    yield
    terms.use(())


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "terms.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_file_is_read_as_texts_are_seen(tmp_path: Path) -> None:
    path = written(
        tmp_path, "\ufeff# 泉城\n泉城智鏈  # 平台名\n\n鲁中云仓\n鲁中云仓\n　济阳基地　\n"
    )
    assert terms.read(path) == ("泉城智链", "济阳基地", "鲁中云仓")


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "泉城智链\nQ345B\n钢\n两个 词\n" + "长" * 17 + "\n")
    with pytest.raises(terms.TermsInvalid) as error:
        terms.read(path)
    said = str(error.value)
    for line in ("第 2 行“q345b”", "第 3 行“钢”", "第 4 行“两个 词”", "第 5 行", "16 个汉字"):
        assert line in said
    assert "第 1 行" not in said
    with pytest.raises(terms.TermsInvalid, match="等 30 行"):
        terms.read(written(tmp_path, "x\n" * 30))
    with pytest.raises(terms.TermsInvalid, match="UTF-8"):
        terms.read(written(tmp_path, "泉城".encode("gbk")))
    with pytest.raises(terms.TermsInvalid, match="读不出来"):
        terms.read(tmp_path / "none.txt")


def test_too_many_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "MOST", 2)
    with pytest.raises(terms.TermsInvalid, match="有 3 个术语，最多 2 个"):
        terms.read(written(tmp_path, "泉城\n智链平台\n鲁中\n"))


def test_texts_are_cut_otherwise_at_once_and_as_before_without_them() -> None:
    sentence = "泉城智链平台的接口"
    before = text.segment(sentence)
    assert "泉城智链" not in before
    terms.use(("泉城智链",))
    assert "泉城智链" in text.segment(sentence)
    assert "泉城" in text.segment(sentence), "its parts are found as well"
    assert "泉城智链" in [part for part, marked in highlight(sentence, ["泉城智链"]) if marked]
    terms.use(())
    assert text.segment(sentence) == before


def test_a_model_with_other_terms_is_another_model() -> None:
    plain = load_encoder()
    one, two = terms.named(plain, ("泉城智链",)), terms.named(plain, ("鲁中云仓",))
    assert terms.named(plain, ()) is plain
    assert len({plain.fingerprint, one.fingerprint, two.fingerprint}) == 3
    assert one.fingerprint == terms.named(plain, ("泉城智链",)).fingerprint
    assert load_encoder().fingerprint == plain.fingerprint
