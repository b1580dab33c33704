"""One training step of a pose matcher, and everything that a checkpoint of it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import DataError, ErrorCode
from ..project.pose_matcher import MatcherSizes, PictureCoder, PoseCoder, PoseMatcher
from .augment import augment_clips
from .disguise import disguise
from .pose_loss import NEAR_RAD
from .pose_pool import SIZE
from .precision import fast_autocast
from .shown_pose import ARMS, SPEED, ShownPoses, distances, joined, shown_count
from .stretch import enlarging, random_stretch, stretched
from .training_loop import warmed_up

_NEAR_RAD = 0.5
"""Near poses among the candidates differ by normals of up to this standard deviation."""
_NEAR_MPS = 1.0
_SPEED_READ = 5.0
"""The speed is read as if it were so many numbers: it is one of more than forty, and nothing else
makes the pictures before and after worth looking at."""
_TOGETHER = 32
"""So many pictures are looked at at once where nothing is learnt of it: they stay in the cache."""
_WIDEST = 4.0
"""Numbers that are read are cut off at so many standard deviations."""


@dataclass(frozen=True)
class PoseMatcherTraining:
    """Everything that decides the result besides the data.

    near, others: candidates besides the right poses: so many near each of them, and so many of
    the robots' own. still: share of the windows whose three pictures are made the same. reading:
    weight of the second loss. rad_per_mps: what a difference of a metre a second weighs beside the
    mean limb error, where the pictures differ. stretch: pictures are drawn out one way and pressed
    together the other by factors whose ratio's logarithm is at most this. deeper, flow: see
    ``MatcherSizes``. learn_planes: what is seen of single pictures is learnt, too; else it stays as
    it began, which takes half the time.
    """

    steps: int = 30_000
    batch: int = 96
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: int = 200
    near: int = 3
    others: int = 2000
    still: float = 0.2
    reading: float = 0.3
    rad_per_mps: float = 0.15
    windows: int = 60_000
    slots: int = 20_000
    redrawn: int = 12
    stretch: float = 0.0
    deeper: int = 0
    flow: int = 0
    learn_planes: bool = True
    seed: int = 0


class PoseMatcherTrainer:
    """Both coders and the step.

    Two losses. The first is cross-entropy between the softmax of the inner products of a picture's
    code with the codes of candidates and a softmax of how near these are to the pose that is drawn:
    with far candidates only it is InfoNCE. The second asks a linear layer, used in training alone,
    to read what is drawn.
    """

    def __init__(
        self, config: PoseMatcherTraining, candidates: Sequence[ShownPoses], visual: nn.Module
    ) -> None:
        """candidates: the robots' own poses. visual: an embedder's tower to begin with."""
        torch.manual_seed(config.seed)
        self.config, self._candidates = config, list(candidates)
        tower: Any = visual
        preprocess: dict[str, Any] = tower.preprocess_cfg
        size = preprocess["size"]
        layouts = {poses.layout for poses in self._candidates}
        if len(layouts) != 1:
            raise DataError("the robots are of different kinds of figures: train one for each")
        shown = shown_count(layouts.pop())
        side = size if isinstance(size, int) else int(size[0])
        self.sizes = MatcherSizes(shown, side=side, deeper=config.deeper, flow=config.flow)
        self._middle = torch.tensor(preprocess["mean"])[:, None, None]
        self._width = torch.tensor(preprocess["std"])[:, None, None]
        self.pictures = PictureCoder(self.sizes)
        _begin_with(self.pictures, visual)
        self.pictures.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.poses = PoseCoder(self.sizes)
        every = joined(self._candidates).described()
        self._mean, self._spread = every.mean(0), every.std(0).clip(1e-3)
        self.poses.mean.copy_(self._mean)
        self.poses.spread.copy_(self._spread)
        self.reading = nn.Linear(self.sizes.hidden, shown)
        self._modules = {"pictures": self.pictures, "poses": self.poses, "reading": self.reading}
        parameters = [p for module in self._modules.values() for p in module.parameters()]
        self.optimizer = torch.optim.AdamW(
            parameters, lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.step = 0

    def begin_with(self, matcher: PoseMatcher) -> None:
        """Begin with what an earlier one knows; of another size, with the layers that fit."""
        tensors = matcher.tensors()
        for name in ("pictures", "poses"):
            own = self._modules[name].state_dict()
            for key, value in own.items():
                other = tensors.get(f"{name}.{key}")
                if other is not None and other.shape == value.shape:
                    value.copy_(other)

    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint needs."""
        modules = {name: module.state_dict() for name, module in self._modules.items()}
        optimizer, rng = self.optimizer.state_dict(), torch.get_rng_state()
        return {"step": self.step, **modules, "optimizer": optimizer, "torch_rng": rng}

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of ``state``."""
        self.step = int(state["step"])
        for name, module in self._modules.items():
            module.load_state_dict(state[name])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["torch_rng"])

    def update(self, frames: NDArray[np.uint8], drawn: ShownPoses) -> dict[str, float]:
        """One step on windows (n, 3, S, S, 3) that show n poses."""
        config = self.config
        rng = np.random.default_rng((config.seed, 1, self.step))
        clips = disguise(augment_clips(frames, rng), rng)
        stretch = random_stretch(len(clips), config.stretch, rng)
        drawn = stretched(drawn, stretch)
        moving = torch.from_numpy(rng.random(len(clips)) >= config.still)
        clips[~moving] = clips[~moving][:, 1:2].expand(-1, clips.shape[1], -1, -1, -1)
        candidates = self._choose(drawn, rng)
        apart = distances(drawn, candidates, config.rad_per_mps * moving.float())
        target = (-0.5 * (apart / NEAR_RAD) ** 2).softmax(1)
        described = drawn.described()
        for module in self._modules.values():
            module.train()
        with fast_autocast("cpu"):
            features = self._features(self._images(clips, stretch))
            codes, read = self.pictures.code(features), self.reading(features)
            places = self.poses(candidates.described())
        logits = (codes.float() @ places.float().T).log_softmax(1)
        # The entropy of the target is no matter of the coders.
        matching = (target * (target.clamp_min(1e-9).log() - logits)).sum(1).mean()
        wanted = ((described - self._mean) / self._spread).clamp(-_WIDEST, _WIDEST)
        reading = _weighted((read.float() - wanted).square(), drawn, moving)
        loss = matching + config.reading * reading
        if not torch.isfinite(loss):
            raise DataError(f"training diverged at step {self.step}", ErrorCode.DIVERGED)
        share = warmed_up(self.step, config.warmup, config.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * share
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.step += 1
        return {"matching": matching.item(), "reading": reading.item()}

    def _features(self, images: Tensor) -> Tensor:
        """``PictureCoder.features``, where what is seen of single pictures is learnt from the
        middle ones alone: that takes 0.7 of the time.
        """
        coder = self.pictures
        if not self.config.learn_planes:
            before, now, after = self._planes(images).unbind(1)
            return coder.joined(before, now, after, images)
        now = coder.planes(images[:, 1])
        with torch.no_grad():
            around = coder.planes(images[:, ::2].flatten(0, 1)).unflatten(0, (-1, 2))
        return coder.joined(around[:, 0], now, around[:, 1], images)

    @torch.no_grad()
    def _planes(self, images: Tensor) -> Tensor:
        """``PictureCoder.planes`` (n, 3, ...) as they are."""
        coder = self.pictures
        for part in (coder.first, coder.layer1, coder.layer2):
            part.eval()
        pictures = images.flatten(0, 1).split(_TOGETHER)
        return torch.cat([coder.planes(some) for some in pictures]).unflatten(0, (-1, 3))

    def _images(self, clips: Tensor, stretch: Tensor) -> Tensor:
        """Clips (n, 3, 3, S, S) in [0, 1], stretched by factors (n, 2), as the coder takes them
        (n, 3, 3, side, side).
        """
        fast = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else clips.dtype
        wider, taller = (
            enlarging(SIZE, self.sizes.side, factor)[:, None, None].to(fast) for factor in stretch.T
        )
        middle, width = (t.to(fast) for t in (self._middle, self._width))
        images = taller @ clips.to(fast) @ wider.mT
        images = images.clamp_(0.0, 1.0).sub_(middle).div_(width)
        images = images.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return images.unflatten(0, clips.shape[:2])

    def _choose(self, drawn: ShownPoses, rng: np.random.Generator) -> ShownPoses:
        """The poses that are drawn, some near them, and some of the robots' own."""
        config, n = self.config, len(drawn)
        share = config.others // len(self._candidates)
        own = [
            poses[torch.from_numpy(rng.integers(len(poses), size=share))]
            for poses in self._candidates
        ]
        rows = torch.arange(n).repeat(config.near)
        segments = drawn.angles.shape[1]
        limbs = rng.normal(size=(len(rows), segments)) * rng.uniform(0, _NEAR_RAD, (len(rows), 1))
        reach = rng.normal(size=(len(rows), 4)) * rng.uniform(0, _NEAR_RAD, (len(rows), 1))
        faster = rng.normal(0.0, _NEAR_MPS, len(rows))
        near = drawn[rows]
        changed = ShownPoses(
            near.angles + torch.from_numpy(np.float32(limbs)),
            near.height,
            near.arms + torch.from_numpy(np.float32(reach)),
            near.speed + torch.from_numpy(np.float32(faster)),
        )
        return joined([drawn, changed, *own])

    def matcher(self, embedder_id: str, made: str = "") -> PoseMatcher:
        """What it has learnt."""
        tensors = {
            f"{name}.{key}": value.detach().clone().contiguous()
            for name in ("pictures", "poses")
            for key, value in self._modules[name].state_dict().items()
        }
        return PoseMatcher(self.sizes, tensors, embedder_id, made)


def _weighted(square: Tensor, drawn: ShownPoses, moving: Tensor) -> Tensor:
    """The mean of what can be seen: arms that there are, the speed of what moves."""
    weight = torch.ones_like(square)
    weight[~drawn.armed, ARMS] = 0.0
    weight[:, SPEED] = _SPEED_READ * moving
    return (weight * square).sum() / weight.sum()


@torch.no_grad()
def _begin_with(coder: PictureCoder, visual: nn.Module) -> None:
    """Take over a tower's layers."""
    tower: Any = visual
    layers: Any = coder
    firsts = zip(layers.first, ((tower.conv1, tower.bn1), (tower.conv2, tower.bn2)), strict=False)
    for place, (convolution, norm) in firsts:
        own, old = place[0].weight, convolution.weight
        own.mul_(0.3)
        own[: len(old)] = 0.0
        own[: len(old), : old.shape[1]] = old
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(place[1], name)[: len(old)] = getattr(norm, name)
    last, old = layers.first[2][0].weight, tower.conv3.weight
    last[:, old.shape[1] :] *= 0.1
    last[:, : old.shape[1]] = old
    layers.first[2][1].load_state_dict(tower.bn3.state_dict())
    for name in ("layer1", "layer2", "layer3"):
        own, theirs = getattr(coder, name), getattr(tower, name)
        own[: len(theirs)].load_state_dict(theirs.state_dict())
