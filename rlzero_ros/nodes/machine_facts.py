"""What the last bits of a floating-point number depend on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np
import torch


def machine_facts() -> dict[str, str]:
    """Processor and libraries; two machines with the same ones compute the same bits."""
    return {
        "cpu": _cpu(),
        "torch": str(torch.__version__),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", ""),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
