"""The bundled model: numpy equals sentence-transformers, and broken folders are refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from matching import rows
from matching.encoder import (
    BUNDLED,
    ModelInvalid,
    ModelMissing,
    StaticEncoder,
    join,
    load_encoder,
    read_static,
)  # fmt: skip
from matching.text import segment

ROOT = Path(__file__).parents[2]


def in_python(script: str, *arguments: str, timeout: int = 200) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, check=False, timeout=timeout,
        capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def test_numpy_equals_sentence_transformers() -> None:
    script = """
import sys, numpy as np
sys.path.insert(0, "tests/matching")
from texts import random_texts
from matching.encoder import BUNDLED, load_encoder
from matching.text import segment
rare = [["~从未见过"], segment("qqzzxx 7A09-T73511 二(十六烷氧基)膦酸")]
texts = [segment(t) for t in random_texts(1200, 11)] + rare + [[], [""], segment("焊接" * 50)]
encoder = load_encoder()
ours = encoder.encode(texts)
assert "torch" not in sys.modules
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(str(BUNDLED), device="cpu", local_files_only=True)
theirs = model.encode([encoder.line(t) for t in texts], show_progress_bar=False)
worst = float(np.abs(ours - theirs).max())
print(len(texts), worst)
assert ours.shape == theirs.shape and worst <= 1e-6
assert not ours[-3:-1].any() and not theirs[-3:-1].any()
assert np.abs(np.linalg.norm(ours[[-5, -4, -1]], axis=1) - 1).max() < 1e-6, "rare ones too"
"""
    done = in_python(script)
    assert done.returncode == 0, done.stderr[-2000:]


def test_no_torch_for_the_bundled_model() -> None:
    script = """
import sys
from matching.documents import Kind
from matching.engine import Attributes, Engine
from matching.encoder import load_encoder
engine = Engine(load_encoder())
one = engine.prepare("焊接机器人", "自动焊接")
engine.apply(Kind.OUTCOME, [(1, one, Attributes())])
assert engine.search(one, Kind.OUTCOME)[0].id == 1
bad = {"torch", "sentence_transformers", "flask", "sqlalchemy", "jieba", "scipy"} & set(sys.modules)
assert not bad, bad
"""
    done = in_python(script)
    assert done.returncode == 0, done.stderr[-2000:]


def test_importing_is_clean_under_warnings_as_errors() -> None:
    script = (
        "import matching.engine, matching.evaluate, matching.training.run, indexes.vectors as v\n"
        "v.faiss(); from matching.baseline import plain_words; plain_words('焊接')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=False, timeout=100,
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_vectors_are_unit_or_zero_and_sensible() -> None:
    encoder = load_encoder()
    asked = ("锂电池回收", "草莓种植", "焊接机器人", "废气治理", "", "？")
    texts = [segment(text) for text in asked]
    vectors = encoder.encode(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (6, encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors[:4], axis=1), 1.0, atol=1e-6)
    assert not vectors[4:].any()
    related = ("废旧锂离子电池拆解利用", "草莓采后保鲜", "自动化焊接设备", "有机废气净化装置")
    cosines = vectors[:4] @ encoder.encode([segment(text) for text in related]).T
    own, others = np.diag(cosines), cosines[~np.eye(4, dtype=bool)]
    assert own.min() > others.max()
    assert own.mean() > others.mean() + 0.2
    assert encoder.encode([]).shape == (0, encoder.dim)
    assert load_encoder().fingerprint == encoder.fingerprint


def test_size_of_the_bundled_model() -> None:
    assert sum(p.stat().st_size for p in BUNDLED.rglob("*") if p.is_file()) <= 32_600_000
    assert (BUNDLED / "README.md").is_file()


def small(folder: Path, **changes: object) -> Path:
    """A tiny model folder with things broken on request."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(BUNDLED / "modules.json", folder)
    rows = np.asarray([[0, 0], [1, 0], [0, 1]], np.float32)
    tokenizer = json.loads((BUNDLED / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["model"]["vocab"] = {"[UNK]": 0, "焊接": 1, "喷涂": 2}
    if "type" in changes:
        tokenizer["model"]["type"] = changes["type"]
    text = changes.get("tokenizer", json.dumps(tokenizer))
    (folder / "tokenizer.json").write_text(str(text), encoding="utf-8")
    save_file({str(changes.get("name", "embedding.weight")): changes.get("rows", rows)},
              str(folder / "model.safetensors"))  # fmt: skip
    return folder


def test_a_small_model_is_read_and_averages(tmp_path: Path) -> None:
    encoder = load_encoder(str(small(tmp_path / "m")))
    assert isinstance(encoder, StaticEncoder)
    vector = encoder.encode([["焊接", "~喷涂", "没有"]])[0]
    np.testing.assert_allclose(vector, [0.5**0.5, 0.5**0.5], atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rows": np.zeros((2, 2), np.float32)}, "对不上"),
        ({"rows": np.full((3, 2), np.nan, np.float32)}, "NaN"),
        ({"rows": np.ones((3, 2), np.float32)}, "未知词"),
        ({"rows": np.zeros((3, 2), np.float16)}, "float32"),
        ({"name": "other"}, "损坏"),
        ({"tokenizer": "{"}, "损坏"),
        ({"tokenizer": "[]"}, "损坏"),
        ({"type": "BPE"}, "WordLevel"),
    ],
)
def test_broken_models_are_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInvalid, match=words):
        read_static(small(tmp_path / "m", **changes))


def test_missing_and_cut_off_models(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="jiebang train"):
        read_static(tmp_path)
    folder = small(tmp_path / "m")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(ModelInvalid, match="损坏"):
        load_encoder(str(folder))
    weights.unlink()
    with pytest.raises(ModelInvalid, match="读不出来"):
        load_encoder(str(folder))
    (folder / "modules.json").write_text("{")
    with pytest.raises(ModelInvalid, match="modules"):
        load_encoder(str(folder))


def test_a_foreign_model_goes_through_the_library(tmp_path: Path) -> None:
    script = """
import sys
from matching.encoder import ModelMissing, TransformerEncoder, load_encoder
from matching.text import segment
try:
    load_encoder(sys.argv[1] + "/nowhere")
    raise SystemExit("not refused")
except ModelMissing as error:
    assert "JIEBANG_MODEL" in str(error)
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
vocabulary = {"[UNK]": 0} | {c: n + 1 for n, c in enumerate("焊接机器人草莓")}
tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
tokenizer.pre_tokenizer = Split("", "isolated")
SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)], device="cpu").save(
    sys.argv[1], create_model_card=False)
encoder = load_encoder(sys.argv[1])
assert isinstance(encoder, TransformerEncoder) and encoder.dim == 8
vectors = encoder.encode([segment("焊接机器人"), segment("草莓"), []])
assert vectors.shape == (3, 8) and not vectors[2].any()
assert abs((vectors[0] ** 2).sum() - 1) < 1e-5
from matching.documents import Document, Kind
from matching.engine import Attributes, Engine
engine = Engine(encoder)
texts = [("焊接机器人", "焊接"), ("草莓", "草莓")] * 40
prepared = engine.prepare_many(texts)
engine.apply(Kind.OUTCOME, [(n, p, Attributes()) for n, p in enumerate(prepared)])
assert engine.search(engine.prepare("焊接", ""), Kind.OUTCOME, 3)[0].id % 2 == 0
need = Document(1, Kind.NEED, "焊接机器人", "焊接")
found = engine.explain(need, Document(2, Kind.OUTCOME, *texts[0]))
assert found.words and found.reasons
"""
    done = in_python(script, str(tmp_path / "model"))
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_rare_segment_has_two_shared_rows_and_a_common_one_its_own() -> None:
    encoder = load_encoder()
    assert isinstance(encoder, StaticEncoder)
    assert len(encoder.rows_of("焊接")) == 1
    assert encoder.rows_of("~焊接") == encoder.rows_of("焊接")
    rare = encoder.rows_of("qqzzxx9")
    assert len(rare) == 2
    assert min(rare) > 22_000
    assert encoder.line(["焊接", "qqzzxx9"]).split()[0] == "焊接"
    assert encoder.line(["qqzzxx9"]).count("§") == 2
    assert encoder.knows(["焊接", "qqzzxx9"])
    assert not encoder.knows(["qqzzxx9"])
    vectors = encoder.encode([["qqzzxx9"], ["qqzzxx9"], ["zzqqxx8"]])
    assert vectors[0] @ vectors[1] == pytest.approx(1.0)
    assert vectors[0] @ vectors[2] < 0.5


def test_join_is_readable() -> None:
    assert join(segment("用于Q345B钢")).startswith("用于q345b")
    assert join(["mes", "erp", "系统"]) == "mes erp系统"


def test_what_is_forgotten_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone and among many, whatever is remembered: the same rows."""
    encoder = load_encoder()
    assert isinstance(encoder, StaticEncoder)
    texts = [segment(f"高强钢Q345B的热处理工艺{n}号，炉温{n}℃，xk{n}型") for n in range(60)]
    expected = [[row for each in text for row in encoder.rows_of(each)] for text in texts]
    for most, few in ((0, 0), (40, 0), (10_000, 0), (40, 10_000)):
        monkeypatch.setattr(rows, "_kept", most)
        monkeypatch.setattr(rows, "_FEW", few)
        monkeypatch.setattr(encoder, "_rows", rows.Rows(encoder.vocabulary))
        found, ends = encoder._rows.many([*texts, []])
        assert [part.tolist() for part in np.split(found, ends[:-1])] == [*expected, []]
        assert [each for text in texts for one in text for each in encoder.rows_of(one)] == [
            row for text in expected for row in text
        ]
