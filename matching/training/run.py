"""Trains the bundled kind of model on one's own texts: `jiebang train --corpus …`.

A text is the mean of the vectors of its segments. The vectors start from latent semantic analysis
and are then trained contrastively on fresh random pairs in every step, because a second pass over
the same few pairs overfits. A run can be stopped at any moment and goes on where it was kept last
(`STATE` in the output folder); for one seed, thread count and machine it is reproducible, resumed
or not.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matching.encoder import read_static
from matching.training.corpus import Corpus, keep, kept, left_out, place, place_on, read_corpus
from matching.training.folder import finish, save_model
from matching.training.sampling import Sampler
from matching.training.start import latent_start
from matching.training.trainer import Trainer

STATE, TEXTS = "training.npz", "corpus.npz"
KEEP_EVERY, SAY_EVERY = 200, 50  # steps
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a run depends on beside its texts.

    The defaults made the first of the models that the bundled one was merged from (see its card).
    """

    size: int = 22_000
    """Segments with a row of their own; 22,000 + 9,000 + 1 rows of 256 float32 are 31.7 MB."""
    buckets: int = 9_000
    """Rows shared by all others, two for each (see matching.buckets)."""
    dim: int = 256
    steps: int = 2_400
    pairs: int = 2_048
    """A step's pairs; every other pair of the batch is a negative."""
    rate: float = 0.01
    seed: int = 7
    threads: int = 1
    paragraphs: int = 24
    """The most that is taken of one paper."""
    listing_share: float = 0.33
    """Part of the batches that is drawn from listings; they are few, but what will be matched."""
    paper_temperature: float = 0.06
    listing_temperature: float = 0.1
    """A low one tells texts apart by their rare words (a title finds its own abstract), a high one
    by their topic (a need finds an outcome that words it differently); each kind has its own."""
    averaged: float = 0.0
    """Part of the run, at its end, whose mean is the result; 0 takes the last step."""


def corpus_files(corpus: Path, extra: Sequence[Path] = ()) -> list[Path]:
    """The files to read: one file, or all `.jsonl` and `.jsonl.xz` of a folder, then `extra`.

    Raises FileNotFoundError when there is nothing to read.
    """
    found = (
        [corpus]
        if corpus.is_file()
        else sorted([*corpus.glob("*.jsonl"), *corpus.glob("*.jsonl.xz")])
    )
    if not found:
        raise FileNotFoundError(f"{corpus}：没有 .jsonl 或 .jsonl.xz 训练文件。")
    missing = [str(path) for path in extra if not path.is_file()]
    if missing:
        raise FileNotFoundError(f"没有这个训练文件：{'、'.join(missing)}。")
    return [*found, *extra]


def train(
    corpus: Path,
    out: Path,
    *,
    extra: Sequence[Path] = (),
    recipe: Recipe = Recipe(),
    resume: bool = True,
    without: Sequence[Path] = (),
    begin: Path | None = None,
    progress: Progress = print,
) -> dict[str, float]:
    """Reads the texts, trains, writes a model folder at `out`; returns the run's figures.

    Texts of `without` (queries of a graded set, say) are not read, nor listings with their title
    or body, nor near-copies of them (`corpus.LeftOut`). `begin` is a model of this kind to go on
    from: its rows stay what they are, and `size`, `buckets` and `dim` do not count.
    What a resumed run needs lies in `out` beside the model until the end, when it is deleted.
    Raises FileNotFoundError when there is nothing to read, ValueError when the texts yield no
    pairs, and encoder.ModelMissing or ModelInvalid for `begin`.
    """
    files = corpus_files(corpus, extra)
    out.mkdir(parents=True, exist_ok=True)
    before = None if begin is None else read_static(begin)
    mark = _mark([*files, *without], recipe, "" if before is None else before.fingerprint)
    began = time.monotonic()
    texts = _texts(files, without, out, mark, recipe, resume, progress)
    if before is None:
        placed, names = place(texts, min(recipe.size, len(texts.vocabulary)), recipe.buckets)
    else:
        placed, names = place_on(texts, before)
    trainer, step, spent = _resumed(out, mark, recipe) if resume else (None, 0, 0.0)
    if trainer is None:
        progress(f"语料：{len(texts.sources)} 篇，{len(texts.offsets) - 1} 段；正在计算起点")
        if before is None:
            start = latent_start(placed, len(names), recipe.dim, recipe.seed)
        else:
            start = np.array(before.token_vectors)
        trainer = Trainer(start, recipe.rate, recipe.threads, recipe.averaged)
    else:
        progress(f"从第 {step} 步继续")
    sampler = Sampler(placed, recipe.seed)
    share = recipe.listing_share if sampler.papers else 1.0
    share = share if sampler.listings else 0.0
    running, first, stepping = 0.0, step, time.monotonic()
    while step < recipe.steps:
        listings = int((step + 1) * share) > int(step * share)
        temperature = recipe.listing_temperature if listings else recipe.paper_temperature
        batch = sampler.batch(recipe.pairs, step, listings)
        loss = trainer.step(batch, step / recipe.steps, temperature)
        running = loss if not running else 0.98 * running + 0.02 * loss
        step += 1
        if step % SAY_EVERY == 0 or step == recipe.steps:
            pace = (time.monotonic() - stepping) / (step - first)  # reading the texts aside
            left = pace * (recipe.steps - step) / 60
            progress(f"第 {step}/{recipe.steps} 步，损失 {running:.3f}，约还需 {left:.0f} 分钟")
        if step % KEEP_EVERY == 0 and step < recipe.steps:
            _keep(out, mark, trainer, step, spent + time.monotonic() - began)
    save_model(finish(trainer.result()), names, out)
    figures = {
        **asdict(recipe),
        "loss": round(running, 4),
        "seconds": round(spent + time.monotonic() - began, 1),
    }
    (out / "training.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for name in (STATE, TEXTS, f"{TEXTS}.mark"):
        (out / name).unlink(missing_ok=True)
    return figures


def _mark(files: Sequence[Path], recipe: Recipe, begin: str) -> str:
    """What a kept state belongs to: these files as they are now, this recipe, this beginning."""
    about = [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return hashlib.sha256(repr((about, recipe, begin)).encode()).hexdigest()


def _texts(
    files: Sequence[Path],
    without: Sequence[Path],
    out: Path,
    mark: str,
    recipe: Recipe,
    resume: bool,
    progress: Progress,
) -> Corpus:
    """The texts as numbers; segmenting them takes minutes, so the result is kept."""
    path, note = out / TEXTS, out / f"{TEXTS}.mark"
    if resume and path.is_file() and note.is_file() and note.read_text() == mark:
        return kept(path)
    found = read_corpus(files, recipe.seed, recipe.paragraphs, progress, left_out(without))
    keep(found, path)
    note.write_text(mark)
    return found


def _keep(out: Path, mark: str, trainer: Trainer, step: int, seconds: float) -> None:
    aside = out / f"{STATE}.part"
    with aside.open("wb") as file:
        np.savez(
            file, mark=np.asarray(mark), step=step, seconds=seconds,
            vectors=trainer.vectors, first=trainer.first, second=trainer.second,
            mean=trainer.mean, meant=trainer.meant,
        )  # fmt: skip
    aside.replace(out / STATE)


def _resumed(out: Path, mark: str, recipe: Recipe) -> tuple[Trainer | None, int, float]:
    path = out / STATE
    if not path.is_file():
        return None, 0, 0.0
    with np.load(path, allow_pickle=False) as state:
        if str(state["mark"]) != mark:
            return None, 0, 0.0
        vectors: NDArray[np.float32] = state["vectors"]
        trainer = Trainer(vectors, recipe.rate, recipe.threads, recipe.averaged)
        trainer.first, trainer.second = state["first"], state["second"]
        trainer.mean, trainer.meant = state["mean"], int(state["meant"])
        return trainer, int(state["step"]), float(state["seconds"])
