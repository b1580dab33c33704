"""Goals, sequences, demonstrations and rewards by ROS: taken and refused by the rules of plans."""

import re
import sys
import time

import numpy as np
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy

from rlzero_ros.errors import ErrorCode
from rlzero_ros.evaluate.episodes import task_rewards
from rlzero_ros.imitate.kernel import Smoothing
from rlzero_ros.imitate.latent import goal_latent, reward_latent, tracking_latents
from rlzero_ros.msg import Prompt
from rlzero_ros.rehearse.imitation import ways
from rlzero_ros.rehearse.reward import weightings
from rlzero_ros.robots.registry import load_robot

NAN = float("nan")
CODE = ErrorCode
RNG = np.random.default_rng(4)
GOAL = RNG.normal(size=24).astype(np.float32)
SEQUENCE = RNG.normal(size=(60, 24)).astype(np.float32)
REWARDS = RNG.uniform(size=20).astype(np.float32)
BAD = [
    ({"id": ""}, CODE.PLAN_INVALID, "no id"),
    ({"bundle_id": "000000000000"}, CODE.BUNDLE_MISMATCH, "this node runs"),
    ({"kind": 0}, CODE.PLAN_INVALID, "none of GOAL"),
    ({"observation_dim": 23}, CODE.PLAN_INVALID, "observation_dim is 23"),
    ({"observations": [0.0] * 48}, CODE.PLAN_INVALID, "one observation, not 2"),
    ({"observations": []}, CODE.PLAN_INVALID, "one observation, not 0"),
    ({"observations": [NAN] * 24}, CODE.PLAN_INVALID, "not finite"),
    ({"confidence": NAN}, CODE.PLAN_INVALID, "within -1 and 1"),
    ({"confidence": 0.1}, CODE.LOW_SIMILARITY, "below min_confidence"),
    ({"rewards": [1.0] * 20}, CODE.PLAN_INVALID, "only a REWARD has"),
    ({"kind": Prompt.TRACKING, "observations": []}, CODE.DATA_INVALID, "empty"),
    ({"kind": Prompt.TRACKING, "observation_period_s": 0.001}, CODE.PLAN_INVALID, "period"),
    ({"kind": Prompt.TRACKING, "observation_period_s": NAN}, CODE.PLAN_INVALID, "period"),
    ({"kind": Prompt.TRACKING, "observations": [0.0] * 24 * 201}, CODE.PLAN_INVALID, "more than"),
    ({"kind": Prompt.IMITATION, "observations": []}, CODE.DATA_INVALID, "empty"),
    ({"kind": Prompt.IMITATION, "imitation_bandwidth": 1.0}, CODE.PLAN_INVALID, "no imitation_k"),
    ({"kind": Prompt.IMITATION, "imitation_kernel": "square"}, CODE.PLAN_INVALID, "kernel must be"),
    (
        {"kind": Prompt.IMITATION, "imitation_kernel": "gaussian", "imitation_bandwidth": NAN},
        CODE.PLAN_INVALID,
        "bandwidth must be",
    ),
    ({"kind": Prompt.REWARD, "observations": [0.0] * 24}, CODE.PLAN_INVALID, "brings none"),
    ({"kind": Prompt.REWARD, "observations": []}, CODE.PLAN_INVALID, "0 rewards for the 20"),
]
BAD_REWARDS = [
    ({"rewards": [NAN] * 20}, CODE.PLAN_INVALID, "not finite"),
    ({"rewards": [0.0] * 20}, CODE.DATA_INVALID, "points nowhere"),
    ({"temperature": -1.0}, CODE.PLAN_INVALID, "temperature"),
]


def is_latent(status, wanted) -> bool:
    """Whether a policy follows a latent; one that stopped has none, and ``wait_for`` says why."""
    return len(status.z) == len(wanted) and np.allclose(status.z, wanted, atol=1e-3)


@pytest.fixture
def send_prompt(ros_node, operator):
    """send_prompt(policy, id, **fields): publish a prompt, a goal unless told otherwise."""
    reliable = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    publisher = ros_node.create_publisher(Prompt, "prompt", reliable)

    def send(policy, prompt_id, lifetime_s=60.0, **fields):
        plan = operator.plan(policy.bundle.id, prompt_id, lifetime_s)
        given = {
            "kind": Prompt.GOAL,
            "observation_dim": 24,
            "observations": GOAL.tolist(),
            "confidence": 1.0,
            "command": "go there",
            **fields,
        }
        if given["kind"] == Prompt.REWARD and "observations" not in fields:
            given |= {"observations": [], "rewards": fields.get("rewards", REWARDS.tolist())}
        message = Prompt(**{"id": prompt_id, "bundle_id": policy.bundle.id, **given})
        message.header, message.valid_until = plan.header, plan.valid_until
        publisher.publish(message)

    return send


@pytest.mark.parametrize("kind", ["forward_backward", "hilp"])
def test_every_kind_of_prompt_becomes_the_latents_of_its_closed_form(
    policy, operator, send_prompt, wait_until, kind
):
    it = policy(kind=kind)
    # Before arming: reading a bundle here would silence the robot that this process plays.
    bfm, index = it.bundle.bfm(), it.bundle.index()
    reference = index.observations[: index.reference_size]
    goal, plain = goal_latent(bfm, GOAL), reward_latent(bfm, reference, REWARDS)
    imitator, rows = it.bundle.imitator(), {"observations": SEQUENCE.ravel().tolist()}
    like, narrow = imitator.latent(SEQUENCE), imitator.latent(SEQUENCE, Smoothing(0.5, "gaussian"))
    sharp, wanted = reward_latent(bfm, reference, REWARDS, 10.0), tracking_latents(bfm, SEQUENCE, 8)
    operator.run()

    def latent_of(prompt_id, **fields):
        send_prompt(it, prompt_id, **fields)
        operator.wait_for(lambda s: s.plan_id == prompt_id, prompt_id)
        time.sleep(0.3)
        operator.wait_for(lambda s: s.plan_id == prompt_id, prompt_id)
        return np.array(operator.status.z)

    np.testing.assert_allclose(latent_of("goal"), goal, atol=1e-4)
    assert operator.status.command == "go there"
    np.testing.assert_allclose(latent_of("plain", kind=Prompt.REWARD), plain, atol=1e-4)
    found = latent_of("sharp", kind=Prompt.REWARD, temperature=10.0)
    np.testing.assert_allclose(found, sharp, atol=1e-4)

    imitated = {"kind": Prompt.IMITATION, **rows}
    np.testing.assert_allclose(latent_of("like", **imitated), like, atol=1e-4)
    imitated |= {"imitation_kernel": "gaussian", "imitation_bandwidth": 0.5}
    np.testing.assert_allclose(latent_of("narrow", **imitated), narrow, atol=1e-4)

    send_prompt(it, "track", kind=Prompt.TRACKING, **rows)
    operator.wait_for(lambda s: s.plan_id == "track", "the sequence")
    seen = [(at, np.array(s.z)) for at, s in operator.statuses if s.plan_id == "track"]
    begin_s = seen[0][0]

    def latest():
        return np.array(operator.status.z)

    wait_until(lambda: np.allclose(latest(), wanted[-1], atol=1e-4), 8.0, "the last latent")
    # After the blend; the status comes ten times a second, the sequence takes 1.5 s.
    path = [
        np.array(s.z) for at, s in operator.statuses if s.plan_id == "track" and at > begin_s + 0.2
    ]
    steps = [int(np.square(wanted - z).sum(1).argmin()) for z in path]
    assert steps == sorted(steps)
    assert len(set(steps)) > 3
    assert np.square(wanted[steps] - path).sum(1).max() < 1e-4


def test_bad_prompts_are_refused_with_code_and_reason_and_change_nothing(
    policy, operator, send_prompt
):
    it = policy(min_confidence=0.3, max_plan_steps=200)
    send_prompt(it, "early")
    status = operator.wait_for(lambda s: s.rejected_plan_id == "early", "answer before arming")
    assert status.rejected_code == CODE.NOT_ARMED
    operator.run()
    rewards = [({"kind": Prompt.REWARD, **more}, code, words) for more, code, words in BAD_REWARDS]
    for number, (fields, code, words) in enumerate([*BAD, *rewards]):
        name = fields.get("id", f"bad-{number}")
        send_prompt(it, name, **{"id": name, **fields} if name else fields)
        status = operator.wait_for(
            lambda s, name=name, words=words: (
                s.rejected_plan_id == name and words in s.rejected_reason
            ),
            words,
        )
        assert status.rejected_code == code
        assert status.plan_id == ""
    send_prompt(it, "late", lifetime_s=-1.0)
    status = operator.wait_for(lambda s: s.rejected_plan_id == "late", "expired")
    assert status.rejected_code == CODE.PLAN_EXPIRED
    send_prompt(it, "short", lifetime_s=0.8)
    operator.wait_for(lambda s: s.plan_id == "short", "a good goal")
    operator.wait_for(lambda s: s.plan_id == "", "its end")


def test_the_client_turns_a_task_into_a_reward_and_hears_the_answer(
    policy, operator, node_process, tmp_path
):
    """examples/prompt_robot.py, as an operator would use it."""
    it = policy()
    bfm, index, walker = it.bundle.bfm(), it.bundle.index(), load_robot("walker")
    size = index.reference_size
    reference = index.observations[:size]
    # Before arming, as all that could silence the robot that this process plays.
    rewards = {
        task: task_rewards(walker, task, index.physics[:size]).astype(np.float32)
        for task in ("stand", "walk")
    }
    wanted = reward_latent(bfm, reference, rewards["stand"])
    operator.run()
    command = [sys.executable, "examples/prompt_robot.py", "--bundle", str(it.bundle.path)]
    client = node_process.start("client", [*command, "--task", "stand", "--temperature", "0"])
    assert client.popen.wait(180.0) == 0, client.read_log()
    operator.wait_for(lambda s: s.command == "collect stand", "the reward")
    operator.wait_for(lambda s: is_latent(s, wanted), "its latent")
    client = node_process.start("rehearsed", [*command, "--task", "walk", "--rehearse"])
    assert client.popen.wait(180.0) == 0, client.read_log()
    assert "does not say where it is" not in client.read_log()
    name = re.search(r"^(.+) earns most$", client.read_log(), re.M)[1]
    best = weightings(reference, rewards["walk"], 0)[name]
    tried = reward_latent(bfm, reference, best.rewards, best.temperature)
    operator.wait_for(lambda s: is_latent(s, tried), "what was rehearsed")
    shown = index.observations[:6]
    np.save(tmp_path / "shown.npy", shown)
    options = ["--imitate", str(tmp_path / "shown.npy"), "--rehearse"]
    client = node_process.start("imitated", [*command, *options])
    assert client.popen.wait(180.0) == 0, client.read_log()
    way = ways(it.bundle.imitator(), shown, 0)[
        re.search(r"^(.+) comes nearest$", client.read_log(), re.M)[1]
    ]
    like = it.bundle.imitator().latent(way.observations, way.smoothing)
    operator.wait_for(lambda s: is_latent(s, like), "the way that came nearest")
    operator.stop()
    client = node_process.start("late", [*command, "--task", "stand"])
    assert client.popen.wait(180.0) == 1
    assert "reset_stop" in client.read_log()
