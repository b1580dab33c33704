"""Imagine: one sentence, or a video that somebody supplies, becomes a short ``Clip``."""
