"""A model between two: what one learned later beside what the other did well.

A run that begins with a trained model (``rlzero pretrain --init``) learns what its own data show
and forgets some of what they do not. Weights that lie between both often keep most of either
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"), at no cost when the robot acts.
"""

from __future__ import annotations

import copy

import torch

from ..errors import DataError
from ..imitate.base import BehaviorFoundationModel
from ..imitate.forward_backward import ForwardBackward


def between(
    first: BehaviorFoundationModel, second: BehaviorFoundationModel, share: float
) -> ForwardBackward:
    """A new model whose weights are (1 − share) of the first's and share of the second's.

    Raises DataError for a share outside 0 to 1, models other than forward-backward (what else they
    hold, such as a covariance, is not to be averaged), other sizes, or models of which neither
    began with the other: only then do the same numbers scale what both see.
    """
    if not 0.0 <= share <= 1.0:  # NaN is refused too
        raise DataError(f"a share is between 0 and 1, not {share}")
    if not (isinstance(first, ForwardBackward) and isinstance(second, ForwardBackward)):
        raise DataError(
            f"only forward-backward models can be averaged, not {first.kind} and {second.kind}"
        )
    if first.hyperparameters != second.hyperparameters:
        raise DataError(
            f"models of other sizes: {first.hyperparameters} and {second.hyperparameters}"
        )
    scales, others = first.normalizer.state_dict(), second.normalizer.state_dict()
    if not all(torch.equal(scales[name], others[name]) for name in scales):
        raise DataError("only a model and one that began with it (`rlzero pretrain --init`)")
    mixed = copy.deepcopy(first)
    with torch.no_grad():
        for ours, theirs in zip(mixed.parameters(), second.parameters(), strict=True):
            ours.lerp_(theirs, share)
    return mixed.eval()
