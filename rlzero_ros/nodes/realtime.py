"""Real-time scheduling, where the system lets us: a robot's loop should not wait for a browser."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def make_realtime(
    priority: int, urgent: Sequence[int | None] = (), patient: Sequence[int | None] = ()
) -> str:
    """Put every thread of this process, and those that it starts, under SCHED_RR.

    All threads, since Python lets only one run at a time: one that waits for the processor while
    it holds the interpreter would keep the control loop waiting too. Those that must not wait need
    a higher priority nevertheless: Linux gives each of equals a tenth of a second in turn. For the
    same reason those that compute need a lower one: among the others are the threads of the
    middleware, which bring what the control loop needs.

    Args:
        priority: 1 (lowest) to 96; 0 for ordinary scheduling.
        urgent: numbers of threads that come before all others, each one before those named
            earlier.
        patient: numbers of threads that come after all others, and so do those they start later;
            at priority 1 they are like the others.

    Returns:
        Why it could not be done, in words for a person; an empty string if it was.
    """
    if not hasattr(os, "sched_setscheduler"):
        return "" if priority == 0 else "this system has no real-time scheduling"
    policy = os.SCHED_RR if priority else os.SCHED_OTHER
    for thread in Path("/proc/self/task").iterdir():
        try:
            number = int(thread.name)
            own = priority
            if priority and number in urgent:
                own += urgent.index(number) + 1
            elif number in patient:
                own = max(priority - 1, min(priority, 1))
            os.sched_setscheduler(number, policy, os.sched_param(own))
        except ProcessLookupError:
            continue  # it ended in the meantime
        except PermissionError:
            return (
                "not permitted; give the user an rtprio limit in /etc/security/limits.conf "
                "or the program CAP_SYS_NICE"
            )
    return ""
