"""The state machine: who may move the robot, what stops it, and how it begins."""

import numpy as np
import pytest

from rlzero_ros.safety import CommandLimits, Fault, GuardState, Reading, SafetyGuard, think

N, DIM, PERIOD_S = 3, 5, 0.025
POSE = np.array([0.1, -0.2, 0.3])
SPEED = np.array([1.0, -2.0, 0.5])
NAN = float("nan")


def make_guard(interface="effort", engage_s=0.1, rate=100.0):
    limits = CommandLimits(
        interface, np.full(N, -2.0), np.full(N, 2.0), np.full(N, rate), np.full(N, 0.1), PERIOD_S
    )
    return SafetyGuard(limits, DIM, engage_s)


def reading(age_s=0.005, positions=POSE, velocities=SPEED, **more):
    ages = {"joint_states": age_s, "imu": 0.001}
    more.setdefault("velocities_age_s", age_s)
    return Reading(ages, np.asarray(positions), np.asarray(velocities), **more)


def observe():
    return np.zeros(DIM, dtype=np.float32)


def act(_observation):
    return np.ones(N, dtype=np.float32)


def run(guard, ticks=1, state=None, observation=observe, action=act):
    return [guard.tick(state or reading(), observation, action) for _ in range(ticks)]


def armed(interface="effort", **more):
    guard = make_guard(interface, **more)
    assert guard.arm(reading()).granted
    return guard


@pytest.mark.parametrize("interface", ["effort", "position", "velocity"])
def test_nothing_is_sent_before_the_first_arming(interface):
    guard = make_guard(interface)
    assert run(guard, 3) == [None] * 3
    assert guard.final_command() is None
    assert guard.state is GuardState.DISARMED


def test_arming_engages_and_then_runs():
    guard = armed(engage_s=0.1)
    commands = np.array(run(guard, 6))
    assert guard.state is GuardState.RUNNING
    np.testing.assert_allclose(commands[:, 0], [0.15625, 0.5, 0.84375, 1, 1, 1])


def test_position_robots_engage_from_the_measured_pose():
    guard = armed("position", engage_s=1.0)
    first = run(guard)[0]
    np.testing.assert_allclose(first, POSE, atol=0.01)
    last = run(guard, 60)[-1]
    np.testing.assert_allclose(last, np.ones(N))


def test_a_measured_pose_outside_the_limits_is_clipped():
    guard = make_guard("position")
    guard.arm(reading(positions=[5.0, -5.0, 0.0]))
    assert np.array_equal(run(guard, action=None)[0], [2.0, -2.0, 0.0])


@pytest.mark.parametrize("interface", ["effort", "position", "velocity"])
def test_every_step_of_a_wild_policy_is_slewed_and_clipped(interface):
    guard = armed(interface, engage_s=0.0, rate=8.0)
    rng = np.random.default_rng(0)
    wild = [guard.last_command]
    for _ in range(200):
        wild += run(guard, action=lambda _: rng.uniform(-1e9, 1e9, N))
    steps = np.abs(np.diff(np.array(wild), axis=0))
    assert np.all(steps <= guard.limits.max_step + 1e-12)
    assert np.max(np.abs(wild)) <= 2.0
    assert guard.counters["clipped"] == 200
    assert guard.counters["slew_limited"] > 150
    assert guard.counters["passed"] == 200


@pytest.mark.parametrize(
    ("counter", "bad"),
    [
        ("stale_state", {"state": reading(age_s=0.101)}),
        ("stale_state", {"state": reading(age_s=NAN)}),
        ("stale_state", {"state": reading(age_s=np.inf)}),
        ("stale_state", {"state": Reading({}, POSE, SPEED)}),
        ("stale_state", {"state": reading(age_s=0.2, velocities_age_s=0.01)}),
        ("invalid_state", {"state": reading(fault="imu is upside down")}),
        ("invalid_state", {"state": reading(positions=[0.0, NAN, 0.0])}),
        ("invalid_state", {"state": reading(positions=[0.0, 0.0])}),
        ("invalid_state", {"state": reading(velocities=[np.inf, 0.0, 0.0])}),
        ("invalid_state", {"state": reading(base=np.array([NAN]))}),
        ("invalid_observation", {"observation": lambda: np.full(DIM, NAN)}),
        ("invalid_observation", {"observation": lambda: np.zeros(DIM + 1)}),
        ("invalid_observation", {"observation": lambda: 1 / 0}),
        ("policy_error", {"action": lambda _: [][1]}),
        ("invalid_action", {"action": lambda _: np.full(N, np.inf)}),
        ("invalid_action", {"action": lambda _: np.array([NAN, 0, 0])}),
        ("invalid_action", {"action": lambda _: np.zeros(N + 1)}),
        ("invalid_action", {"action": lambda _: None}),
    ],
)
@pytest.mark.parametrize("interface", ["effort", "position", "velocity"])
def test_every_fault_is_counted_stops_and_stays_stopped(interface, counter, bad):
    guard = armed(interface, engage_s=0.0)
    before = run(guard, 50)[-1]
    held = run(guard, **bad)[0]
    assert guard.counters[counter] == 1
    assert guard.counters["faults"] == 1
    assert guard.state is GuardState.STOPPED
    assert guard.stop_reason
    state = bad.get("state", reading())
    expected = {
        "position": before,
        "velocity": np.zeros(N),
        "effort": damping(state),
    }[interface]
    np.testing.assert_array_equal(held, expected)
    # Good inputs again: it must not move, and arming alone must not help.
    assert not guard.arm(reading()).granted
    assert all(np.array_equal(c, hold_of(guard, before)) for c in run(guard, 20))
    assert guard.state is GuardState.STOPPED
    assert guard.counters["passed"] == 50


def damping(state):
    if not state.velocities_age_s <= 0.1 or not np.all(np.isfinite(state.joint_velocities)):
        return np.zeros(N)
    return -0.1 * state.joint_velocities


def hold_of(guard, before):
    by_interface = {"position": before, "velocity": np.zeros(N), "effort": -0.1 * SPEED}
    return by_interface[guard.limits.interface]


def test_the_exception_of_a_policy_is_kept_for_the_log():
    guard = armed()
    run(guard, action=lambda _: 1 / 0)
    assert isinstance(guard.last_error, ZeroDivisionError)
    assert "division by zero" in guard.stop_reason


def test_observe_is_not_called_on_a_state_that_cannot_be_used():
    guard = armed()
    calls = []
    run(guard, state=reading(positions=[NAN] * N), observation=lambda: calls.append(1))
    assert calls == []


def test_only_reset_and_arm_lead_out_of_a_stop():
    guard = armed()
    run(guard, 10)
    assert guard.stop("operator").granted
    assert "operator" in guard.arm(reading()).message
    assert not guard.disarm().granted
    assert guard.reset_stop().granted
    assert guard.state is GuardState.DISARMED
    np.testing.assert_array_equal(run(guard)[0], -0.1 * SPEED)
    assert guard.arm(reading()).granted
    assert run(guard, 10)[-1][0] == 1.0


def test_the_first_reason_of_a_stop_stays():
    guard = armed()
    guard.stop("first")
    guard.stop("second")
    assert guard.stop_reason == "first"
    assert guard.counters["stops"] == 2


def test_a_stop_works_before_the_first_arming():
    guard = make_guard("effort")
    guard.stop("operator")
    np.testing.assert_array_equal(run(guard)[0], -0.1 * SPEED)
    assert not guard.arm(reading()).granted


def test_reset_without_a_stop_is_refused():
    guard = armed()
    assert not guard.reset_stop().granted
    assert guard.armed


@pytest.mark.parametrize(
    "state",
    [
        reading(age_s=0.2),
        reading(age_s=np.inf),
        reading(positions=[NAN] * N),
        reading(velocities=[NAN] * N),
        reading(fault="no odometry"),
    ],
)
def test_arming_needs_a_good_state(state):
    guard = make_guard()
    verdict = guard.arm(state)
    assert not verdict.granted
    assert verdict.message.startswith("the robot's state cannot be used")
    assert guard.state is GuardState.DISARMED
    assert guard.counters["arms_refused"] == 1


def test_arming_twice_changes_nothing():
    guard = armed(engage_s=0.0)
    run(guard, 5)
    assert guard.arm(reading()).granted
    assert guard.state is GuardState.RUNNING
    assert guard.counters["arms"] == 1


def test_bad_state_while_disarmed_is_no_fault():
    guard = make_guard()
    run(guard, 5, state=reading(age_s=np.inf))
    assert guard.counters["faults"] == 0
    assert guard.state is GuardState.DISARMED


def test_disarming_holds_and_arming_alone_is_enough_again():
    guard = armed("position", engage_s=0.0)
    before = run(guard, 50)[-1]
    assert guard.disarm().granted
    np.testing.assert_array_equal(run(guard, 5)[-1], before)
    assert guard.arm(reading()).granted


@pytest.mark.parametrize("interface", ["effort", "position", "velocity"])
def test_armed_without_a_policy_holds_and_a_policy_blends_in(interface):
    guard = armed(interface, engage_s=0.1)
    held = run(guard, 10, action=None)[-1]
    assert guard.state is GuardState.RUNNING
    np.testing.assert_array_equal(
        held, {"effort": -0.1 * SPEED, "position": POSE, "velocity": np.zeros(N)}[interface]
    )
    first = run(guard)[0]
    assert guard.state is GuardState.ENGAGING
    np.testing.assert_allclose(first, held + 0.15625 * (1.0 - held))


def test_the_final_command_is_safe_to_repeat_for_ever():
    guard = armed(engage_s=0.0)
    run(guard, 3)
    np.testing.assert_array_equal(guard.final_command(), np.zeros(N))


@pytest.mark.parametrize("interface", ["effort", "position", "velocity"])
def test_a_released_robot_is_not_pulled_back_to_an_old_pose(interface):
    guard = armed(interface)
    run(guard, 5)
    guard.release()
    assert run(guard, 3) == [None] * 3
    assert guard.final_command() is None
    guard.arm(reading(positions=[0.5, 0.5, 0.5]))
    if interface == "position":
        np.testing.assert_array_equal(run(guard, action=None)[0], [0.5, 0.5, 0.5])


def test_releasing_does_not_unlatch_a_stop():
    guard = armed("position")
    guard.stop("operator")
    guard.release()
    assert guard.state is GuardState.STOPPED
    assert run(guard) == [None]


def test_returned_commands_are_the_callers_own():
    guard = armed("position", engage_s=0.0)
    command = run(guard)[0]
    command[:] = 1e9
    assert np.max(run(guard, action=None)[0]) <= 2.0


@pytest.mark.parametrize("engage_s", [-1.0, NAN, np.inf])
def test_engage_time_must_be_a_time(engage_s):
    with pytest.raises(ValueError, match="engage_s"):
        make_guard(engage_s=engage_s)


@pytest.mark.parametrize("meanwhile", ["stop", "disarm", "re-arm", "trip", "expire"])
def test_an_action_that_comes_too_late_is_discarded(meanwhile):
    guard = armed("position", engage_s=0.0)
    before = run(guard, 5)[-1]
    assert guard.begin(reading(), driven=True)
    thought = think(observe, lambda _: np.full(N, -2.0), DIM, N)
    if meanwhile == "stop":
        guard.stop("asked to")
    elif meanwhile == "trip":
        guard.trip(Fault("loop_hangs", "too late"))
    elif meanwhile == "expire":
        guard.expire({"imu": 0.2})
    else:
        guard.disarm()
    if meanwhile == "re-arm":
        guard.arm(reading(positions=before))
    assert guard.finish(thought) is None
    assert guard.counters["discarded"] == 1
    np.testing.assert_array_equal(guard.hold(reading()), before)


def test_a_fault_beside_the_chain_is_counted_always_and_stops_what_is_armed():
    guard = make_guard()
    guard.trip(Fault("loop_hangs", "too late"))
    guard.expire({"imu": 9.0})
    assert guard.state is GuardState.DISARMED
    assert (guard.counters["loop_hangs"], guard.counters["faults"]) == (1, 0)
    guard.arm(reading())
    guard.expire({"imu": 0.09})
    assert guard.armed
    guard.expire({"imu": 0.11})
    assert guard.stop_reason == "stale state: imu: 110 ms old, more than 100 ms"
    assert (guard.counters["stale_state"], guard.counters["faults"]) == (1, 1)


def coupled_guard(interface, weight=0.5):
    """Two drives of three joints: the first joint, and a tendon over the other two."""
    drives = np.array([[1.0, 0.0, 0.0], [0.0, weight, -weight]])
    limits = CommandLimits(
        interface, [-1.0] * 2, [1.0] * 2, [100.0] * 2, [0.1, 1.0], PERIOD_S, drives
    )
    return SafetyGuard(limits, DIM, 0.0)


def test_a_robot_with_coupled_joints_is_held_by_its_drives():
    guard = coupled_guard("effort")
    assert guard.arm(reading()).granted
    np.testing.assert_allclose(run(guard, action=None)[0], [-0.1, 1.0])  # −kd·drives·speed, clipped
    guard = coupled_guard("position")
    assert not guard.arm(reading(positions=[0.0, 0.0])).granted
    assert guard.arm(reading()).granted
    np.testing.assert_allclose(run(guard, action=None)[0], [0.1, -0.25])
    run(guard, action=lambda _: np.ones(2))
    assert guard.state is GuardState.RUNNING


def test_velocities_that_overflow_leave_the_robot_limp():
    guard = coupled_guard("effort", weight=2.0)
    guard.arm(reading())
    guard.stop("operator")
    huge = reading(velocities=[0.0, 1.7e308, 1.7e308])
    np.testing.assert_array_equal(run(guard, state=huge)[0], [0.0, 0.0])


@pytest.mark.parametrize("drives", [[[1.0, 0.0, 0.0]], [1.0, 0.0], [[NAN, 0.0], [0.0, 1.0]]])
def test_drives_need_a_row_for_each_command(drives):
    with pytest.raises(ValueError, match="drives"):
        CommandLimits("effort", [-1.0] * 2, [1.0] * 2, [1.0] * 2, [0.1] * 2, PERIOD_S, drives)
