"""The twin does what the simulator does, and says what strains a robot."""

import dataclasses

import mujoco
import numpy as np
import pytest

from rlzero_ros.errors import CommandError, ErrorCode
from rlzero_ros.rehearse.twin import Twin
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation


def made(name, threads=1):
    robot = load_robot(name)
    return Twin(robot.spec, robot.model_xml, threads), Simulation(robot.spec, robot.model_xml)


def always(action):
    return lambda observations, latents: np.tile(action, (len(latents), 1)).astype(np.float32)


@pytest.mark.parametrize("name", ["walker", "cheetah", "quadruped"])
def test_it_moves_as_the_simulated_robot_does(name):
    twin, simulation = made(name)
    simulation.reset(pose="default")
    start = simulation.physics()
    simulation.set_physics(start)
    action = np.linspace(-0.4, 0.5, twin.spec.action_dim)
    trials = twin.try_out(always(action), np.zeros((2, 3), np.float32), start, 0.2)
    for step in range(trials.physics.shape[1]):
        simulation.step(twin.spec.scale_action(action))
        # The solver starts afresh every period in the twin: equal up to its tolerance.
        np.testing.assert_allclose(trials.physics[0, step], simulation.physics(), atol=1e-3)
    np.testing.assert_array_equal(trials.physics[0], trials.physics[1])


def test_a_late_action_lets_the_one_before_act():
    twin, simulation = made("walker")
    simulation.reset(pose="default")
    start, timestep = simulation.physics(), 0.0025
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1.0, 1.0, (8, twin.spec.action_dim))
    told = iter([*actions, *actions])

    def act(observations, latents):
        return next(told)[None].astype(np.float32)

    nothing, seconds = np.zeros((1, 3), np.float32), 8 * twin.spec.control_period_s
    late = twin.try_out(act, nothing, start, seconds, late_s=0.0075)
    punctual = twin.try_out(act, nothing, start, seconds)
    data, model = mujoco.MjData(twin._model), twin._model
    data.qpos[:], data.qvel[:] = start[: model.nq], start[model.nq :]
    for step, action in enumerate(actions):
        if step:
            mujoco.mj_step(model, data, round(0.0075 / timestep))
        data.ctrl[:] = action
        mujoco.mj_step(model, data, 10 - (round(0.0075 / timestep) if step else 0))
        np.testing.assert_allclose(
            late.physics[0, step], np.concatenate([data.qpos, data.qvel]), atol=1e-3
        )
    assert np.abs(late.physics[0, -1] - punctual.physics[0, -1]).max() > 0.05


def test_threads_change_nothing():
    one, _ = made("walker", 1)
    two, _ = made("walker", 2)
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(24, 6)).astype(np.float32)

    def act(observations, latents):
        return np.tanh(observations @ weights + latents[:, :1])

    latents = rng.normal(size=(5, 3)).astype(np.float32)
    a, b = (t.try_out(act, latents, t.default_physics(), 1.0) for t in (one, two))
    np.testing.assert_array_equal(a.physics, b.physics)
    assert not np.array_equal(a.physics[0], a.physics[1])


def test_commands_at_their_limit_and_joints_in_their_stops_are_counted():
    twin, _ = made("walker")
    nothing = np.zeros((1, 3), np.float32)
    idle = twin.try_out(always(np.zeros(6)), nothing, twin.default_physics(), 1.0)
    assert (idle.saturated[0], idle.strained[0]) == (0.0, 0.0)
    hard = twin.try_out(always(np.ones(6)), nothing, twin.default_physics(), 2.0)
    assert hard.saturated[0] == 1.0
    assert hard.strained[0] > 0.5  # legs thrown against their stops and held there
    brief = twin.try_out(always([1, 0, 0, 0, 0, 0]), nothing, twin.default_physics(), 1.0)
    assert brief.saturated[0] == pytest.approx(1 / 6)


def test_the_height_of_the_base_is_the_simulator_s():
    twin, simulation = made("quadruped")
    simulation.reset(seed=3)
    height = twin.base_height(simulation.physics()[None])[0]
    assert height == pytest.approx(simulation.state().base_position[2], abs=1e-6)


def test_a_state_comes_back_as_physics():
    twin, simulation = made("walker")
    simulation.reset(seed=4)
    state = dataclasses.replace(simulation.state())
    np.testing.assert_allclose(twin.physics_of(state), simulation.physics(), atol=1e-9)


def test_cancel_ends_it_between_simulated_seconds():
    twin, _ = made("walker")
    asked = []

    def canceled():
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(CommandError) as caught:
        twin.try_out(
            always(np.zeros(6)),
            np.zeros((2, 3), np.float32),
            twin.default_physics(),
            10.0,
            is_canceled=canceled,
        )
    assert caught.value.code == ErrorCode.CANCELED
    assert len(asked) == 3
