"""How likely a pose is, seen a short window of pictures.

The embedder sees one picture at a time and keeps a few numbers of it, so that pictures can be
compared with pictures. A pose matcher sees the three pictures of a window at once, limb by limb and
against what does not move, and gives a code that is compared with codes of poses: their inner
product is, up to a constant, the logarithm of how likely the pose is. It was trained beside an
embedder, whose first layers it began with, and lies in that one's folder.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from open_clip.modified_resnet import Bottleneck
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ProjectError

POSE_MATCHER_FILE = "pose_matcher.safetensors"
_FRAMES = 3
_BATCH = 64
_ZOOMS = (0.93, 1.0, 1.1)
"""A window's code is the mean of what is seen at these sizes, as figures come in all. Chosen on
drawings in the training styles; five sizes are little better than three."""


@dataclass(frozen=True)
class MatcherSizes:
    """shown: numbers that describe a pose. dim: of a code. side: of a picture, in pixels. deeper:
    blocks that ``layer2`` and ``layer3`` have more than a tower's. flow: channels that look at a
    window's three pictures together first; 0 for none.
    """

    shown: int
    dim: int = 64
    side: int = 96
    hidden: int = 384
    pose_hidden: int = 256
    deeper: int = 0
    flow: int = 0


class PictureCoder(nn.Module):
    """Windows (n, 3, 3, side, side) of three pictures to codes (n, dim).

    Every picture is looked at by itself first; ``motion`` adds to what is seen of the middle one
    how it changes, and ``flow``, if there is one, what is seen of the three together pixel by
    pixel: a floor may pass by less than a cell of those. ``layer1`` to ``layer3`` are those of a
    ModifiedResNet of width 16 with 1, 2 and 2 blocks, or some more; its pooling gives way to
    layers that see where in the picture everything is.
    """

    def __init__(self, sizes: MatcherSizes) -> None:
        super().__init__()

        def seen(channels: int, stride: int = 1) -> nn.Sequential:
            convolution = nn.Conv2d(channels, 16, 3, stride, 1, bias=False)
            return nn.Sequential(convolution, nn.BatchNorm2d(16), nn.ReLU())

        def further(channels: int) -> list[Bottleneck]:
            blocks = [Bottleneck(channels, channels // 4) for _ in range(sizes.deeper)]
            for block in blocks:  # at first they change nothing
                nn.init.zeros_(block.bn3.weight)
            return blocks

        self.first = nn.Sequential(seen(3, 2), seen(16), seen(16), nn.AvgPool2d(2))
        self.layer1 = nn.Sequential(Bottleneck(16, 16))
        self.layer2 = nn.Sequential(Bottleneck(64, 32, 2), Bottleneck(128, 32), *further(128))
        changed = nn.Conv2d(2 * 128, 64, 3, 1, 1, bias=False)
        self.motion = nn.Sequential(changed, nn.BatchNorm2d(64), nn.ReLU(), _silent(64))
        self.flow = _flow(sizes.flow) if sizes.flow else None
        self.layer3 = nn.Sequential(Bottleneck(128, 64, 2), Bottleneck(256, 64), *further(256))
        cells = (sizes.side // 16) ** 2
        self.head = nn.Sequential(
            *(nn.Conv2d(256, 64, 1), nn.SiLU(), nn.Flatten(), nn.Dropout(0.1)),
            *(nn.Linear(64 * cells, sizes.hidden), nn.SiLU(), nn.Dropout(0.1)),
        )
        self.code = nn.Linear(sizes.hidden, sizes.dim)

    def planes(self, pictures: Tensor) -> Tensor:
        """What is seen of single pictures (k, 3, side, side): (k, 128, side / 8, side / 8)."""
        return self.layer2(self.layer1(self.first(pictures)))

    def joined(self, before: Tensor, now: Tensor, after: Tensor, windows: Tensor) -> Tensor:
        """What the code is made of (n, hidden), from the planes of windows' pictures and these
        (n, 3, 3, side, side).
        """
        seen = now + self.motion(torch.cat(_changes(before, now, after), dim=1))
        if self.flow is not None:
            first, middle, last = windows.unbind(1)
            together = torch.cat([middle, *_changes(first, middle, last)], dim=1)
            seen = seen + self.flow(together.contiguous(memory_format=torch.channels_last))
        return self.head(self.layer3(seen))

    def features(self, windows: Tensor) -> Tensor:
        """The same from pictures (n, 3, 3, side, side)."""
        planes = self.planes(windows.flatten(0, 1)).unflatten(0, (-1, _FRAMES))
        before, now, after = planes.unbind(1)
        return self.joined(before, now, after, windows)

    def forward(self, windows: Tensor) -> Tensor:
        """Codes (n, dim)."""
        return self.code(self.features(windows))


def _changes(before: Tensor, now: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """The first and the second difference."""
    return after - before, before + after - 2.0 * now


def _flow(channels: int) -> nn.Sequential:
    """From three pictures and their colours to the planes of one."""

    def smaller(before: int, after: int, side: int) -> tuple[nn.Module, ...]:
        convolution = nn.Conv2d(before, after, side, 2, side // 2, bias=False)
        return convolution, nn.BatchNorm2d(after), nn.ReLU()

    return nn.Sequential(
        *smaller(3 * _FRAMES, channels, 5),
        *smaller(channels, 2 * channels, 3),
        *smaller(2 * channels, 4 * channels, 3),
        _silent(4 * channels),
    )


def _silent(channels: int) -> nn.Conv2d:
    """A layer that says nothing at first."""
    last = nn.Conv2d(channels, 128, 1)
    for parameter in last.parameters():
        nn.init.zeros_(parameter)
    return last


class PoseCoder(nn.Module):
    """What poses show (n, shown) to codes (n, dim)."""

    def __init__(self, sizes: MatcherSizes) -> None:
        super().__init__()
        hidden = sizes.pose_hidden
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(sizes.shown))
        self.register_buffer("spread", torch.ones(sizes.shown))
        self.net = nn.Sequential(
            *(nn.Linear(sizes.shown, hidden), nn.GELU()),
            *(nn.Linear(hidden, hidden), nn.GELU()),
            nn.Linear(hidden, sizes.dim),
        )

    def forward(self, shown: Tensor) -> Tensor:
        """Codes (n, dim)."""
        return self.net((shown - self.mean) / self.spread)


class PoseMatcher:
    """Both coders, ready to use; ``id`` changes whenever their codes would."""

    def __init__(
        self, sizes: MatcherSizes, tensors: dict[str, Tensor], embedder_id: str, made: str = ""
    ) -> None:
        """tensors: of both coders, by name. embedder_id: whose preprocessing it was trained with.

        made: by which command. Raises ProjectError when they do not fit the sizes.
        """
        self.sizes, self.embedder_id, self.made = sizes, embedder_id, made
        self._pictures, self._poses = PictureCoder(sizes), PoseCoder(sizes)
        self._tensors = {
            name: tensor.float() if tensor.is_floating_point() else tensor
            for name, tensor in tensors.items()
        }
        for prefix, coder in (("pictures.", self._pictures), ("poses.", self._poses)):
            part = {
                name.removeprefix(prefix): tensor
                for name, tensor in self._tensors.items()
                if name.startswith(prefix)
            }
            try:
                coder.load_state_dict(part)
            except RuntimeError as error:
                raise ProjectError(f"the pose matcher's layers do not fit: {error}") from error
            coder.eval()
        if not all(tensor.isfinite().all() for tensor in self._tensors.values()):
            raise ProjectError("the pose matcher has numbers that are not finite")
        digest = hashlib.sha256(f"{embedder_id} {_ZOOMS}".encode())
        for name, tensor in sorted(self._tensors.items()):
            digest.update(name.encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        self.id = digest.hexdigest()[:12]

    @torch.inference_mode()
    def code_windows(
        self, images: Tensor, rows: NDArray[np.integer], whole: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Codes (n, dim) of windows.

        Args:
            images: (T, 3, side, side), as the embedder's tower takes them.
            rows: (n, 3), the pictures before, at and after each moment.
            whole: (n,), whether a window has all three; else it is as if nothing moved.
        """
        windows = torch.from_numpy(np.where(whole[:, None], rows, rows[:, 1:2]))
        codes = [self._code(zoomed(images, zoom), windows) for zoom in _ZOOMS]
        return torch.stack(codes).mean(0).numpy()

    def _code(self, images: Tensor, windows: Tensor) -> Tensor:
        """Codes (n, dim) of windows, rows (n, 3) of images."""
        coder = self._pictures
        planes = torch.cat([coder.planes(some) for some in images.split(_BATCH)])
        codes = []
        for some in windows.split(_BATCH):
            before, now, after = (planes[pictures] for pictures in some.T)
            codes.append(coder.code(coder.joined(before, now, after, images[some])))
        return torch.cat(codes)

    @torch.inference_mode()
    def code_poses(self, shown: NDArray[np.float32]) -> NDArray[np.float32]:
        """Codes (N, dim) of what poses show (N, shown)."""
        return self._poses(torch.from_numpy(np.ascontiguousarray(shown, np.float32))).numpy()

    def tensors(self) -> dict[str, Tensor]:
        """Of both coders, by name."""
        return dict(self._tensors)

    def save(self, folder: Path) -> None:
        """Writes it beside the image tower, in half precision.

        Raises ProjectError where that cannot be; what was there stays.
        """
        tensors = {
            name: (t.half() if t.is_floating_point() else t).contiguous()
            for name, t in self._tensors.items()
        }
        sizes = " ".join(str(v) for v in vars(self.sizes).values())
        meta = {"embedder_id": self.embedder_id, "sizes": sizes, "made": self.made}
        partial = folder / f".{POSE_MATCHER_FILE}.tmp"
        try:
            save_file(tensors, partial, metadata=meta)
            partial.replace(folder / POSE_MATCHER_FILE)
        except (SafetensorError, OSError) as error:
            partial.unlink(missing_ok=True)
            raise ProjectError(f"cannot write {folder / POSE_MATCHER_FILE}: {error}") from error

    @classmethod
    def load(cls, folder: Path) -> PoseMatcher:
        """Reads what ``save`` wrote; ProjectError names the file at fault."""
        path = folder / POSE_MATCHER_FILE
        try:
            with safe_open(path, framework="pt") as file:
                meta = file.metadata() or {}
                sizes = MatcherSizes(*map(int, meta["sizes"].split()))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return cls(sizes, tensors, meta["embedder_id"], meta.get("made", ""))
        except (SafetensorError, KeyError, OSError, TypeError, ValueError, ProjectError) as error:
            raise ProjectError(f"{path} cannot be read: {error}") from error


def zoomed(images: Tensor, zoom: float) -> Tensor:
    """Pictures (T, 3, side, side) of which what is in the middle is so many times as large.

    They keep their size: what is outside is cut off, what is missing is like the edge.
    """
    side = images.shape[-1]
    other = int(side * zoom)
    if other == side:
        return images
    scaled = functional.interpolate(images, (other, other), mode="bicubic", antialias=True)
    before = abs(side - other) // 2
    if other > side:
        return scaled[..., before : before + side, before : before + side].contiguous()
    after = side - other - before
    return functional.pad(scaled, (before, after, before, after), mode="replicate")
