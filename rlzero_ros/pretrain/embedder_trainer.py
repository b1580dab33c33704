"""One training step of the small image tower, and everything that a checkpoint of it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import DataError, ErrorCode
from ..project.embedder import CONFIG_FILE, WEIGHTS_FILE, OpenClipEmbedder, resized
from .augment import augment
from .pose_loss import (
    ARM_FEATURES,
    LimbHead,
    arm_loss,
    limb_feature_count,
    limb_loss,
    metric_loss,
    pose_distances,
)
from .poses import HUMAN, PoseLayout
from .precision import fast_autocast
from .training_loop import warmed_up


@dataclass(frozen=True)
class EmbedderTraining:
    """Everything that decides the result besides the pools.

    batch: poses a step, each seen twice. average: decay of the averaged weights. limb_weight,
    arm_weight: of the losses of the limbs and of the arms beside the metric loss.
    """

    steps: int = 40_000
    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warmup: int = 200
    average: float = 0.998
    limb_weight: float = 10.0
    arm_weight: float = 1.0
    slots: int = 12_000
    redrawn: int = 24
    drawings: int = 2
    seed: int = 0


_POSITIONS = "visual.attnpool.positional_embedding"


def load_resized(model: torch.nn.Module, file: Path) -> None:
    """Loads weights that may have been trained on pictures of another size.

    What depends on it is where the cells of the last feature map lie, 1 + side² rows. Raises
    DataError for weights of another architecture.
    """
    tensors = {key: value.float() for key, value in load_file(file).items()}
    wanted = model.state_dict()[_POSITIONS]
    whole, cells = tensors[_POSITIONS][:1], tensors[_POSITIONS][1:]
    old, new = (round((len(rows) - 1) ** 0.5) for rows in (tensors[_POSITIONS], wanted))
    grid = torch.nn.functional.interpolate(
        cells.T.reshape(1, -1, old, old), size=(new, new), mode="bilinear", align_corners=True
    )
    tensors[_POSITIONS] = torch.cat([whole, grid.reshape(-1, new * new).T])
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise DataError(f"{file} has weights of another architecture: {error}") from error


class EmbedderTrainer:
    """The model, its average, and the step."""

    def __init__(
        self,
        folder: Path,
        config: EmbedderTraining,
        layout: PoseLayout = HUMAN,
        *,
        init: Path | None = None,
    ) -> None:
        """folder: of the architecture. init: begin with that folder's weights, not random ones.

        The two may differ in the size of their pictures alone. layout: of the poses. Raises
        DataError for weights of another architecture.
        """
        torch.manual_seed(config.seed)
        self.config = config
        self._architecture = folder
        source = f"local-dir:{folder}"
        self.model = open_clip.create_model(source, load_weights=False)
        if init is not None:
            load_resized(self.model, init / WEIGHTS_FILE)
        self.average = open_clip.create_model(source, load_weights=False)
        self.average.load_state_dict(self.model.state_dict())
        self.average.eval()
        for model in (self.model, self.average):
            model.visual.to(memory_format=torch.channels_last)
        preprocess: dict[str, Any] = self.model.visual.preprocess_cfg
        size = preprocess["size"]
        self._size = (size, size) if isinstance(size, int) else tuple(size)
        self._mean = torch.tensor(preprocess["mean"])[:, None, None]
        self._std = torch.tensor(preprocess["std"])[:, None, None]
        dim = int(self.model.visual.output_dim)
        self.head = LimbHead(dim, limb_feature_count(layout))
        parameters = [*self.model.visual.parameters(), *self.head.parameters()]
        parameters.append(self.model.logit_scale)
        self.arm_head = LimbHead(dim, ARM_FEATURES, 128)
        parameters += self.arm_head.parameters()
        self.optimizer = torch.optim.AdamW(
            parameters, lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.step = 0

    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint needs."""
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "head": self.head.state_dict(),
            "arm_head": self.arm_head.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "torch_rng": torch.get_rng_state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of ``state``."""
        self.step = int(state["step"])
        for name in ("model", "average", "head", "arm_head", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        torch.set_rng_state(state["torch_rng"])

    def update(
        self,
        frames: NDArray[np.uint8],
        angles: NDArray[np.float32],
        height: NDArray[np.float32],
        arms: NDArray[np.float32],
    ) -> dict[str, float]:
        """One step on frames (2n, S, S, 3) whose halves show the same n poses."""
        config = self.config
        rng = np.random.default_rng((config.seed, 1, self.step))
        images = (resized(augment(frames, rng), self._size) - self._mean) / self._std
        images = images.contiguous(memory_format=torch.channels_last)
        pose, hips, reach = map(torch.from_numpy, (angles, height, arms))
        self.model.train()
        with fast_autocast("cpu"):
            raw = self.model.visual(images)
        embeddings = torch.nn.functional.normalize(raw.float(), dim=-1)
        scale = self.model.logit_scale.clamp(max=np.log(100.0)).exp()
        metric = metric_loss(embeddings, pose_distances(pose, hips, reach), scale)
        limbs = limb_loss(self.head, embeddings, pose, hips)
        reaching = arm_loss(self.arm_head, embeddings, reach)
        loss = metric + config.limb_weight * limbs + config.arm_weight * reaching
        if not torch.isfinite(loss):
            raise DataError(f"training diverged at step {self.step}", ErrorCode.DIVERGED)
        share = warmed_up(self.step, config.warmup, config.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * share
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.step += 1
        self._follow()
        return {
            "metric": metric.item(),
            "limbs": limbs.item(),
            "arms": reaching.item(),
            "scale": scale.item(),
        }

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(self.config.average, (1 + self.step) / (10 + self.step))
        new = self.model.visual.state_dict()
        for key, old in self.average.visual.state_dict().items():
            if old.is_floating_point():
                old.lerp_(new[key], 1 - decay)
            else:
                old.copy_(new[key])

    def embedder(self, name: str) -> OpenClipEmbedder:
        """The averaged model as it would be loaded."""
        return OpenClipEmbedder(self.average, name)

    def export(self, folder: Path, card: dict[str, Any]) -> None:
        """Writes the averaged weights (fp16) and how they came to be."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, Tensor] = {
            key: (v.half() if v.is_floating_point() else v).contiguous().clone()
            for key, v in self.average.state_dict().items()
        }
        temporary = folder / ".open_clip_model.tmp"
        save_file(tensors, temporary)
        temporary.replace(folder / WEIGHTS_FILE)
        config = (self._architecture / CONFIG_FILE).read_text()
        (folder / CONFIG_FILE).write_text(config)
        (folder / "training.json").write_text(json.dumps(card, indent=2) + "\n")
