"""Random looks for MuJoCo renderings: colours, light, floor and what is behind the robot."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..imagine.scenery import backdrop
from ..imagine.style import random_style


class LookRandomizer:
    """Changes how a model is drawn, and back to how it was made."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._materials = model.mat_rgba.copy()
        self._textures = model.mat_texid.copy()
        self._ambient = model.vis.headlight.ambient.copy()
        self._diffuse = model.vis.headlight.diffuse.copy()
        self._light = model.light_diffuse.copy()
        self._floor = sorted(
            {int(m) for m in model.geom_matid[model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE]}
        )

    def original(self) -> None:
        """The look that the model was made with."""
        model = self._model
        model.mat_rgba[:], model.mat_texid[:] = self._materials, self._textures
        model.vis.headlight.ambient[:] = self._ambient
        model.vis.headlight.diffuse[:] = self._diffuse
        model.light_diffuse[:] = self._light

    def random(self, rng: np.random.Generator, side: int) -> NDArray[np.uint8]:
        """A random look; returns the background (side, side, 3) to render against."""
        self.original()
        model = self._model
        model.mat_rgba[:, :3] = rng.uniform(0.05, 1.0, 3)
        for material in self._floor:
            if rng.random() < 0.5:
                model.mat_texid[material] = -1
                model.mat_rgba[material, :3] = rng.uniform(0.05, 1.0, 3)
            else:
                model.mat_rgba[material, :3] = 1.0
        model.vis.headlight.ambient[:] = rng.uniform(0.2, 0.6)
        model.vis.headlight.diffuse[:] = rng.uniform(0.3, 0.9)
        model.light_diffuse[:] = rng.uniform(0.1, 0.8)
        style = replace(random_style(rng), floor="none")
        return np.asarray(backdrop(style, side))
