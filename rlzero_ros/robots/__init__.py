"""Robots: what they are made of, how they are simulated, what they observe."""

import importlib.util

if importlib.util.find_spec("triton") is not None:
    # A CUDA build of torch loads triton late, and the process dies if Mesa's renderer came first;
    # dm_control loads that when it is imported.
    import triton  # noqa: F401
