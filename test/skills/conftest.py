"""Skills without a robot."""

import numpy as np
import pytest

from rlzero_ros.skills.skill import Skill

CHECKSUM = "a" * 64


@pytest.fixture
def make_skill():
    def make(name="nice_walk", command="walk forward", seed=0, bundle=CHECKSUM, steps=48):
        rng = np.random.default_rng(seed)
        return Skill(
            name=name,
            command=command,
            source="storyboard:walk",
            robot="walker",
            bundle=bundle,
            created="2026-01-02T03:04:05Z",
            note="",
            confidence=0.6,
            chance_similarity=0.3,
            observations=rng.normal(size=(steps, 24)).astype(np.float32),
            similarities=rng.uniform(size=steps).astype(np.float32),
            indices=rng.integers(0, 100, steps),
            strip=b"\x89PNG picture",
        )

    return make
