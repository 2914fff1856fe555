"""Training: learns, is reproducible, can be stopped and resumed, refuses clearly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WELDING = "焊接机器人完成汽车车身的自动焊接，焊缝质量稳定，节拍缩短。"
FRUIT = "草莓采后采用气调包装保鲜，货架期延长，腐烂减少，运输方便。"


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with sixty papers of two topics and a file with two listings."""
    papers = [
        {"title": f"{'焊接机器人' if n % 2 else '草莓保鲜'}研究{n}",
         "abstract": (WELDING, FRUIT)[n % 2 == 0],
         "keywords": "焊接;机器人" if n % 2 else "草莓;保鲜",
         "paragraphs": [["方法与过程", (WELDING, FRUIT)[n % 2 == 0] * 2]] * 3}
        for n in range(60)
    ]  # fmt: skip
    extra = [{"title": "焊接设备", "body": WELDING}, {"text": FRUIT}]
    for name, records in (("corpus/a.jsonl", papers), ("extra.jsonl", extra)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        lines = (json.dumps(record, ensure_ascii=False) for record in records)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def run(script: str, base: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HEAD + script, str(base)], cwd=ROOT, check=False, timeout=200,
        capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


_HEAD = """
import sys
from pathlib import Path
from matching.encoder import load_encoder
from matching.text import segment
from matching.training import run as training
from matching.training.run import Recipe, train
base = Path(sys.argv[1])
said = []
recipe = Recipe(size=60, buckets=20, dim=8, steps=20, pairs=16, seed=3)
def go(name, recipe=recipe, **options):
    return train(base / "corpus", base / name, extra=[base / "extra.jsonl"], recipe=recipe,
                 progress=said.append, **options)
"""


def test_two_topics_are_learnt_apart_and_again_the_same(texts: Path) -> None:
    run(
        """
figures = [go("a"), go("b")]
assert said and figures[0]["steps"] == 20 and figures[0]["loss"] > 0
one, two = (load_encoder(str(base / name)) for name in "ab")
assert one.dim == 8 and one.fingerprint == two.fingerprint
vectors = one.encode([segment(t) for t in ("焊接", "机器人车身", "草莓")])
assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
assert one.encode([["从未见过的词"]]).any(), "unknown segments have shared rows"
left = {path.name for path in (base / "a").iterdir()}
assert not left & {"training.npz", "corpus.npz"}, left
""",
        texts,
    )


def test_a_stopped_run_goes_on_and_ends_the_same(texts: Path) -> None:
    run(
        """
training.KEEP_EVERY = 5
go("whole")
class Stop(Exception): pass
step = training.Trainer.step
def stopping(self, *arguments):
    stopping.count += 1
    if stopping.count == 13:
        raise Stop
    return step(self, *arguments)
stopping.count = 0
training.Trainer.step = stopping
try:
    go("parts")
    raise SystemExit("was not stopped")
except Stop:
    pass
training.Trainer.step = step
assert (base / "parts" / "training.npz").is_file()
go("parts")
assert any("继续" in line for line in said)
one, two = (load_encoder(str(base / name)) for name in ("whole", "parts"))
assert one.fingerprint == two.fingerprint
""",
        texts,
    )


def test_another_recipe_does_not_take_over_what_a_stopped_run_left(texts: Path) -> None:
    run(
        """
from dataclasses import replace
training.KEEP_EVERY = 5
training.SAY_EVERY = 10
step = training.Trainer.step
def failing(self, *arguments):
    failing.count += 1
    if failing.count == 7:
        raise KeyboardInterrupt
    return step(self, *arguments)
failing.count = 0
training.Trainer.step = failing
try:
    go("x")
except KeyboardInterrupt:
    pass
training.Trainer.step = step
said.clear()
go("x", replace(recipe, seed=4))
assert not any("继续" in line for line in said)
""",
        texts,
    )


@pytest.mark.parametrize(
    ("kept_back", "passed_over"),
    [
        ({"title": "焊接 设备", "text": ""}, 1),  # the same title, blanks aside
        ({"title": "别的题目", "body": "某单位：" + FRUIT}, 1),  # a near-copy of the body
        ({"title": "焊接设备", "text": FRUIT}, 2),
        ({"title": "焊接", "text": "草莓采后保鲜"}, 0),
    ],
)
def test_what_a_model_is_measured_on_is_left_out(
    texts: Path, kept_back: dict[str, str], passed_over: int
) -> None:
    """So is what is nearly the same; papers are not compared, they are no listings."""
    from matching.training.corpus import left_out, read_corpus

    path = texts / "queries.jsonl"
    path.write_text(json.dumps(kept_back, ensure_ascii=False) + "\n", encoding="utf-8")
    files = [texts / "corpus/a.jsonl", texts / "extra.jsonl"]
    said: list[str] = []
    read = [
        read_corpus(files, 1, progress=said.append, without=left_out(paths))
        for paths in ([], [path])
    ]
    counts = [sum(source.listing for source in found.sources) for found in read]
    assert counts == [2, 2 - passed_over]
    assert len({sum(not s.listing for s in found.sources) for found in read}) == 1
    assert any("留作评测" in text for text in said) is bool(passed_over)


def test_no_texts_is_a_clear_refusal(texts: Path) -> None:
    run(
        """
for corpus, extra in ((base / "nowhere", []), (base / "corpus", [base / "missing.jsonl"])):
    try:
        train(corpus, base / "c", extra=extra, recipe=recipe, progress=said.append)
    except FileNotFoundError as error:
        assert "训练文件" in str(error)
    else:
        raise SystemExit("not refused")
""",
        texts,
    )
