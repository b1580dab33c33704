"""Collection on the real walker: it runs, resumes and keeps no reward."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from rlzero_ros import cli
from rlzero_ros.errors import DataError
from rlzero_ros.pretrain.checkpoint import load_checkpoint
from rlzero_ros.pretrain.choose_skills import make_skills
from rlzero_ros.pretrain.collect import CollectConfig, Collector
from rlzero_ros.pretrain.dataset import open_dataset
from rlzero_ros.pretrain.resting_poses import resting_configurations, resting_poses
from rlzero_ros.pretrain.skills import KINDS
from rlzero_ros.pretrain.vector_environment import VectorEnvironment
from rlzero_ros.robots.observation import load_model
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation


@pytest.fixture(scope="module")
def robot():
    return load_robot("walker")


def config(steps):
    return CollectConfig(
        "skills", steps, environments=4, episode_s=1.25, random_steps=100, batch=32, hidden=32
    )


def test_collecting_resumes_without_repeating_itself(robot, tmp_path):
    Collector(robot, tmp_path, config(200)).run()
    resumed = Collector(robot, tmp_path, config(600))
    assert resumed.steps == 200
    resumed.run()
    _, shards = open_dataset(tmp_path)
    assert sum(s.transitions for s in shards) == 600
    starts = np.stack([s.observations[0, 0] for s in shards])
    assert len(np.unique(starts.round(5), axis=0)) == 3
    for shard in shards:
        assert shard.observations.shape == (4, 51, 24)
        assert np.abs(shard.actions).max() <= 1
        assert {p.name for p in (tmp_path / "shards" / shard.name).iterdir()} == {
            "observations.npy",
            "actions.npy",
            "physics.npy",
        }


@pytest.mark.parametrize("name", ["walker", "cheetah", "quadruped"])
def test_resting_poses_touch_the_floor(name):
    """MuJoCo's own contacts: one centimetre lower and something touches, one higher and nothing.

    Pins a defect: capsules were taken for boxes, and poses lay up to half a limb below the floor.
    """
    robot = load_robot(name)
    base = robot.spec.base
    simulation = Simulation(robot.spec, robot.model_xml)
    height = int(simulation.model.joint(base.z_joint or "root").qposadr[0])
    height += 2 if base.kind == "free" else 0
    nv = simulation.model.nv
    for qpos in resting_configurations(robot, 30, 0):
        on_floor = []
        for offset in (-0.01, 0.01):
            moved = np.concatenate([qpos, np.zeros(nv)])
            moved[height] += offset
            simulation.set_physics(moved)
            on_floor.append(np.any(simulation.data.contact.geom[:, 0] == 0))
        assert on_floor == [True, False]


def test_skills_reward_what_they_ask_for(robot):
    space = make_skills(robot, 0, poses=50)
    assert space.dim == 23
    still = np.zeros((1, 24), np.float32)
    still[0, 0:14:2] = 1.0
    still[0, 14] = 1.3
    rng = np.random.default_rng(0)
    move = space.sample(500, rng, np.array([1.0, 0, 0, 0]))
    rewards = space.reward(np.repeat(still, 500, 0), move)
    target = move[:, len(KINDS)]
    assert rewards[target == 0].min() > 0.99
    assert rewards[target > 2].max() < 0.5
    running = still.copy()
    running[0, 16] = 5.0
    assert space.reward(running, move[target == 0][:1]) < space.reward(
        running, np.eye(1, space.dim, 0, dtype=np.float32) + 5.0 * np.eye(1, space.dim, 4)
    )
    assert np.all((rewards >= 0) & (rewards <= 1 + 1e-6))


def test_a_cheetah_is_asked_to_run_both_ways_and_need_not_stand_tall():
    cheetah = load_robot("cheetah")
    space = make_skills(cheetah, 0, poses=50)
    move = space.sample(500, np.random.default_rng(0), np.array([1.0, 0, 0, 0]))
    target = move[:, len(KINDS)]
    assert target.min() < -9
    assert target.max() > 9
    low = np.zeros((500, 17), np.float32)
    low[:, 0], low[:, 9] = -0.3, target
    assert space.reward(low, move).min() > 0.99
    low[:, 9] = -target
    assert space.reward(low, move)[np.abs(target) > 1].max() < 0.2
    on_its_back = low.copy()
    on_its_back[:, 1], on_its_back[:, 9] = np.pi, target
    assert space.reward(on_its_back, move).max() < 0.01


@pytest.mark.parametrize("name", ["walker", "cheetah", "stickman", "quadruped"])
def test_every_pose_earns_most_by_being_there(name):
    robot = load_robot(name)
    space = make_skills(robot, 0, poses=40)
    rest = resting_poses(robot, 40, 0)
    pose = space.sample(400, np.random.default_rng(1), np.array([0, 0, 0, 1.0]))
    rewards = np.stack([space.reward(np.repeat(row[None], 400, 0), pose) for row in rest])
    assert rewards.max(0).min() > 0.999
    assert np.median(rewards) < 0.5


def test_poses_of_a_quadruped_keep_its_joints_coupled():
    quadruped = load_robot("quadruped")
    rest = resting_poses(quadruped, 60, 0)
    coupled = rest[:, 4:20].reshape(60, 4, 4)[:, :, 1:].sum(2)
    assert np.abs(coupled).max() < 1e-3
    assert rest[:, 3].min() > 0.05
    assert rest[:, 2].min() < 0.0 < 0.9 < np.median(rest[:, 2])


def test_a_free_robot_moves_in_its_own_frame_and_turns_over():
    quadruped = load_robot("quadruped")
    space = make_skills(quadruped, 0, poses=20)
    rng, k = np.random.default_rng(0), len(KINDS)
    move = space.sample(300, rng, np.array([1.0, 0, 0, 0]))
    seen = np.zeros((300, 42), np.float32)
    seen[:, 2], seen[:, 3] = 1.0, space.stand_height
    standing = space.reward(seen, move)
    seen[:, [20, 21, 25]] = move[:, k : k + 3]
    assert space.reward(seen, move).min() > 0.999
    assert standing[np.abs(move[:, k]) > 2].max() < 0.4
    seen[:, 2] = -1.0
    assert space.reward(seen, move).max() < 0.01
    spin = space.sample(300, rng, np.array([0, 0, 1.0, 0]))
    seen[:, 23:26] = 0.0
    assert space.reward(seen, spin).max() < 1e-6
    seen[:, 23:26] = spin[:, k + 7 : k + 10]
    assert space.reward(seen, spin).min() > 0.999
    seen[:, 23:26] *= -1
    assert space.reward(seen, spin).max() < 1e-6


def test_quadrupeds_are_stepped_together_as_one_alone():
    quadruped = load_robot("quadruped")
    many = VectorEnvironment(quadruped, 2, seed=3)
    many.reset()
    alone = Simulation(quadruped.spec, quadruped.model_xml, seed=3)
    assert many.physics_dim == 23 + 22
    np.testing.assert_array_equal(many.physics()[0], alone.physics())
    rng = np.random.default_rng(0)
    for _ in range(10):
        actions = rng.uniform(-1, 1, (2, 12))
        many.step(actions)
        alone.step(quadruped.spec.scale_action(actions[0]))
    np.testing.assert_allclose(many.physics()[0], alone.physics(), atol=1e-9)
    assert not np.allclose(many.physics()[1], many.physics()[0])
    assert many.observe().shape == (2, 42)


@pytest.mark.parametrize("name", ["cheetah", "quadruped"])
def test_overturned_robots_begin_in_any_orientation_and_touch_nothing(name):
    # The cheetah begins on its feet: 2 % of its data were on its back, and it could not lie there.
    robot = load_robot(name)
    environment = VectorEnvironment(robot, 48, seed=1, overturned=1.0)
    environment.reset()
    model = load_model(robot.model_xml)
    data = mujoco.MjData(model)
    uprightness, lowest = [], []
    for row in environment.physics():
        data.qpos[:], data.qvel[:] = row[: model.nq], row[model.nq :]
        mujoco.mj_forward(model, data)
        uprightness.append(data.body(robot.spec.base.body).xmat[8])
        assert not (model.geom_bodyid[data.contact.geom] == 0).any()
        data.qpos[_height_address(robot, model)] -= 0.02
        mujoco.mj_forward(model, data)
        lowest.append(data.ncon)
    assert np.mean(np.array(uprightness) < -0.5) > 0.15
    assert np.mean(np.array(lowest) > 0) > 0.9


def test_actions_come_as_late_as_each_episode_has_drawn():
    # Where a model stands by quick corrections, a few milliseconds let it fall.
    walker = load_robot("walker")
    punctual, late = VectorEnvironment(walker, 40, 7), VectorEnvironment(walker, 40, 7, late_s=0.01)
    late.reset()
    punctual.reset()
    start = punctual.physics()
    model = load_model(walker.model_xml)
    for environment in (punctual, late):
        for data, row in zip(environment._data, start, strict=True):
            mujoco.mj_resetData(model, data)
            data.qpos[:], data.qvel[:] = row[: model.nq], row[model.nq :]
    action = np.full((40, 6), 0.5)
    punctual.step(action)
    late.step(action)
    near = [
        [np.allclose(late_row, wanted, atol=1e-6) for wanted in _delayed(model, row, action[0])]
        for late_row, row in zip(late.physics(), start, strict=True)
    ]
    assert np.array(near).any(0).all()  # from 0 to 10 ms, each by some
    assert np.array(near).sum(1).min() >= 1
    np.testing.assert_allclose(
        punctual.physics()[0], next(_delayed(model, start[0], action[0])), atol=1e-9
    )


def _delayed(model, physics, action):
    """Where 0 to 4 steps without a command and the rest of a control period with it lead to."""
    for steps in range(5):
        data = mujoco.MjData(model)
        data.qpos[:], data.qvel[:] = physics[: model.nq], physics[model.nq :]
        mujoco.mj_step(model, data, steps)
        data.ctrl[:] = action
        mujoco.mj_step(model, data, 10 - steps)
        yield np.concatenate([data.qpos, data.qvel])


def test_actions_later_than_their_period_are_refused():
    with pytest.raises(DataError, match=r"0\.025 s"):
        VectorEnvironment(load_robot("walker"), 1, seed=0, late_s=0.025)


def test_otherwise_a_cheetah_begins_on_its_feet():
    environment = VectorEnvironment(load_robot("cheetah"), 16, seed=1)
    environment.reset()
    assert np.abs(environment.physics()[:, 2]).max() < 0.5


def _height_address(robot, model):
    if robot.spec.base.kind == "planar":
        return int(model.joint(robot.spec.base.z_joint).qposadr[0])
    return 2


def test_an_agent_learns_from_what_others_did(robot, tmp_path):
    """From its first step on; one that knows nothing acts at random and learns later."""
    Collector(robot, tmp_path, config(200)).run()
    blind = replace(config(200), source="blind", seed=1, noise=(0.0,), random_steps=10**6)
    learns = replace(blind, source="next", learn_from=("skills",))
    for one in (blind, learns):
        Collector(robot, tmp_path, one).run()
    first = {s.name.split("-")[0]: s.actions[:, 0] for s in open_dataset(tmp_path)[1]}
    assert np.abs(first["blind"]).mean() > 0.35  # uniform between -1 and 1: 0.5 +- 0.06
    assert np.abs(first["next"]).mean() < 0.3  # an agent that has not learned: near 0
    updates = [
        load_checkpoint(tmp_path / f"agent-{name}.pt")["updates"] for name in ("blind", "next")
    ]
    assert updates[0] == 0
    assert updates[1] == pytest.approx(100, abs=2)
    assert Collector(robot, tmp_path, replace(learns, steps=400)).steps == 200


@pytest.mark.parametrize("source", ["missing", "skills"])
def test_there_must_be_something_to_learn_from(robot, tmp_path, source):
    with pytest.raises(DataError, match=f"no other source '{source}'"):
        Collector(robot, tmp_path, replace(config(200), learn_from=(source,)))


def test_speeds_that_are_asked_for(robot):
    """All between the two alike, where otherwise a quarter rests."""
    space = make_skills(robot, 0, poses=10, speeds=(3.0, 9.0))
    weights = np.array([1.0, 0.0, 0.0, 0.0])
    speeds = space.sample(2000, np.random.default_rng(0), weights)[:, len(KINDS)]
    assert speeds.min() >= 3.0
    assert speeds.max() <= 9.0
    np.testing.assert_allclose(np.quantile(speeds, (0.25, 0.5, 0.75)), (4.5, 6.0, 7.5), atol=0.3)
    usual = make_skills(robot, 0, poses=10).sample(2000, np.random.default_rng(0), weights)
    assert 0.2 < np.mean(usual[:, len(KINDS)] == 0.0) < 0.3


@pytest.mark.parametrize(
    "option",
    [
        ("--speeds", "9,3"),
        ("--speeds", "3"),
        ("--speeds", "nan,3"),
        ("--batch", "0"),
        ("--updates-per-step", "0"),
        ("--updates-per-step", "inf"),
    ],
)
def test_options_that_make_no_sense_are_refused(option, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["collect", "--robot", "walker", *option])
    assert end.value.code == 2
    assert option[0] in capsys.readouterr().err


def test_options_of_agents_do_not_go_with_a_model(capsys):
    code = cli.main(
        ["collect", "--robot", "walker", "--model", "walker", "--learn-from", "own", "--batch", "9"]
    )
    assert code != 0
    assert "--learn-from, --batch" in capsys.readouterr().err
