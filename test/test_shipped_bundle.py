"""The bundles and the models in the repository: a sentence moves a robot, judged by physics."""

import numpy as np
import pytest

from rlzero_ros.bundle import Bundle
from rlzero_ros.imagine.registry import load_imaginer
from rlzero_ros.imitate.runtime import PolicyRuntime
from rlzero_ros.pipeline import Pipeline
from rlzero_ros.robots.observation import ObservationAssembler
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation


@pytest.fixture(scope="module")
def bundle():
    return Bundle.load("walker")


@pytest.fixture(scope="module")
def pipeline(bundle):
    return Pipeline(bundle, load_imaginer("storyboard"))


def act(bundle, z, seconds=8.0, late=0, noise=(0.0, 0)):
    """Base heights (m) and forward positions (m) over the second half, from the default pose.

    late: control periods from an observation to its action. noise: of the actions, and its seed.
    """
    scale, rng = noise[0], np.random.default_rng(noise[1])
    simulation = Simulation(bundle.spec, bundle.model_xml)
    simulation.reset(pose="default")
    assembler = ObservationAssembler(bundle.spec, bundle.model_xml)
    policy = PolicyRuntime(bundle.bfm())
    steps = round(seconds / bundle.spec.control_period_s)
    path, actions = [], [np.zeros(bundle.spec.action_dim)] * late
    for _ in range(steps):
        action = policy.act(assembler.observe(simulation.state()), z)
        actions.append(np.clip(action + scale * rng.normal(size=action.shape), -1.0, 1.0))
        simulation.step(bundle.spec.scale_action(actions.pop(0)))
        path.append(simulation.state().base_position[[0, 2]])
    x, z_ = np.array(path[steps // 2 :]).T
    return z_, x


@pytest.mark.parametrize(
    ("robot", "megabytes"), [("walker", 20), ("cheetah", 25), ("quadruped", 25), ("stickman", 25)]
)
def test_it_fits_the_built_in_robot_and_a_shipped_embedder(robot, megabytes):
    bundle = Bundle.load(robot)
    Pipeline(bundle, load_imaginer("storyboard"))
    assert bundle.spec == load_robot(robot).spec
    assert (bundle.index().reader is None) == (robot in ("cheetah", "quadruped"))
    size = sum(entry["bytes"] for entry in bundle.manifest["files"].values())
    assert size < megabytes * 1e6
    assert len(bundle.manifest["origin"]["commands"]) >= 4


@pytest.mark.parametrize("seed", [0, 1])
def test_the_stickman_walks(seed):
    bundle = Bundle.load("stickman")
    pipeline = Pipeline(bundle, load_imaginer("storyboard"), variations=4)
    plan = pipeline.plan("walk forward", seed=seed)
    z = pipeline.latent(plan.projection)
    assert plan.confidence > 0.15
    # What its feet meet decides: as little as another processor's rounding is told apart.
    runs = [act(bundle, z, noise=(1e-6, run)) for run in range(5)]
    assert np.median([height.mean() for height, _ in runs]) > 1.0
    assert np.median([x[-1] - x[0] for _, x in runs]) > 4.0 * 0.5


@pytest.mark.parametrize("seed", [0, 1])
def test_lying_down_is_low(bundle, pipeline, seed):
    height, _ = act(bundle, pipeline.latent(pipeline.plan("lie down", seed=seed).projection))
    assert height.mean() < 0.35


@pytest.mark.parametrize("late", [0, 1])
def test_holding_is_standing_still(bundle, late):
    # Late as well: a hold chosen without delay walked off backwards through the nodes.
    height, x = act(bundle, bundle.hold_latent, late=late)
    assert height.min() > 1.0
    assert abs(x[-1] - x[0]) < 0.4


@pytest.mark.parametrize("seed", [0, 1])
def test_running_goes_forward_upright(bundle, pipeline, seed):
    height, x = act(bundle, pipeline.latent(pipeline.plan("run", seed=seed).projection))
    assert height.mean() > 0.9
    assert x[-1] - x[0] > 4.0 * 0.5
