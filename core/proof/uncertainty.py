"""How sure a mean is, where what was measured comes in groups whose members resemble each other."""

from collections.abc import Sequence

import numpy as np

RESAMPLES = 4000


def interval(differences: Sequence[Sequence[float]], seed: int) -> tuple[float, float]:
    """The 95 % interval of the mean over all samples, when whole groups are drawn again and again."""
    sums = np.array([sum(group) for group in differences])
    counts = np.array([len(group) for group in differences])
    draws = np.random.default_rng(seed).integers(0, len(sums), size=(RESAMPLES, len(sums)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
