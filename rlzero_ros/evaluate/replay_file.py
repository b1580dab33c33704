"""A recording replayed: its control events, and the latents of its plans."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import BundleError, DataError, ErrorCode
from ..nodes.policy_setup import PolicySetup
from .control_events import event_of
from .mcap_file import McapReader
from .replay import Replay, ReplayReport


def replay_file(path: Path, bundle: str | None = None) -> ReplayReport:
    """Replay a recording with the bundle that it names, or another place where that one lies.

    Raises:
        RlzeroError: if the file, its bundle or its beginning are missing, or do not fit.
    """
    reader = McapReader(path, ("control_events", "plan"))
    replay: Replay | None = None
    plans: dict[str, NDArray[np.float32]] = {}
    latents: dict[str, NDArray[np.float32]] = {}
    for record in reader:
        if replay is None:
            replay = Replay(_setup_for(reader.metadata, bundle))
        message = record.message
        if record.topic == "plan":
            rows = np.array(message.observations, dtype=np.float32)
            plans[message.id] = rows.reshape(-1, message.observation_dim or 1)
            continue
        event = event_of(message)
        if event.task is not None and event.task.plan_id and event.task.z is not None:
            latents[event.task.plan_id] = event.task.z
        replay.feed(event)
    if replay is None or not replay.report.steps:
        raise DataError(f"{path} holds no control steps: was policy_node active while it was made?")
    report = replay.report
    report.cut = reader.cut
    for plan_id in plans.keys() & latents.keys():
        report.latents += 1
        again = replay.latent(plans[plan_id])
        report.latents_differing += again.tobytes() != latents[plan_id].tobytes()
    return report


def _setup_for(metadata: Mapping[str, str], bundle: str | None) -> PolicySetup:
    recorded = metadata.get("bundle_id", "")
    setup = PolicySetup.load(bundle or metadata.get("bundle", ""))
    if setup.bundle_id != recorded:
        raise BundleError(
            f"recorded with bundle {recorded}, this one is {setup.bundle_id}: name the bundle that "
            "was used then with --bundle",
            ErrorCode.BUNDLE_MISMATCH,
        )
    return setup
