"""In which numbers networks are multiplied while they train.

bfloat16 halves the time on a processor that multiplies it; one that does not (AVX2 alone) emulates
it and takes ten times as long as with float32.
"""

from __future__ import annotations

import torch


def has_fast_bfloat16(device_type: str) -> bool:
    """Whether the processors of this type ("cpu", "cuda") multiply bfloat16 themselves.

    AVX-512 stands for it; its first generations, which have no bfloat16 of their own, were not
    measured. Devices of other types count as fast.
    """
    if device_type == "cpu":
        return torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    if device_type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return True


def fast_autocast(device_type: str) -> torch.autocast:
    """A context in which networks run in bfloat16 where that is faster, else as they are.

    A run that goes on on another kind of processor goes on in that one's numbers.
    """
    return torch.autocast(device_type, dtype=torch.bfloat16, enabled=has_fast_bfloat16(device_type))
