"""The robot's own observations, found by what they look like and how that changes.

Each of N observations has the embedding g of its picture, and those of the pictures a little
before (g-) and after it (g+) in the same stretch of data. A query window (q-, q, q+) scores

    w- q-.g- + w q.g + w+ q+.g+  -  m |(q - q-) - (g - g-)|^2  -  m |(q+ - q) - (g+ - g)|^2

Neighbouring pictures are so alike that the cosines alone hardly see which way a limb moves; the
differences see nothing else. Spelled out, the score is one inner product of a vector made of the
query with (g-, g, g+, |g - g-|^2, |g+ - g|^2), which is what faiss holds: all weights are free at
query time, down to single frames. An index with a reader (``reader``) has it choose among the best,
one with pose codes (``pose_codes``) looks at what a pose matcher finds likely besides, and takes
what is most probably right.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..errors import BundleError, ErrorCode, ProjectError
from .calibration import Calibration
from .faiss_file import check_faiss_file
from .faiss_kinds import in_memory, kind_for, kind_of, make_faiss, ready, recall_against_exact
from .pose_codes import PoseCodes
from .reader import WindowReader
from .speed_share import SpeedShare
from .thumbnails import Thumbnails

OBSERVATIONS_FILE, FAISS_FILE = "observations.safetensors", "index.faiss"
WINDOW = 3
"""Frames in a window: before, now, after."""
_RECALL_QUERIES = 200
_READ = 48
"""Among so many of the best a reader chooses."""
_FORMAT = "2"
_TENSORS = ("observations", "physics", "thumbnails", "thumbnail_ends")
_ONCE = "embeddings"
"""Was in the file besides; faiss has them."""


class ObservationIndex:
    """Observations of one robot under one embedder.

    Attributes:
        observations: (N, observation_dim) float32.
        physics: (N, nq + nv) float32, what the observations show; nothing here reads it, but
            reward prompts and rehearsals need states that a simulator can be put in.
        thumbnails: N pictures.
        embedder_id: whose embeddings these are.
        window_stride_s: time between the frames of a window.
        chance_similarity: what a picture of nothing reaches, the zero of confidence.
        calibration: from similarity to the probability that the pose is right; None where no
            drawings of the robot are known.
        reader: reads what a window shows and chooses by it; None likewise.
        speed_share: how much of a true speed is found; None likewise.
        pose_codes: of the poses, by the embedder's pose matcher; None where it has none, or
            where the poses are of no figure that it knows.
        reference_size: so many of the first rows are a fair sample of the robot's data, which
            rewards are given for; the others are there to be found and imitated.
    """

    def __init__(
        self,
        observations: NDArray[np.float32],
        physics: NDArray[np.float32],
        thumbnails: Thumbnails,
        index: faiss.Index,
        embedder_id: str,
        window_stride_s: float,
        chance_similarity: float = 0.0,
        calibration: Calibration | None = None,
        reader: WindowReader | None = None,
        speed_share: SpeedShare | None = None,
        pose_codes: PoseCodes | None = None,
        reference_size: int | None = None,
    ) -> None:
        """Raises BundleError when the parts are not of one size; reference_size: all by default."""
        n = len(observations)
        sizes = {len(physics), len(thumbnails), index.ntotal, n}
        if n == 0 or len(sizes) != 1 or index.d != _width(_dim(index)):
            raise BundleError(
                f"the observation index does not fit together: {n} observations, "
                f"{len(physics)} states, {len(thumbnails)} thumbnails, "
                f"faiss has {index.ntotal} of {index.d}"
            )
        self.reference_size = n if reference_size is None else reference_size
        if not 1 <= self.reference_size <= n:
            raise BundleError(f"{self.reference_size} of {n} observations are no reference")
        self.observations, self.physics = observations, physics
        self.thumbnails = thumbnails
        self.embedder_id, self.window_stride_s = embedder_id, window_stride_s
        self.chance_similarity, self.calibration = chance_similarity, calibration
        self._index = index
        if reader is not None and (len(reader.shown), len(reader.mean)) != (n, WINDOW * self.dim):
            raise BundleError(
                f"the index's reader is of {len(reader.shown)} observations and of embeddings of "
                f"{len(reader.mean) // WINDOW}, the index of {n} and {self.dim}"
            )
        if pose_codes is not None and len(pose_codes.codes) != n:
            raise BundleError(
                f"the index has pose codes of {len(pose_codes.codes)} observations, {n} of them"
            )
        self.reader, self.speed_share, self.pose_codes = reader, speed_share, pose_codes
        self._search = in_memory(index)
        # A few thousand vectors need no second thread, and faiss brings an OpenMP of its own,
        # whose idle threads would spin against those of torch.
        faiss.omp_set_num_threads(1)

    def __len__(self) -> int:
        return len(self.observations)

    @property
    def kind(self) -> str:
        """How it is searched: "flat" (exact), "sq8", "hnsw" or "ivfpq"; see ``faiss_kinds``."""
        return kind_of(self._index)

    @property
    def dim(self) -> int:
        """Size of one frame's embedding."""
        return _dim(self._index)

    @classmethod
    def build(
        cls,
        observations: NDArray[np.float32],
        physics: NDArray[np.float32],
        windows: NDArray[np.float32],
        thumbnails: Thumbnails,
        embedder_id: str,
        window_stride_s: float,
        kind: str = "auto",
        seed: int = 0,
    ) -> ObservationIndex:
        """Makes an index of windows (N, 3, dim): embeddings before, at and after each row.

        kind: one of ``faiss_kinds.KINDS``, or "auto" by the number of rows; seed: of what is
        learnt.
        """
        if windows.ndim != 3 or windows.shape[1] != WINDOW or not np.isfinite(windows).all():
            raise ProjectError(f"windows must be finite (N, {WINDOW}, dim), got {windows.shape}")
        changes = np.square(np.diff(windows, axis=1)).sum(-1)
        flat = np.concatenate([windows.reshape(len(windows), -1), changes], axis=1)
        index = make_faiss(flat, kind_for(len(flat)) if kind == "auto" else kind, seed)
        return cls(observations, physics, thumbnails, index, embedder_id, window_stride_s)

    def subset(self, rows: NDArray[np.integer]) -> ObservationIndex:
        """An index of rows (n,) alone, all of them its reference.

        Reader and speed share stay; pose codes and what is measured with an index do not.
        """
        some = ObservationIndex.build(
            self.observations[rows],
            self.physics[rows],
            self.windows(np.asarray(rows)),
            self.thumbnails.subset(rows),
            self.embedder_id,
            self.window_stride_s,
            self.kind,
        )
        some.speed_share = self.speed_share
        if self.reader is not None:
            some.reader = replace(self.reader, shown=self.reader.shown[rows])
        return some

    def search(
        self,
        windows: NDArray[np.float32],
        weights: NDArray[np.float32],
        motion: float = 0.0,
        k: int = 1,
        seen: NDArray[np.float32] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The k observations of highest score for each query window, best first.

        Args:
            windows: (T, 3, dim) embeddings; a missing frame may hold anything finite.
            weights: (T, 3), how much each frame counts; a row sums to one, zero means missing.
            motion: m, how much the changes between the frames count.
            k: how many, at most N.
            seen: (T, d) codes of the windows by the matcher that the pose codes are of, see
                ``projection.find_windows``; None to do without.

        Returns:
            similarities (T, k), weighted means of cosines (without the changes), and rows (T, k)
            of the observations. With a reader: less what it disagrees, and best first by that;
            with pose codes likewise, and after the best one first those that are most probably
            right if it is not, see ``pose_codes``.
        """
        if windows.shape[1:] != (WINDOW, self.dim) or weights.shape != windows.shape[:2]:
            raise ProjectError(
                f"queries must be (T, {WINDOW}, {self.dim}) with weights (T, {WINDOW}); "
                f"got {windows.shape} and {weights.shape}"
            )
        if not 1 <= k <= len(self):
            raise ProjectError(f"k must lie in 1..{len(self)}, got {k}")
        if seen is None or self.pose_codes is None:
            return self._alike(windows, weights, motion, k)
        step = self.pose_codes.together(self._looked_at(k))
        parts = [slice(start, start + step) for start in range(0, len(windows), step)]
        found = [
            self._likely(self.pose_codes, windows[part], weights[part], motion, k, seen[part])
            for part in parts
        ]
        similarities, rows = (np.concatenate(some) for some in zip(*found, strict=True))
        return similarities, rows

    def _looked_at(self, k: int) -> int:
        return min(max(k, _READ), len(self))

    def _alike(
        self, windows: NDArray[np.float32], weights: NDArray[np.float32], motion: float, k: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """``search`` by embeddings, and by the reader if there is one."""
        wide = k if self.reader is None else self._looked_at(k)
        _, rows = self._search.search(_queries(windows, weights, motion), wide)
        similarities = self._similarities(windows, weights, rows)
        if self.reader is not None:
            best = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
            similarities = np.take_along_axis(similarities, best, axis=1)
            rows = np.take_along_axis(rows, best, axis=1)
        return similarities, rows

    def _likely(
        self,
        codes: PoseCodes,
        windows: NDArray[np.float32],
        weights: NDArray[np.float32],
        motion: float,
        k: int,
        seen: NDArray[np.float32],
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """``search`` with pose codes."""
        wide = self._looked_at(k)
        _, rows = self._search.search(_queries(windows, weights, motion), wide)
        poses = codes.candidates(seen, rows, wide)
        return poses.ranked(self._similarities(windows, weights, poses.rows), k)

    def _similarities(
        self,
        windows: NDArray[np.float32],
        weights: NDArray[np.float32],
        rows: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """Of rows (T, n) to windows: weighted cosines, less what a reader disagrees."""
        cosines = np.einsum("tw,twd,tkwd->tk", weights, windows, self.windows(rows))
        if self.reader is not None:
            cosines -= self.reader.disagreement(windows, weights, rows)
        return cosines.astype(np.float32)

    def windows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The embeddings (..., 3, dim) of rows (...), as rounded as the index keeps them."""
        flat = self._index.reconstruct_batch(rows.ravel())[:, : WINDOW * self.dim]
        return np.asarray(flat, np.float32).reshape(*rows.shape, WINDOW, self.dim)

    def recall(
        self, windows: NDArray[np.float32], weights: tuple[float, ...], motion: float, seed: int = 0
    ) -> float:
        """Share of the exact five best that a search finds, asked with some of its own windows.

        windows (N, 3, dim): those that it was built from; weights, motion: as in ``search``.
        """
        changes = np.square(np.diff(windows, axis=1)).sum(-1)
        flat = np.concatenate([windows.reshape(len(windows), -1), changes], axis=1)
        some = np.random.default_rng(seed).permutation(len(windows))[:_RECALL_QUERIES]
        shares = np.tile(np.asarray(weights, np.float32), (len(some), 1))
        return recall_against_exact(self._search, flat, _queries(windows[some], shares, motion))

    def save(self, folder: Path) -> None:
        """Writes ``observations.safetensors`` and ``index.faiss`` into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        calibration = {} if self.calibration is None else {"calibration": self.calibration.write()}
        share = {} if self.speed_share is None else {"speed_share": self.speed_share.write()}
        reader = {} if self.reader is None else self.reader.tensors()
        codes = {} if self.pose_codes is None else self.pose_codes.tensors()
        save_file(
            {
                **reader,
                **codes,
                "observations": np.ascontiguousarray(self.observations, dtype=np.float32),
                "physics": np.ascontiguousarray(self.physics, dtype=np.float32),
                "thumbnails": np.ascontiguousarray(self.thumbnails.data),
                "thumbnail_ends": np.ascontiguousarray(self.thumbnails.ends),
            },
            folder / OBSERVATIONS_FILE,
            metadata={
                "format": _FORMAT,
                "embedder_id": self.embedder_id,
                "window_stride_s": repr(self.window_stride_s),
                "chance_similarity": repr(self.chance_similarity),
                "reference": str(self.reference_size),
                **calibration,
                **share,
            },
        )
        faiss.write_index(self._index, str(folder / FAISS_FILE))

    @classmethod
    def load(cls, folder: Path | str) -> ObservationIndex:
        """Reads what ``save`` wrote; BundleError names the file at fault."""
        folder = Path(folder)
        for name in (OBSERVATIONS_FILE, FAISS_FILE):
            if not (folder / name).is_file():
                raise BundleError(
                    f"{folder / name} is missing: make it with 'rlzero index'",
                    ErrorCode.BUNDLE_MISSING,
                )
        path = folder / OBSERVATIONS_FILE
        try:
            with safe_open(path, framework="np") as file:
                meta = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in {*_TENSORS, *file.keys()}}
            known = {*_TENSORS, _ONCE}
            others = {name: tensor for name, tensor in tensors.items() if name not in known}
            reader, codes = WindowReader.of_tensors(others), PoseCodes.of_tensors(others)
            stride, chance = float(meta["window_stride_s"]), float(meta["chance_similarity"])
            embedder_id, version = meta["embedder_id"], meta["format"]
            curve = Calibration.read(meta["calibration"]) if "calibration" in meta else None
            share = SpeedShare.read(meta["speed_share"]) if "speed_share" in meta else None
            reference = int(meta["reference"]) if "reference" in meta else None
        except (SafetensorError, KeyError, ValueError, OSError, ProjectError) as error:
            raise BundleError(f"{path} cannot be read: {error}") from error
        if version != _FORMAT:
            raise BundleError(f"{path} has format {version}, this version reads {_FORMAT}")
        check_faiss_file(folder / FAISS_FILE)
        try:
            index = ready(faiss.read_index(str(folder / FAISS_FILE)))
        except (RuntimeError, ProjectError) as error:
            raise BundleError(f"{folder / FAISS_FILE} cannot be read: {error}") from error
        thumbnails = Thumbnails(tensors["thumbnails"], tensors["thumbnail_ends"])
        return cls(
            tensors["observations"],
            tensors["physics"],
            thumbnails,
            index,
            embedder_id,
            stride,
            chance,
            curve,
            reader,
            share,
            codes,
            reference,
        )


def _width(dim: int) -> int:
    """Numbers that faiss holds for an observation: three embeddings and two squared changes."""
    return WINDOW * dim + WINDOW - 1


def _dim(index: faiss.Index) -> int:
    return int(index.d) // WINDOW


def _queries(
    windows: NDArray[np.float32], weights: NDArray[np.float32], motion: float
) -> NDArray[np.float32]:
    """Vectors (T, 3 dim + 2) whose inner product with an entry is the score, up to a constant."""
    cosines = windows * weights[..., None]
    there = np.where(weights[:, [0, 2]] > 0, np.float32(motion), np.float32(0))
    pull = 2 * there[..., None] * np.diff(windows, axis=1)
    cosines[:, :-1] -= pull
    cosines[:, 1:] += pull
    flat = np.concatenate([cosines.reshape(len(windows), -1), -there], axis=1)
    return np.ascontiguousarray(flat, dtype=np.float32)
