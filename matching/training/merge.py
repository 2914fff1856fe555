"""Several models of the bundled kind as one: `jiebang train --merge A --merge B … --out OUT`.

Models that were trained from different beginnings err differently, and the mean of their cosines
is better than each of them. Vectors laid end to end give just this mean; a principal component
analysis of the rows brings them back to the first model's width with the least loss (Eckart & Young
1936; meta-embeddings of Yin & Schütze 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matching import buckets
from matching.encoder import StaticEncoder, read_static
from matching.training.folder import finish, save_model
from matching.training.related import drawn_together, read_groups

Rows = NDArray[np.float32]


def merge(folders: Sequence[Path], out: Path, related: Path | None = None) -> float:
    """Writes the merged model at `out`, with the rows of the first; returns the share kept.

    The share is that of the squared lengths that the first model's width has room for. `related`
    is a file of word groups (`related.py`). Raises encoder.ModelMissing or ModelInvalid, and
    ValueError when there is nothing to do, a group is no group, or the shared rows differ in
    number, as these then stand for different segments.
    """
    models = [read_static(folder) for folder in folders]
    if len(models) < (2 if related is None else 1):
        raise ValueError("合并至少需要两个模型。")
    groups = [] if related is None else read_groups(related)
    counts = {buckets.counted(model.vocabulary)[1] for model in models}
    if len(counts) > 1:
        raise ValueError(f"这些模型的共享行数不同，不能合并：{sorted(counts)}。")
    first = models[0]
    names = first.names()
    wide = np.concatenate([_of_one_length(_rows(model, names)) for model in models], axis=1)
    narrow, kept = _narrowed(wide, first.dim)
    if groups:
        names, narrow = drawn_together(names, narrow, groups)
    save_model(finish(narrow), names, out)
    return kept


def _rows(model: StaticEncoder, names: Sequence[str]) -> Rows:
    """(1 + names, dim): a model's vector of each segment, by shared rows where it has no own."""
    found = np.zeros((len(names) + 1, model.dim), np.float32)
    for place, name in enumerate(names, 1):
        found[place] = model.token_vectors[list(model.rows_of(name))].sum(axis=0)
    return found


def _of_one_length(rows: Rows) -> Rows:
    """So that every model counts the same."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows)[1:])
    return rows / np.float32(max(float(lengths.mean()), 1e-6))


def _narrowed(rows: Rows, dim: int) -> tuple[Rows, float]:
    """The rows along their `dim` strongest directions, and the share of squares that is kept.

    Directions and not differences from the mean: cosines are about the origin.
    """
    values, directions = np.linalg.eigh(rows.T.astype(np.float64) @ rows)
    strongest = directions[:, ::-1][:, :dim]
    # an eigenvector's sign is chance: its largest component is positive, so that runs agree
    largest = np.abs(strongest).argmax(axis=0)
    strongest = strongest * np.sign(strongest[largest, np.arange(strongest.shape[1])])
    return (rows @ strongest).astype(np.float32), float(values[::-1][:dim].sum() / values.sum())
