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


def test_a_run_goes_on_from_a_model_and_gives_the_mean_of_its_last_part(texts: Path) -> None:
    """The rows stay, so that what was kept for other words does not move at all."""
    run(
        """
import numpy as np
from dataclasses import replace
from matching.training.run import Trainer
go("first")
short = replace(recipe, steps=4, averaged=0.5)
seen = []
step = Trainer.step
def noting(self, *arguments):
    loss = step(self, *arguments)
    seen.append(self.vectors.copy())
    return loss
Trainer.step = noting
go("more", short, begin=base / "first")
first, more = (load_encoder(str(base / name)) for name in ("first", "more"))
assert first.vocabulary == more.vocabulary
assert first.fingerprint != more.fingerprint
mean = (seen[2] + seen[3]) / 2
rows = more.token_vectors
np.testing.assert_allclose(rows / np.linalg.norm(rows), mean / np.linalg.norm(mean), atol=1e-5)
Trainer.step = step
training.KEEP_EVERY = 3
def stopping(self, *arguments):
    if stopping.done == 3:
        raise KeyboardInterrupt
    stopping.done += 1
    return step(self, *arguments)
stopping.done = 0
training.Trainer.step = stopping
try:
    go("parts", short, begin=base / "first")
except KeyboardInterrupt:
    pass
training.Trainer.step = step
go("parts", short, begin=base / "first")
assert any("继续" in line for line in said)
assert load_encoder(str(base / "parts")).fingerprint == more.fingerprint
""",
        texts,
    )


def test_merged_models_agree_with_the_mean_of_their_cosines(texts: Path) -> None:
    """With room for all directions nothing is lost; with half the width most is kept."""
    run(
        """
import numpy as np
from dataclasses import replace
from matching.training.merge import _narrowed, _of_one_length, _rows, merge
go("a", replace(recipe, size=30))
go("b", replace(recipe, size=30, seed=5))
a, b = (load_encoder(str(base / name)) for name in "ab")
kept = merge([base / "a", base / "b"], base / "ab")
both = load_encoder(str(base / "ab"))
assert both.vocabulary == a.vocabulary and both.dim == a.dim
assert both.fingerprint not in (a.fingerprint, b.fingerprint)
assert 0.5 < kept < 1.0
words = sorted(a.vocabulary, key=a.vocabulary.get)[1:]
wide = np.concatenate([_of_one_length(_rows(model, words)) for model in (a, b)], axis=1)
whole, all_of_it = _narrowed(wide, 16)
assert abs(all_of_it - 1.0) < 1e-6
np.testing.assert_allclose(whole @ whole.T, wide @ wide.T, atol=1e-4)
again = merge([base / "a", base / "b"], base / "again")
assert load_encoder(str(base / "again")).fingerprint == both.fingerprint and again == kept
# a word that the second model has no row for is there by its shared rows
alone = "从未见过的词"
rows = _rows(b, [alone, words[0]])
assert alone not in b.vocabulary and rows[1].any() and not rows[0].any()
np.testing.assert_allclose(rows[1], b.token_vectors[list(b.rows_of(alone))].sum(axis=0))
np.testing.assert_allclose(rows[2], b.token_vectors[b.vocabulary[words[0]]])
go("c", replace(recipe, buckets=10))
for folders in ([base / "a"], [base / "a", base / "c"]):
    try:
        merge(folders, base / "no")
    except ValueError as error:
        assert "合并" in str(error)
    else:
        raise SystemExit("not refused")
""",
        texts,
    )


def test_words_of_a_group_are_drawn_together_and_get_rows(texts: Path) -> None:
    """Those of other words stay; the rarest pairs make room, and live on in shared rows."""
    (texts / "groups.txt").write_text(
        "# 一行一组\n焊接 草莓 气调包装 从未见过的词\n汽车 车身\n", encoding="utf-8"
    )
    (texts / "wrong.txt").write_text("焊接 草莓\n孤单\n", encoding="utf-8")
    run(
        """
import numpy as np
from matching.lexicon import default_lexicon
from matching.training.merge import merge
from matching.training.related import drawn_together, read_groups
go("a")
kept = merge([base / "a"], base / "b", related=base / "groups.txt")
assert abs(kept - 1.0) < 1e-6, "one model alone loses nothing"
a, b = (load_encoder(str(base / name)) for name in "ab")
def cosine(model, left, right):
    one, two = model.encode([[left], [right]])
    return float(one @ two)
assert cosine(b, "焊接", "草莓") > cosine(a, "焊接", "草莓") + 0.2
assert cosine(b, "汽车", "车身") > cosine(a, "汽车", "车身")
stay = [w for w in a.vocabulary if w in b.vocabulary and w not in ("焊接", "草莓", "汽车", "车身")]
stay = [w for w in stay if w[0] != "§" and w != "[UNK]"]
assert len(stay) > 10
for left, right in zip(stay, stay[1:]):
    assert abs(cosine(a, left, right) - cosine(b, left, right)) < 1e-5
assert len(a.vocabulary) == len(b.vocabulary)
groups = read_groups(base / "groups.txt")
assert groups[1] == ["汽车", "车身"] and len(groups) == 2
names = sorted(a.vocabulary, key=a.vocabulary.get)[1:]
found, rows = drawn_together(names, np.array(a.token_vectors), [["电机", "芯片"], ["焊接", "芯片"]])
new = set(found) - set(names)
assert new == {"电机", "芯片"}, new
pairs = [n for n in names if len(n) == 2 and n[0] != "§" and n not in default_lexicon()]
assert [name for name in names if name not in found] == pairs[-2:], "the two rarest pairs"
np.testing.assert_allclose(np.linalg.norm(rows[found.index("焊接") + 1]),
                           np.linalg.norm(a.token_vectors[a.vocabulary["焊接"]]), rtol=1e-5)
try:
    merge([base / "a"], base / "no", related=base / "wrong.txt")
except ValueError as error:
    assert "第 2 行" in str(error)
else:
    raise SystemExit("not refused")
""",
        texts,
    )


def test_the_bundled_groups_are_groups_and_have_rows_in_the_bundled_model() -> None:
    from matching.encoder import StaticEncoder, load_encoder
    from matching.text import segment
    from matching.training.related import RELATED, read_groups

    groups = read_groups(RELATED)
    words = {word for group in groups for word in group}
    assert len(groups) > 500
    assert all(len(group) == len(set(group)) for group in groups)
    encoder = load_encoder()
    assert isinstance(encoder, StaticEncoder)
    whole = [word for word in words if segment(word)[:1] == [word]]
    assert len(whole) > 2000
    assert all(word in encoder.vocabulary for word in whole)


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
