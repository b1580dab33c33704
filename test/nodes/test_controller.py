"""The control step in one process: what the robot is told is what the policy says."""

import dataclasses
import threading
import time

import numpy as np
import pytest

from rlzero_ros.errors import BundleError, ErrorCode, RlzeroError
from rlzero_ros.imitate.imitator import Imitator
from rlzero_ros.imitate.latent import imitation_latent, project_to_sphere, tracking_latents
from rlzero_ros.imitate.prompts import Imitation, PromptInference, Tracking
from rlzero_ros.nodes.control_settings import ControlSettings, command_limits
from rlzero_ros.nodes.controller import Controller
from rlzero_ros.nodes.latent_worker import LatentWorker
from rlzero_ros.nodes.plan_input import Plan
from rlzero_ros.nodes.policy_setup import PolicySetup
from rlzero_ros.nodes.robot_state_input import RobotStateInput
from rlzero_ros.nodes.robot_state_messages import (
    imu_message,
    joint_state_message,
    odometry_message,
    time_message,
)
from rlzero_ros.nodes.task import Task
from rlzero_ros.robots.observation import ObservationAssembler
from rlzero_ros.robots.simulation import Simulation
from rlzero_ros.robots.walker import SPEC, model_xml
from rlzero_ros.safety import GuardState

Z = project_to_sphere(np.random.default_rng(5).normal(size=16))


@pytest.fixture(scope="module")
def setup(make_bundle):
    return PolicySetup.load(str(make_bundle()))


@pytest.fixture
def rig(setup):
    inputs = RobotStateInput(SPEC, new_stamps_only=True)
    controller = Controller(
        SPEC,
        setup.assembler,
        setup.runtime,
        inputs,
        setup.hold_z,
        ControlSettings(engage_s=0.0, plan_blend_s=0.0),
    )
    return controller, inputs


def feed(inputs, state, now_s):
    stamp = time_message(now_s)
    inputs.on_joint_states(joint_state_message(SPEC, state, stamp), now_s)
    inputs.on_imu(imu_message(SPEC, state, stamp), now_s)
    inputs.on_odom(odometry_message(SPEC, state, stamp), now_s)


def test_the_command_is_the_policys_action_on_the_simulators_state(rig, setup):
    controller, inputs = rig
    simulation = Simulation(SPEC, model_xml(), seed=3)
    rng = np.random.default_rng(0)
    now_s = 100.0
    feed(inputs, simulation.state(), now_s)
    assert controller.arm(now_s).granted
    controller.act_on(Task("plan", "walk", Z, received_s=now_s))
    for _ in range(50):
        simulation.step(rng.uniform(-1, 1, 6) * np.array(SPEC.command.upper))
        now_s += SPEC.control_period_s
        feed(inputs, simulation.state(), now_s)
        command = controller.step(now_s)
        observation = setup.assembler.observe_physics(
            simulation.data.qpos.copy(), simulation.data.qvel.copy()
        )
        expected = SPEC.scale_action(setup.runtime.act(observation, Z))
        np.testing.assert_allclose(command, expected, atol=1e-4 * max(SPEC.command.upper))


def test_a_plan_from_before_arming_is_refused(rig):
    controller, inputs = rig
    feed(inputs, Simulation(SPEC, model_xml()).state(), 10.0)
    controller.arm(10.0)
    with pytest.raises(RlzeroError, match="before the robot was armed") as refusal:
        controller.act_on(Task("old", "walk", Z, received_s=9.9))
    assert refusal.value.code == ErrorCode.NOT_ARMED


def test_the_first_command_counts_from_a_step_with_its_latent(rig):
    controller, inputs = rig
    state = Simulation(SPEC, model_xml()).state()
    feed(inputs, state, 10.0)
    controller.arm(10.0)
    controller.step(10.0)
    controller.act_on(Task("plan", "walk", Z, received_s=10.001))
    controller.published(10.002)
    assert controller.snapshot(10.002).first_command_s == 0.0
    controller.step(10.025)
    assert controller.published(10.026) == pytest.approx(0.026)
    assert controller.snapshot(10.03).first_command_s == pytest.approx(0.025)


def test_a_plan_ends_and_the_robot_holds(rig, setup):
    controller, inputs = rig
    feed(inputs, Simulation(SPEC, model_xml()).state(), 10.0)
    controller.arm(10.0)
    controller.act_on(Task("plan", "walk", Z, received_s=10.0, expires_s=10.05))
    controller.step(10.04)
    assert controller.task.plan_id == "plan"
    controller.step(10.05)
    assert controller.task.plan_id == ""
    np.testing.assert_array_equal(controller.snapshot(10.05).z, setup.hold_z)


def test_a_fault_drops_the_plan(rig):
    controller, inputs = rig
    feed(inputs, Simulation(SPEC, model_xml()).state(), 10.0)
    controller.arm(10.0)
    controller.act_on(Task("plan", "walk", Z, received_s=10.0))
    controller.step(10.2)
    snapshot = controller.snapshot(10.2)
    assert snapshot.state is GuardState.STOPPED
    assert snapshot.task.plan_id == ""


def test_positions_may_not_change_faster_than_joints_move():
    command = dataclasses.replace(
        SPEC.command, interface="position", rate_limit=(100.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    )
    spec = dataclasses.replace(SPEC, command=command, velocity_limit=(10.0,) * 6)
    expected = np.array([10.0, 1.0, 1.0, 1.0, 1.0, 1.0]) * SPEC.control_period_s * 0.5
    np.testing.assert_allclose(command_limits(spec).max_step, expected)


def test_a_step_that_hangs_is_stopped_by_the_watch_and_its_action_discarded(rig):
    controller, inputs = rig
    state = Simulation(SPEC, model_xml()).state()
    feed(inputs, state, 10.0)
    assert controller.arm(10.0).granted
    controller.act_on(Task("plan", "walk", Z, received_s=10.0))
    controller.step(10.0)
    work = controller.begin_step(10.025)
    assert work is not None
    due_s, hold = controller.watch(10.05)
    assert (due_s, hold) == (pytest.approx(10.1), False)  # the state is of 10.0
    feed(inputs, state, 10.12)
    due_s, hold = controller.watch(10.124)
    assert (due_s, hold) == (pytest.approx(10.125), False)
    due_s, hold = controller.watch(10.126)
    assert hold
    assert due_s == pytest.approx(10.126 + SPEC.control_period_s)
    snapshot = controller.snapshot(10.126)
    assert snapshot.state is GuardState.STOPPED
    assert snapshot.stop_reason == "the control loop stood still for 101 ms, more than 100 ms"
    assert snapshot.task.plan_id == ""
    damping = -np.array(SPEC.command.hold_damping) * state.joint_velocities
    np.testing.assert_allclose(controller.hold(10.126), damping)
    assert controller.reset_stop().granted
    refused = controller.arm(10.13)
    assert (refused.granted, refused.message) == (False, "the control loop stands still")
    feed(inputs, state, 11.0)
    np.testing.assert_allclose(controller.end_step(controller.think(work), 11.0), damping)
    counters = controller.snapshot(11.0).counters
    assert (counters["discarded"], counters["loop_hangs"], counters["passed"]) == (1, 1, 1)


def test_a_process_that_was_frozen_during_a_step_does_not_send_what_it_computed(rig):
    controller, inputs = rig
    state = Simulation(SPEC, model_xml()).state()
    feed(inputs, state, 10.0)
    controller.arm(10.0)
    thought = controller.think(controller.begin_step(10.0))
    feed(inputs, state, 13.0)  # what waited in the socket looks fresh
    controller.end_step(thought, 13.0)
    snapshot = controller.snapshot(13.0)
    assert snapshot.state is GuardState.STOPPED
    assert snapshot.stop_reason.startswith("the control loop stood still for 3000 ms")
    assert snapshot.counters["passed"] == 0


def test_an_input_expires_between_two_steps(rig):
    controller, inputs = rig
    feed(inputs, Simulation(SPEC, model_xml()).state(), 10.0)
    controller.arm(10.0)
    controller.step(10.09)
    due_s, hold = controller.watch(10.091)
    assert (due_s, hold) == (pytest.approx(10.1), False)
    _, hold = controller.watch(10.1001)
    assert hold
    assert controller.snapshot(10.1).stop_reason.startswith("stale state: ")


def test_a_stop_is_sent_at_once_and_an_armed_robot_is_never_held_by_the_watch(rig):
    controller, inputs = rig
    feed(inputs, Simulation(SPEC, model_xml()).state(), 10.0)
    controller.arm(10.0)
    controller.step(10.0)
    assert controller.hold(10.001) is None
    assert controller.watch(10.001)[1] is False
    controller.stop("asked to")
    assert controller.watch(10.002)[1] is True
    assert controller.hold(10.002) is not None
    assert controller.watch(10.003)[1] is False


def test_an_input_is_as_old_as_when_it_was_measured(setup):
    inputs = RobotStateInput(SPEC, True, latency_s=0.02)
    feed(inputs, Simulation(SPEC, model_xml()).state(), 10.0)
    ages = inputs.reading(10.05)
    np.testing.assert_allclose(list(ages.ages_s.values()), 0.07)
    assert ages.velocities_age_s == pytest.approx(0.07)


def test_positions_stay_within_the_models_ranges():
    command = dataclasses.replace(
        SPEC.command, interface="position", lower=(-1.0,) * 6, upper=(1.0,) * 6
    )
    spec = dataclasses.replace(SPEC, command=command)
    ranges = ObservationAssembler(spec, model_xml()).joint_ranges
    limits = command_limits(spec, ranges)
    np.testing.assert_allclose(limits.lower, np.maximum(-1.0, ranges[0]))
    np.testing.assert_allclose(limits.upper, np.minimum(1.0, ranges[1]))
    assert limits.upper[1] == 0.0  # a knee does not bend backwards
    beyond = dataclasses.replace(command, lower=(0.5,) * 6)
    with pytest.raises(BundleError, match="right_knee lie outside its range"):
        command_limits(dataclasses.replace(spec, command=beyond), ranges)
    # Torques have nothing to do with ranges.
    np.testing.assert_array_equal(command_limits(SPEC, ranges).lower, SPEC.command.lower)


class Ledger:
    """What a LatentWorker says."""

    def __init__(self, bfm):
        reference = np.random.default_rng(0).normal(size=(20, SPEC.observation_dim))
        self.tasks, self.failures, self.replaced = [], [], []
        self.worker = LatentWorker(
            PromptInference(bfm, Imitator(bfm, reference, 0.0), reference),
            lambda plan, task: self.tasks.append((plan, task)),
            lambda plan, error: self.failures.append((plan, error)),
            self.replaced.append,
        )


def plan(name, steps=5, seed=0):
    rng = np.random.default_rng(seed)
    observations = rng.normal(size=(steps, SPEC.observation_dim)).astype(np.float32)
    prompt = Imitation(observations) if steps else None
    return Plan(name, "walk", prompt, time.monotonic(), time.monotonic() + 60.0, 0.5)


def test_latents_are_those_of_the_closed_form(setup, wait_until):
    ledger = Ledger(setup.bfm)
    sent = plan("a")
    ledger.worker.submit(sent)
    wait_until(lambda: ledger.tasks)
    ledger.worker.close()
    task = ledger.tasks[0][1]
    np.testing.assert_allclose(task.z, imitation_latent(setup.bfm, sent.prompt.observations))
    assert (task.plan_id, task.confidence) == ("a", 0.5)
    assert task.imitate_s > 0


def test_a_plan_said_again_while_it_is_thought_about_is_answered_once(setup, wait_until):
    """The defect: "a newer plan came" of itself, and a robot that acted on it all the same."""
    ledger, begun, go_on = Ledger(setup.bfm), threading.Event(), threading.Event()
    latents = ledger.worker._inference.latents

    def slow(prompt):
        begun.set()
        assert go_on.wait(20.0)
        return latents(prompt)

    ledger.worker._inference.latents = slow
    for _ in range(3):
        ledger.worker.submit(plan("first"))
        assert begun.wait(20.0)
    for name in ("second", "second", "first"):
        ledger.worker.submit(plan(name))
    assert ledger.replaced == []
    ledger.worker.submit(plan("first", steps=0))  # to hold is never passed over
    assert [p.id for p in ledger.replaced] == ["second"]
    go_on.set()
    wait_until(lambda: len(ledger.tasks) == 2, 20.0, "an answer to each")
    ledger.worker.close()
    assert [task.plan_id for _, task in ledger.tasks] == ["first", ""]
    assert ledger.failures == []


def test_every_plan_is_answered_and_the_newest_comes_last(setup, wait_until):
    ledger = Ledger(setup.bfm)
    names = [f"{i}" for i in range(200)]
    for name in names[:-1]:
        ledger.worker.submit(plan(name, steps=300))
    ledger.worker.submit(plan(names[-1], steps=0))
    answered = lambda: len(ledger.tasks) + len(ledger.replaced) == 200  # noqa: E731
    wait_until(answered, 20.0, "an answer to each plan")
    ledger.worker.close()
    last_plan, last_task = ledger.tasks[-1]
    assert last_plan.id == names[-1]
    assert last_task.z is None
    assert last_task.plan_id == ""
    answers = [p.id for p, _ in ledger.tasks] + [p.id for p in ledger.replaced]
    assert sorted(answers) == sorted(names)


def test_a_plan_without_a_latent_is_told_and_the_next_one_works(setup, wait_until):
    ledger = Ledger(setup.bfm)
    broken = dataclasses.replace(plan("broken"), prompt=Imitation(np.full((3, 24), np.nan)))
    ledger.worker.submit(broken)
    wait_until(lambda: ledger.failures)
    ledger.worker.submit(plan("good"))
    wait_until(lambda: ledger.tasks)
    ledger.worker.close()
    assert ledger.failures[0][0].id == "broken"
    assert isinstance(ledger.failures[0][1], RlzeroError)


def test_a_tracked_sequence_is_followed_step_by_step(rig, setup, wait_until):
    ledger = Ledger(setup.bfm)
    sequence = np.random.default_rng(3).normal(size=(5, SPEC.observation_dim)).astype(np.float32)
    tracking = dataclasses.replace(plan("track"), prompt=Tracking(sequence, 0.05), received_s=10.0)
    ledger.worker.submit(tracking)
    wait_until(lambda: ledger.tasks)
    ledger.worker.close()
    controller, inputs = rig
    state = Simulation(SPEC, model_xml()).state()
    feed(inputs, state, 10.0)
    assert controller.arm(10.0).granted
    controller.act_on(ledger.tasks[0][1])
    latents = tracking_latents(setup.bfm, sequence, 8)
    for elapsed_s in np.arange(0.001, 1.0, SPEC.control_period_s):
        now_s, step = 10.0 + elapsed_s, min(int(elapsed_s / 0.05), len(sequence) - 1)
        feed(inputs, state, now_s)
        controller.step(now_s)
        np.testing.assert_allclose(controller.snapshot(now_s).z, latents[step], atol=1e-6)
