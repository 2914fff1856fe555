"""Trains the static embedding on pairs from one's own texts (imports torch; command line below).

    python -m matching.train CORPUS OUT --extra outcomes.jsonl --extra jobs.jsonl --steps 4000

A text is the mean of the vectors of its segments. The vectors start from latent semantic
analysis (Deerwester et al. 1990: truncated SVD of the tf-idf matrix, here by the randomised
algorithm of Halko, Martinsson & Tropp 2011) and are then trained contrastively: of the texts in
a batch, the partner of a pair must score highest (InfoNCE, van den Oord et al. 2018, both
directions, in-batch negatives). Pairs are drawn afresh in every step, because a second pass over
the same few pairs overfits. Runs are reproducible for one seed, thread count and machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.corpus import Corpus, Pair, Sampler, prune, read_corpus

KEEP_EVERY = 500  # steps
TEMPERATURE = 0.05  # 20 x cosine, as sentence-transformers' MultipleNegativesRankingLoss uses
MODEL_FILE, TOKENIZER_FILE = "model.safetensors", "tokenizer.json"
Progress = Callable[[str], None]


def corpus_files(corpus: Path, extra: Sequence[Path] = ()) -> list[Path]:
    """The files to read: one file, or all `.jsonl` and `.jsonl.xz` of a folder, then `extra`."""
    found = (
        [corpus]
        if corpus.is_file()
        else sorted([*corpus.glob("*.jsonl"), *corpus.glob("*.jsonl.xz")])
    )
    if not found:
        raise FileNotFoundError(f"{corpus}：没有 .jsonl 或 .jsonl.xz 训练文件。")
    return [*found, *extra]


def latent_start(corpus: Corpus, size: int, dim: int, seed: int) -> NDArray[np.float32]:
    """(size + 1, dim) starting vectors: idf x right singular vectors, damped by s^-1/2."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    rng = np.random.default_rng(seed)
    lengths = np.diff(corpus.offsets)
    texts = np.flatnonzero(lengths >= 8)
    if len(texts) > 150_000:
        texts = np.sort(rng.choice(texts, 150_000, replace=False))
    ids = np.concatenate([corpus.text(int(t)) for t in texts])
    rows = np.repeat(np.arange(len(texts)), lengths[texts])
    counts = csr_matrix((np.ones(len(ids), np.float32), (rows, ids)), shape=(len(texts), size + 1))
    counts.sum_duplicates()
    frequency = np.bincount(counts.indices, minlength=size + 1)
    idf = np.log((len(texts) + 1) / (frequency + 1)).astype(np.float32)
    matrix = counts.copy()
    matrix.data = np.log1p(matrix.data) * idf[matrix.indices]
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()) + 1e-6
    matrix.data /= np.repeat(norms, np.diff(matrix.indptr)).astype(np.float32)
    base = rng.standard_normal((size + 1, dim + 16), dtype=np.float32)
    for _ in range(3):
        base, _ = np.linalg.qr(matrix.T @ (matrix @ base))
    _, values, right = np.linalg.svd(matrix @ base, full_matrices=False)
    vectors = (base @ right.T)[:, :dim] / np.sqrt(values[:dim] + 1e-6)
    vectors *= idf[:, None]
    noise = rng.standard_normal(vectors.shape).astype(np.float32)
    scale = float(np.sqrt((vectors**2).sum(axis=1)).mean()) or 1.0
    vectors = vectors / scale + 0.02 * noise
    vectors[0] = 0.0
    return np.ascontiguousarray(vectors, np.float32)


class Trainer:
    """The torch part: token vectors, row-wise Adam (Kingma & Ba 2015), one step at a time.

    Only the rows that occur in a batch take part in a step: the batch is a sparse matrix of
    means over those rows, so its gradient is dense but small.
    """

    def __init__(self, start: NDArray[np.float32], rate: float, seed: int, threads: int):
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self._torch = torch
        self._weights = torch.from_numpy(start.copy())
        self._first = torch.zeros_like(self._weights)
        self._second = torch.zeros_like(self._weights)
        self.rate = rate

    def step(self, pairs: Sequence[Pair], done: float) -> float:
        """One update; `done` is the finished share of the run (the rate falls to a tenth)."""
        torch = self._torch
        size = len(pairs)
        rows, means = self._means([pair[0] for pair in pairs] + [pair[1] for pair in pairs])
        used = self._weights[rows].requires_grad_()
        texts = torch.nn.functional.normalize(torch.sparse.mm(means, used), dim=1)
        scores = texts[:size] @ texts[size:].T / TEMPERATURE
        owner = torch.tensor([pair[2] for pair in pairs])
        same = (owner[:, None] == owner[None, :]).fill_diagonal_(False)
        scores = scores.masked_fill(same, -1e4)  # texts of one document are no negatives
        target = torch.arange(size)
        loss = torch.nn.functional.cross_entropy(scores, target)
        loss = (loss + torch.nn.functional.cross_entropy(scores.T, target)) / 2
        loss.backward()
        rate = self.rate * min(1.0, 0.1 + done * 30) * (1.0 - 0.9 * done)
        with torch.no_grad():
            slope: Any = used.grad
            first = self._first[rows].lerp_(slope, 0.1)
            second = self._second[rows].mul_(0.999).addcmul_(slope, slope, value=0.001)
            self._first[rows], self._second[rows] = first, second
            self._weights[rows] -= rate * first / (second.sqrt() + 1e-8)
        return float(loss.detach())

    def _means(self, texts: Sequence[NDArray[np.int32]]) -> tuple[Any, Any]:
        """The rows in use and the (texts, rows) matrix that averages them."""
        torch = self._torch
        lengths = np.asarray([len(text) for text in texts], np.int64)
        rows, places = np.unique(np.concatenate(texts), return_inverse=True)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        shares = np.repeat(1.0 / lengths, lengths).astype(np.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "sparse CSR support is in beta"
            matrix = torch.sparse_csr_tensor(
                torch.from_numpy(starts),
                torch.from_numpy(places.astype(np.int64)),
                torch.from_numpy(shares),
                size=(len(texts), len(rows)),
            )
        return torch.from_numpy(rows.astype(np.int64)), matrix

    def vectors(self) -> NDArray[np.float32]:
        """(size + 1, dim); row 0, the unknown segment, is zero."""
        found: NDArray[np.float32] = self._weights.numpy().copy()
        found[0] = 0.0
        return found


def finish(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scales all rows by one number (cosines stay): the mean row then has length one."""
    norms = np.sqrt((vectors**2).sum(axis=1))
    return (vectors / max(float(norms[1:].mean()), 1e-6)).astype(np.float32)


def save_model(vectors: NDArray[np.float32], vocabulary: Sequence[str], out: Path) -> None:
    """Writes a sentence-transformers folder (StaticEmbedding + Normalize) at `out`."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Replace
    from tokenizers.pre_tokenizers import WhitespaceSplit

    numbers = {"[UNK]": 0} | {word: place + 1 for place, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordLevel(numbers, unk_token="[UNK]"))  # noqa: S106
    tokenizer.normalizer = Replace("~", "")
    tokenizer.pre_tokenizer = WhitespaceSplit()
    model = SentenceTransformer(
        modules=[StaticEmbedding(tokenizer, embedding_weights=vectors), Normalize()], device="cpu"
    )
    aside = out.with_name(out.name + ".part")
    shutil.rmtree(aside, ignore_errors=True)
    model.save(str(aside), create_model_card=False)
    (aside / "pairs.json").unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(aside.rglob("*"), reverse=True):
        target = out / path.relative_to(aside)
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.chmod(0o644)  # safetensors files come out readable by their owner only
            path.replace(target)
    shutil.rmtree(aside)


def train_corpus(
    corpus: Corpus,
    *,
    size: int = 40_000,
    dim: int = 128,
    steps: int = 4000,
    pairs: int = 1024,
    rate: float = 0.01,
    seed: int = 7,
    threads: int = 1,
    listing_share: float = 0.25,
    progress: Progress = print,
    every: Callable[[int, NDArray[np.float32], list[str]], None] | None = None,
) -> tuple[NDArray[np.float32], list[str], dict[str, float]]:
    """Trains on a read corpus; returns (size + 1, dim) vectors, segments 1..size, figures."""
    began = time.monotonic()
    pruned, vocabulary = prune(corpus, size)
    start = latent_start(pruned, len(vocabulary), dim, seed)
    progress(f"起点就绪：{len(vocabulary)} 个词，{dim} 维，{time.monotonic() - began:.0f} 秒")
    trainer = Trainer(start, rate, seed, threads)
    sampler = Sampler(pruned, seed, listing_share)
    running = 0.0
    for step in range(steps):
        loss = trainer.step(sampler.batch(pairs), step / steps)
        running = loss if step == 0 else 0.99 * running + 0.01 * loss
        if step % 100 == 99 or step + 1 == steps:
            seconds = time.monotonic() - began
            progress(f"第 {step + 1}/{steps} 步，损失 {running:.4f}，{seconds:.0f} 秒")
            if every is not None:
                every(step + 1, finish(trainer.vectors()), vocabulary)
    figures = {
        "segments": len(vocabulary),
        "dim": dim,
        "steps": steps,
        "pairs_per_step": pairs,
        "loss": round(running, 4),
        "seconds": round(time.monotonic() - began, 1),
    }
    return finish(trainer.vectors()), vocabulary, figures


def train(
    corpus: Path,
    out: Path,
    *,
    extra: Sequence[Path] = (),
    steps: int = 4000,
    seed: int = 7,
    threads: int = 1,
    progress: Progress = print,
    size: int = 40_000,
    dim: int = 128,
    pairs: int = 1024,
    paragraphs: int = 24,
) -> dict[str, float]:
    """Reads the texts, trains, writes a model folder at `out`; returns the run's figures.

    Every KEEP_EVERY steps the model so far is written to `out`, so that a run that is stopped
    leaves a usable one. `paragraphs` is the most that is taken of one paper.

    Raises FileNotFoundError when there is nothing to read and ValueError when the texts yield
    no pairs. Files of `corpus` and `extra`: see `matching.corpus`.
    """
    read = read_corpus(corpus_files(corpus, extra), seed, paragraphs, progress)

    def keep(step: int, vectors: NDArray[np.float32], vocabulary: list[str]) -> None:
        if step % KEEP_EVERY == 0 and step < steps:
            save_model(vectors, vocabulary, out)

    vectors, vocabulary, figures = train_corpus(
        read,
        size=size,
        dim=dim,
        steps=steps,
        pairs=pairs,
        seed=seed,
        threads=threads,
        progress=progress,
        every=keep,
    )
    save_model(vectors, vocabulary, out)
    (out / "training.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


def main() -> None:
    """Command line of the training."""
    parser = argparse.ArgumentParser(description="训练句向量模型")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--extra", type=Path, action="append", default=[])
    for name, default in (("steps", 4000), ("seed", 7), ("threads", 1), ("size", 40_000),
                          ("dim", 128), ("pairs", 1024), ("paragraphs", 24)):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=default)
    options = vars(parser.parse_args())
    figures = train(options.pop("corpus"), options.pop("out"), **options)
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
