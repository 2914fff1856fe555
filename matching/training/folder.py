"""Writes a model as a folder that any sentence-transformers can load."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matching import neighbours
from matching.encoder import read_static


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
    keep_neighbours(out, out / neighbours.FILE)


def keep_neighbours(folder: Path, path: Path) -> None:
    """Finds which words of a model in a folder are near, for all who will load it."""
    path.unlink(missing_ok=True)
    encoder = read_static(folder)
    encoder.neighbours.write(path, encoder.fingerprint)
