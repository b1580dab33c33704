"""A clock that jumps or stands still under a node that uses it (use_sim_time)."""

import time

import pytest
from faultlab.fault import GAP_MS, Table
from rosgraph_msgs.msg import Clock

from rlzero_ros.nodes.robot_state_messages import time_message

table = Table("clock")
GOES_ON = "goes on, bit for bit the same commands"


class Ticker:
    """Publishes /clock at 50 Hz, when asked."""

    def __init__(self, node):
        self.offset_s, self.rate = 0.0, 1.0
        self._began_s = time.time()
        self._publisher = node.create_publisher(Clock, "/clock", 1)
        node.create_timer(0.02, self._tick)

    def _tick(self):
        now_s = self._began_s + self.rate * (time.time() - self._began_s) + self.offset_s
        self._publisher.publish(Clock(clock=time_message(now_s)))


def jump(stage, **state):
    plan = stage.ready(plan=True)
    for name, value in state.items():
        setattr(stage.ticker, name, value)
    measured = stage.expect_unmoved(plan, time.monotonic(), last_s=1.0)
    stage.ticker.offset_s, stage.ticker.rate = 0.0, 1.0
    return measured


@table.row("/clock jumps back an hour", GOES_ON, GAP_MS)
def back(stage):
    return jump(stage, offset_s=-3600.0)


@table.row("/clock jumps ahead by less than a plan's lifetime", GOES_ON, GAP_MS)
def ahead(stage):
    return jump(stage, offset_s=30.0)


@table.row("/clock jumps ahead an hour, past the plan's end", GOES_ON, GAP_MS)
def far_ahead(stage):
    return jump(stage, offset_s=3600.0)


@table.row("/clock stands still", GOES_ON, GAP_MS)
def still(stage):
    return jump(stage, rate=0.0)


@pytest.fixture(scope="module")
def stage(theatre):
    stage = theatre.played(use_sim_time=True)
    stage.ticker = Ticker(stage.node)
    return stage


@pytest.mark.parametrize("fault", table.parameters())
def test_fault(fault, stage, judge):
    judge(fault, stage)
