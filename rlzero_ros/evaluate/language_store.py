"""Results of single runs on disk, so that an interrupted benchmark goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..commands.output import write_json
from ..errors import DataError

PACKAGE_FOLDER = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RunKey:
    """One run: a task, a method, a seed, and a digest of everything else that decides the result.

    task: ``robot/task``.
    """

    task: str
    method: str
    seed: int
    config: str

    @property
    def stem(self) -> Path:
        """Where its files lie in the work folder, without their suffix."""
        return Path(self.task, f"{self.method}-{self.seed}-{self.config}")


@dataclass(frozen=True)
class RunResult:
    """What came out of it.

    returns: one for each episode, in 1000 control steps. seconds: from the sentence to a policy
    that can act. refused: why nothing was carried out, empty if it was. details: plain values.
    """

    returns: list[float]
    seconds: float
    refused: str = ""
    details: dict[str, Any] = field(default_factory=dict)


class ResultStore:
    """A work folder of results; each is one JSON file, with pictures and states beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: RunKey) -> RunResult | None:
        """The result of a run, None where it has not been run; DataError for a damaged file."""
        path = self.path(key, ".json")
        if not path.exists():
            return None
        try:
            result = RunResult(**json.loads(path.read_text(encoding="utf-8")))
            if not (result.returns and np.isfinite(result.returns).all()):
                raise ValueError("its returns are not numbers")
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f"{path} is damaged ({error}): delete it to run it again") from error
        return result

    def put(
        self,
        key: RunKey,
        result: RunResult,
        physics: NDArray[np.floating],
        strip: bytes | None = None,
    ) -> None:
        """Keep a result; physics (T, nq + nv) are states to look at, strip is a PNG."""
        path = self.path(key, ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(self.path(key, ".npy"), physics.astype(np.float32))
        if strip is not None:
            self.path(key, ".png").write_bytes(strip)
        # Last, because it says that the run is complete.
        write_json(path, asdict(result))

    def path(self, key: RunKey, suffix: str) -> Path:
        """The file of a run with this suffix."""
        stem = self.folder / key.stem
        return stem.with_name(stem.name + suffix)


@cache
def code_digest(*parts: str) -> str:
    """Ten hexadecimal digits of the sources of some rooms or modules of this package."""
    sha = hashlib.sha256()
    for part in parts:
        found = PACKAGE_FOLDER / part
        for path in sorted(found.rglob("*.py")) if found.is_dir() else [found]:
            sha.update(path.relative_to(PACKAGE_FOLDER).as_posix().encode())
            sha.update(path.read_bytes())
    return sha.hexdigest()[:10]


def config_digest(config: Mapping[str, Any]) -> str:
    """Ten hexadecimal digits of plain values, whatever their order."""
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:10]
