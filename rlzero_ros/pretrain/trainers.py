"""The trainers by the name that `rlzero pretrain --bfm` takes."""

from __future__ import annotations

from .bfm_trainer import BfmConfig, BfmTrainer
from .train_forward_backward import ForwardBackwardConfig, ForwardBackwardTrainer
from .train_hilp import HilpConfig, HilpTrainer

CONFIGS: dict[str, type[BfmConfig]] = {"fb": ForwardBackwardConfig, "hilp": HilpConfig}
_TRAINERS: dict[type[BfmConfig], type[BfmTrainer]] = {
    ForwardBackwardConfig: ForwardBackwardTrainer,
    HilpConfig: HilpTrainer,
}


def trainer_of(config: BfmConfig) -> type[BfmTrainer]:
    """The trainer that a configuration belongs to."""
    return _TRAINERS[type(config)]
