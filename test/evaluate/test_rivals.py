"""Rivals: the rewards' formulas, the data's labels, and training where d3rlpy is installed."""

import importlib.util
import json

import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.language_suite import LanguageTask
from rlzero_ros.evaluate.rivals import NAMES, Rival, RivalOptions
from rlzero_ros.evaluate.rivals_data import choose_episodes, load_rival_data
from rlzero_ros.evaluate.rivals_labels import Labeller, roc_of_labels
from rlzero_ros.evaluate.rivals_reward import (
    cosine_reward,
    goal_baseline_reward,
    window_embeddings,
)
from rlzero_ros.evaluate.rivals_training import train
from rlzero_ros.pretrain.dataset import DatasetInfo, create_dataset, write_shard
from rlzero_ros.pretrain.vector_environment import VectorEnvironment
from rlzero_ros.robots.registry import load_robot

needs_d3rlpy = pytest.mark.skipif(
    importlib.util.find_spec("d3rlpy") is None,
    reason="d3rlpy is not installed: pip install .[rivals]",
)


def unit(*shape, seed=0):
    rows = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def test_without_the_baseline_the_reward_is_the_cosine():
    pictures, goal, baseline = unit(3, 7, 16), unit(16, seed=1), unit(16, seed=2)
    np.testing.assert_allclose(
        goal_baseline_reward(pictures, goal, baseline, 0.0),
        cosine_reward(pictures, goal),
        atol=1e-5,
    )


def test_the_baseline_hides_what_does_not_tell_the_sentences_apart():
    goal, baseline = unit(16, seed=1), unit(16, seed=2)
    line = (goal - baseline) / np.linalg.norm(goal - baseline)
    beside = unit(16, seed=3)
    beside -= (beside @ line) * line
    at_goal, off, at_baseline = goal, goal + beside, baseline
    rewards = goal_baseline_reward(np.stack([at_goal, off, at_baseline]), goal, baseline, 1.0)
    assert rewards[0] == pytest.approx(1.0)
    assert rewards[1] == pytest.approx(1.0, abs=1e-5)
    assert rewards[2] == pytest.approx(1.0 - 0.5 * np.sum((goal - baseline) ** 2), abs=1e-5)


def test_windows_look_back_within_their_episode():
    pictures = unit(2, 10, 8)
    windows = window_embeddings(pictures, frames=3, stride=2)
    mean = pictures[1, 5] + pictures[1, 3] + pictures[1, 1]
    np.testing.assert_allclose(windows[1, 5], mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_allclose(windows[:, 0], pictures[:, 0], atol=1e-6)


def test_labels_are_judged_by_the_real_reward():
    truth = np.array([[0.0, 0.9, 0.2, 1.0]])
    area, curve = roc_of_labels(np.array([[0.1, 0.8, 0.2, 0.9]]), truth)
    assert area == pytest.approx(1.0)
    assert curve[-1] == [1.0, 1.0]
    assert roc_of_labels(-truth, truth)[0] == pytest.approx(0.0)
    assert roc_of_labels(truth, np.zeros((1, 4))) is None


def test_names_are_algorithm_and_reward():
    assert {"td3", "td3_bc", "iql", "td3_goal", "iql_video"} <= set(NAMES)
    assert len(NAMES) == 9


class Brightness:
    """An embedder that sees how bright the picture's halves are."""

    id, dim = "brightness-0", 2

    def __init__(self):
        self.seen = 0

    def embed(self, frames):
        self.seen += len(frames)
        halves = np.stack([frames[:, :32].mean((1, 2, 3)), frames[:, 32:].mean((1, 2, 3))], 1)
        return (halves / np.linalg.norm(halves, axis=1, keepdims=True)).astype(np.float32)


class Sentences(Brightness):
    """The same, with two sentences for the upper and the lower half."""

    def embed_text(self, sentences):
        return np.array([[1, 0] if "up" in s else [0, 1] for s in sentences], np.float32)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """12 episodes of the walker, 6 steps each, in two shards."""
    folder = tmp_path_factory.mktemp("data") / "walker"
    robot = load_robot("walker")
    environment = VectorEnvironment(robot, 6, 0)
    create_dataset(folder, DatasetInfo("walker", 24, 6, 18, 0.025))
    rng = np.random.default_rng(0)
    for shard in range(2):
        environment.reset()
        observations, physics, actions = [environment.observe()], [environment.physics()], []
        for _ in range(6):
            actions.append(rng.uniform(-1, 1, (6, 6)))
            environment.step(actions[-1])
            observations.append(environment.observe())
            physics.append(environment.physics())
        arrays = [np.stack(a, 1) for a in (observations, actions, physics)]
        write_shard(folder, f"test-{shard:05d}", *arrays)
    return folder


def test_states_are_seen_once_and_the_choice_outlives_new_data(dataset, tmp_path):
    episodes = choose_episodes(dataset, tmp_path, 40)
    assert len(episodes) == len(set(episodes)) == 7
    embedder = Brightness()
    data = load_rival_data(dataset, episodes, embedder, tmp_path)
    assert data.transitions == 42
    assert data.observations.shape == (7, 7, 24)
    assert data.embeddings.shape == (7, 6, 2)
    assert embedder.seen == 42
    assert data.embeddings.std() > 0
    name, row = episodes[0]
    stored = np.load(dataset / "shards" / name / "physics.npy")[row]
    np.testing.assert_array_equal(data.physics[0], stored[1:])
    again = load_rival_data(dataset, choose_episodes(dataset, tmp_path, 40), embedder, tmp_path)
    assert embedder.seen == 42
    np.testing.assert_array_equal(again.embeddings, data.embeddings)
    with pytest.raises(DataError, match="delete it"):
        choose_episodes(dataset, tmp_path, 41)


def test_shards_that_are_gone_are_named(dataset, tmp_path):
    choose_episodes(dataset, tmp_path, 20)
    path = tmp_path / "episodes.json"
    choice = json.loads(path.read_text())
    choice["episodes"][0][0] = "lost-00000"
    path.write_text(json.dumps(choice))
    with pytest.raises(DataError, match="lost-00000"):
        load_rival_data(dataset, choose_episodes(dataset, tmp_path, 20), Brightness(), tmp_path)


def labeller_of(dataset, work, embedder):
    episodes = choose_episodes(dataset, work, 40)
    return Labeller(load_robot("walker"), dataset, episodes, embedder, work)


def test_labels_follow_the_sentence_and_the_kind_of_reward(dataset, tmp_path):
    labeller = labeller_of(dataset, tmp_path, Sentences())
    pictures = labeller.data.embeddings
    up = labeller.label("image", "look up", "", 0.5)
    np.testing.assert_allclose(up, pictures[..., 0], atol=1e-6)
    np.testing.assert_allclose(labeller.label("image", "low", "", 0.5), pictures[..., 1], atol=1e-6)
    video = labeller.label("video", "look up", "", 0.5)
    np.testing.assert_allclose(video, window_embeddings(pictures)[..., 0], atol=1e-6)
    goal = labeller.label("goal", "look up", "low", 1.0)
    assert goal.shape == up.shape
    assert np.corrcoef(goal.ravel(), up.ravel())[0, 1] > 0.9
    assert labeller.truth("stand").shape == (7, 6)


def test_an_embedder_without_sentences_is_no_rival(dataset, tmp_path):
    with pytest.raises(DataError, match="brightness-0"):
        labeller_of(dataset, tmp_path, Brightness())


@needs_d3rlpy
def test_a_rival_answers_a_prompt_with_a_policy(dataset, tmp_path):
    options = RivalOptions(("td3",), dataset, 40, 5, 0.5, "a robot")
    rival = Rival("td3", labeller_of(dataset, tmp_path, Sentences()), options)
    task = LanguageTask("walker", "stand", "up you go", 1000.0, 0.0)
    other = LanguageTask("walker", "stand", "lie low", 1000.0, 0.0)
    assert rival.config(task) != rival.config(other)
    prepared = rival.prepare(task, 0, np.zeros((1, 18)))
    assert prepared.policy(np.zeros((3, 24), np.float32)).shape == (3, 6)
    assert prepared.seconds > 0
    assert prepared.details["transitions"] == 42
    assert prepared.details["gradient_steps"] == 5


@needs_d3rlpy
@pytest.mark.parametrize("algorithm", ["td3", "td3_bc", "iql"])
def test_training_finds_the_rewarded_action(algorithm):
    """One step decides: the reward of the state is high where the action was +1."""
    rng = np.random.default_rng(0)
    observations = rng.normal(size=(20, 11, 3)).astype(np.float32)
    actions = rng.uniform(-1, 1, (20, 10, 1)).astype(np.float32)
    trained = train(algorithm, observations, actions, actions[..., 0], steps=300, seed=0)
    acted = trained.policy(rng.normal(size=(50, 3)).astype(np.float32))
    assert acted.shape == (50, 1)
    assert acted.mean() > 0.15
    assert np.abs(acted).max() <= 1.0
    assert trained.seconds > 0


def test_an_unknown_algorithm_is_named():
    empty = np.zeros((1, 2, 1), np.float32)
    with pytest.raises(DataError, match="sac"):
        train("sac", empty, empty[:, 1:], empty[:, 1:, 0], steps=1, seed=0)
