"""Where the vectors start: latent semantic analysis of the texts.

Deerwester et al. 1990: truncated singular value decomposition of the tf-idf matrix, here by the
randomised algorithm of Halko, Martinsson & Tropp 2011.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matching.training.corpus import Corpus

_TEXTS = 150_000  # more say no more, and the matrix has to fit into memory


def latent_start(corpus: Corpus, size: int, dim: int, seed: int) -> NDArray[np.float32]:
    """(size + 1, dim) starting vectors: idf x right singular vectors, damped by s^-1/2."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    rng = np.random.default_rng(seed)
    lengths = np.diff(corpus.offsets)
    texts = np.flatnonzero(lengths >= 8)
    if len(texts) > _TEXTS:
        texts = np.sort(rng.choice(texts, _TEXTS, replace=False))
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
