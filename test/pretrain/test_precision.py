"""Training multiplies in numbers that the processor is good at."""

from __future__ import annotations

import contextlib
import time
from contextlib import AbstractContextManager

import torch
from torch import nn

from rlzero_ros.pretrain.precision import fast_autocast

BATCH, WIDTH, ROUNDS = 512, 256, 5


def step_s(context: AbstractContextManager[object]) -> float:
    """The quickest of some forward and backward passes of a small network, in seconds."""
    net = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
    x = torch.randn(BATCH, WIDTH)
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        with context:
            y = net(x)
        y.float().square().mean().backward()
        taken.append(time.process_time() - started)
    return min(taken)


def test_training_is_not_slowed_down_by_its_numbers() -> None:
    # On processors with AVX2 alone, networks took 10 times as long in bfloat16, which they emulate.
    plain = step_s(contextlib.nullcontext())
    assert step_s(fast_autocast("cpu")) < 3 * plain
