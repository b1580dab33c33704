"""Whether other processes can hold this one up, by memory that it shares with them."""

from __future__ import annotations

from pathlib import Path

WARNING = (
    "Fast DDS shares memory with other nodes: one that is killed can hold up the commands for a "
    "third of a second. Set FASTDDS_BUILTIN_TRANSPORTS=UDPv4, and not "
    "ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST; see docs/reliability.md"
)


def is_used() -> bool:
    """Whether Fast DDS has opened shared memory in this process; False where nobody can tell."""
    maps = Path("/proc/self/maps")
    return maps.exists() and "/dev/shm/fastrtps" in maps.read_text(encoding="utf-8")
