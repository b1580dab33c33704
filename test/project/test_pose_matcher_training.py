"""Training the pose matcher: it learns, it resumes exactly, its parts mean what they say."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import BundleError, DataError
from rlzero_ros.evaluate.retrieval import HeldoutStates
from rlzero_ros.packing import pack_with_index
from rlzero_ros.pretrain import match_poses
from rlzero_ros.pretrain import train_pose_matcher as module
from rlzero_ros.pretrain.augment import augment, augment_clips
from rlzero_ros.pretrain.checkpoint import load_checkpoint, save_checkpoint
from rlzero_ros.pretrain.dataset import DatasetInfo, create_dataset, write_shard
from rlzero_ros.pretrain.disguise import disguise
from rlzero_ros.pretrain.pose_matcher_trainer import PoseMatcherTrainer, PoseMatcherTraining
from rlzero_ros.pretrain.poses import FOUR_LEGGED, HUMAN, pose_error
from rlzero_ros.pretrain.shown_pose import ShownPoses, distances, joined, shown_count
from rlzero_ros.pretrain.training_loop import resume
from rlzero_ros.pretrain.window_ring import RobotWindows, WindowRing
from rlzero_ros.project.embedder import load_embedder
from rlzero_ros.project.pose_matcher import POSE_MATCHER_FILE, PoseMatcher
from rlzero_ros.project.projection import check_embedder
from rlzero_ros.robots.registry import load_robot

torch.set_num_threads(1)
MODELS = Path(__file__).parents[2] / "models"
SMALL = {"batch": 24, "others": 200, "slots": 96, "redrawn": 4, "warmup": 5}


@pytest.fixture(scope="module")
def robots() -> list[RobotWindows]:
    """Windows of both, as the benches know them."""
    return [
        RobotWindows.of(robot, HeldoutStates.load(robot).physics[::2])
        for robot in ("walker", "stickman")
    ]


def make_ring(robots: list[RobotWindows], step: int = 0, slots: int = 96) -> WindowRing:
    return WindowRing(robots, slots=slots, per_step=4, seed=0, step=step)


def make_trainer(robots: list[RobotWindows], **config: float | bool) -> PoseMatcherTrainer:
    training = PoseMatcherTraining(**{**SMALL, **config})  # type: ignore[arg-type]
    return PoseMatcherTrainer(training, [robot.shown for robot in robots], load_embedder().tower)


def updates(trainer: PoseMatcherTrainer, ring: WindowRing, count: int) -> list[float]:
    """The first loss of so many updates."""
    losses = []
    for _ in range(count):
        rng = np.random.default_rng(trainer.step)
        losses.append(trainer.update(*ring.sample(trainer.config.batch, rng))["matching"])
    return losses


def test_it_learns_to_tell_which_poses_are_likely(robots: list[RobotWindows]) -> None:
    trainer = make_trainer(robots, steps=60)
    losses = updates(trainer, make_ring(robots), 60)
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:3])


def test_it_learns_from_stretched_pictures(robots: list[RobotWindows]) -> None:
    trainer, plain = make_trainer(robots, steps=40, stretch=0.3), make_trainer(robots, steps=40)
    losses = updates(trainer, make_ring(robots), 40)
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:3])
    assert updates(plain, make_ring(robots), 3) != losses[:3]


def test_it_begins_with_what_the_tower_sees_of_the_middle_picture(
    robots: list[RobotWindows],
) -> None:
    coder, tower = make_trainer(robots).pictures.eval(), load_embedder().tower
    windows = torch.randn(2, 3, 3, 96, 96)
    first = tower.act1(tower.bn1(tower.conv1(windows[:, 1])))  # type: ignore[operator]
    torch.testing.assert_close(coder.first[0](windows[:, 1])[:, :8], first, atol=1e-5, rtol=0)  # type: ignore[index]
    still = windows[:, 1:2].expand(-1, 3, -1, -1, -1)
    torch.testing.assert_close(coder(windows), coder(still))


def test_it_begins_with_an_earlier_matcher(robots: list[RobotWindows], tmp_path: Path) -> None:
    earlier = make_trainer(robots, seed=3)
    updates(earlier, make_ring(robots), 2)
    earlier.matcher("pose-96-0").save(tmp_path)
    later = make_trainer(robots)
    later.begin_with(PoseMatcher.load(tmp_path))
    shown = robots[0].shown.described().numpy()[:20]
    np.testing.assert_allclose(
        later.matcher("x").code_poses(shown), earlier.matcher("x").code_poses(shown), atol=0.02
    )


@pytest.mark.parametrize("more", [{"deeper": 2}, {"flow": 4}])
def test_a_larger_matcher_begins_where_a_smaller_one_is(
    robots: list[RobotWindows], tmp_path: Path, more: dict[str, int]
) -> None:
    small = make_trainer(robots, seed=3)
    updates(small, make_ring(robots), 2)
    small.matcher("pose-96-0").save(tmp_path)
    large = make_trainer(robots, **more)
    large.begin_with(PoseMatcher.load(tmp_path))
    windows = torch.randn(2, 3, 3, 96, 96)
    with torch.no_grad():
        before, wanted = (trainer.pictures.eval()(windows) for trainer in (large, small))
    torch.testing.assert_close(before, wanted, atol=0.05, rtol=0.05)
    assert np.isfinite(updates(large, make_ring(robots), 2)).all()
    large.matcher("pose-96-0").save(tmp_path)
    assert PoseMatcher.load(tmp_path).sizes == replace(small.matcher("x").sizes, **more)
    assert not torch.equal(before, large.pictures.eval()(windows))


def test_what_is_seen_of_pictures_together_counts(robots: list[RobotWindows]) -> None:
    trainer, windows = make_trainer(robots, flow=4), torch.randn(2, 3, 3, 96, 96)
    updates(trainer, make_ring(robots), 2)
    learnt = trainer.pictures.eval()(windows)
    trainer.pictures.flow = None
    assert not torch.equal(trainer.pictures(windows), learnt)


def test_planes_that_are_not_learnt_stay_as_they_were(robots: list[RobotWindows]) -> None:
    trainer = make_trainer(robots, learn_planes=False, flow=4)
    before = {name: value.clone() for name, value in trainer.pictures.state_dict().items()}
    losses = updates(trainer, make_ring(robots), 3)
    assert np.isfinite(losses).all()
    after = trainer.pictures.state_dict()
    changed = {name.split(".")[0] for name in after if not torch.equal(before[name], after[name])}
    assert changed == {"motion", "flow", "layer3", "head", "code"}


@pytest.mark.parametrize("slots", [96, 94])
def test_the_ring_refills_as_it_was(robots: list[RobotWindows], slots: int) -> None:
    """The defect: where a step's drawings do not divide the slots, some were never drawn."""
    going, resumed = make_ring(robots, 0, slots), make_ring(robots, 31, slots)
    for step in range(1, 32):
        going.advance(step)
    np.testing.assert_array_equal(going.frames, resumed.frames)
    frames, shown = going.sample(200, np.random.default_rng(0))
    again, same = resumed.sample(200, np.random.default_rng(0))
    np.testing.assert_array_equal(frames, again)
    torch.testing.assert_close(shown.described(), same.described())
    assert 0.2 < shown.arms.isfinite().all(1).float().mean() < 0.8
    # Half of the poses are ones that the robots were in, and most of these are low.
    own = joined([robot.shown for robot in robots]).angles
    known = (shown.angles[:, None] - own[None]).abs().amax(-1).amin(-1) < 1e-6
    assert 0.3 < known.float().mean() < 0.7
    assert 0.45 < (shown.height[known] < 0.6).float().mean() < 0.85


def test_distances_are_pose_errors_and_more(robots: list[RobotWindows]) -> None:
    shown = robots[1].shown[torch.arange(30)]
    plain = ShownPoses(
        shown.angles, torch.zeros(30), torch.full((30, 4), torch.nan), torch.zeros(30)
    )
    moving = torch.full((30,), 0.05)
    error = pose_error(shown.angles.numpy()[:, None], shown.angles.numpy()[None])
    np.testing.assert_allclose(distances(plain, plain, moving).numpy(), error, atol=1e-5)
    both = distances(shown, shown, moving)
    assert both.diagonal().abs().max() < 1e-6
    assert (both >= distances(plain, plain, moving) - 1e-6).all()
    faster = ShownPoses(shown.angles, shown.height, shown.arms, shown.speed + 2.0)
    apart = distances(shown, faster, moving).diagonal()
    torch.testing.assert_close(apart, torch.full((30,), 0.1), atol=1e-5, rtol=0)
    assert distances(shown, faster, 0.0 * moving).diagonal().abs().max() < 1e-6
    turned = ShownPoses(
        shown.angles[:, [0, 4, 5, 6, 1, 2, 3]] + 2 * torch.pi,
        shown.height,
        shown.arms[:, [2, 3, 0, 1]],
        shown.speed,
    )
    assert distances(shown, turned, moving).diagonal().max() < 1e-5
    torch.testing.assert_close(turned.described(), shown.described(), atol=1e-4, rtol=0)
    assert shown.described().shape == (30, shown_count(HUMAN))


def test_windows_of_figures_on_four_legs() -> None:
    robots = [
        RobotWindows.of(r, HeldoutStates.load(r).physics[:40]) for r in ("cheetah", "quadruped")
    ]
    frames, shown = make_ring(robots).sample(60, np.random.default_rng(0))
    assert shown.described().shape == (60, shown_count(FOUR_LEGGED))
    assert not shown.armed.any()
    none = torch.zeros(60)
    plain = ShownPoses(shown.angles, none, shown.arms, none)
    error = pose_error(shown.angles.numpy()[:, None], shown.angles.numpy()[None])
    np.testing.assert_allclose(distances(plain, plain, none).numpy(), error, atol=1e-5)
    exchanged = [0, 3, 4, 1, 2, 7, 8, 5, 6]
    turned = ShownPoses(shown.angles[:, exchanged], shown.height, shown.arms, shown.speed)
    torch.testing.assert_close(turned.described(), shown.described(), atol=1e-4, rtol=0)
    # A figure that rests is drawn alike three times.
    resting = RobotWindows.of("cheetah", HeldoutStates.load("cheetah").physics[:40, [1, 1, 1]])
    frames, _ = make_ring([resting]).sample(20, np.random.default_rng(0))
    np.testing.assert_array_equal(frames[:, 0], frames[:, 2])


def test_one_picture_is_changed_as_a_clip_of_one_is() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (24, 64, 64, 3), dtype=np.uint8)
    one = augment(frames, np.random.default_rng(1))
    clips = augment_clips(frames[:, None].repeat(3, axis=1), np.random.default_rng(1))
    assert clips.shape == (24, 3, 3, 64, 64)
    # All but those with noise are the same in every picture.
    torch.testing.assert_close(clips[3:, 0], clips[3:, 2])
    torch.testing.assert_close(clips[6:, 1], one[6:])


def test_a_disguise_leaves_some_as_they_are_and_is_repeatable() -> None:
    clips = torch.rand(32, 1, 3, 64, 64).expand(-1, 3, -1, -1, -1)
    one = disguise(clips.clone(), np.random.default_rng(1))
    assert one.min() >= 0
    assert one.max() <= 1
    torch.testing.assert_close(one, disguise(clips.clone(), np.random.default_rng(1)))
    share = (one != clips).flatten(1).float().mean(1)
    assert (share == 0).sum() == 8
    assert ((share > 0) & (share < 0.05)).sum() == 8  # a part is hidden
    assert (share > 0.9).sum() == 16  # other textures


def test_robots_that_cannot_be_drawn_together_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    walker, cheetah = (str(states(tmp_path / name, name)) for name in ("walker", "cheetah"))
    for data, words in (
        ([walker, cheetah], "different kinds of figures"),
        ([str(tmp_path / "nowhere")], "nowhere"),
    ):
        told = ["--data", *data, "--run", str(tmp_path / "run"), "--windows", "20"]
        assert module.main([*told, "--model", str(MODELS / "pose-96")]) == 2
        assert words in capsys.readouterr().err


def states(folder: Path, robot: str) -> Path:
    """A dataset of held-out states, each at rest for as long as an episode is."""
    physics = HeldoutStates.load(robot).physics[:64, 1]
    spec = load_robot(robot).spec
    steps = 41
    physics = physics[:, None].repeat(steps, axis=1)
    observations = np.zeros((64, steps, spec.observation_dim), np.float32)
    actions = np.zeros((64, steps - 1, spec.action_dim), np.float32)
    info = DatasetInfo(
        robot, spec.observation_dim, spec.action_dim, physics.shape[-1], spec.control_period_s
    )
    create_dataset(folder, info)
    write_shard(folder, "test-00000", observations, actions, physics)
    return folder


def test_it_resumes_exactly(robots: list[RobotWindows], tmp_path: Path) -> None:
    going = make_trainer(robots, steps=8)
    updates(going, make_ring(robots), 3)
    save_checkpoint(tmp_path / "checkpoint.pt", going.state())
    ring = make_ring(robots)
    went_on = updates(going, ring, 3)
    state = load_checkpoint(tmp_path / "checkpoint.pt")
    assert state is not None
    resumed = make_trainer(robots, steps=8)
    resumed.load(state)
    assert resumed.step == 3
    assert updates(resumed, ring, 3) == went_on


def test_the_command_goes_on_and_leaves_a_matcher(tmp_path: Path) -> None:
    states(tmp_path / "walker", "walker")
    model = tmp_path / "pose-96"
    shutil.copytree(MODELS / "pose-96", model)
    (model / POSE_MATCHER_FILE).unlink(missing_ok=True)
    command = [sys.executable, "-m", "rlzero_ros.pretrain.train_pose_matcher"]
    command += ["--data", str(tmp_path / "walker"), "--batch", "8", "--others", "50"]
    command += ["--slots", "24", "--redrawn", "2", "--windows", "50", "--every", "2"]
    command += ["--run", str(tmp_path / "run"), "--model", str(model), "--stretch", "0.2"]
    command += ["--no-learn-planes"]
    for steps in ("4", "6"):
        subprocess.run([*command, "--steps", steps], check=True, capture_output=True)
    lines = (tmp_path / "run" / "progress.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4, 6]
    assert all(0.0 <= json.loads(line)["walker"] <= 1.0 for line in lines)
    matcher = load_embedder(str(model)).matcher
    assert matcher is not None
    assert matcher.made.endswith("--steps 6")


def test_options_out_of_bounds_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for name, value, words in (
        ("--stretch", "-0.1", "0 to 1"),
        ("--stretch", "1.5", "0 to 1"),
        ("--stretch", "nan", "0 to 1"),
        ("--flow", "-1", "0 to 64"),
        ("--deeper", "9", "0 to 8"),
    ):
        with pytest.raises(SystemExit):
            module.main(["--data", "x", "--run", "y", name, value])
        assert f"{name}: {words}" in capsys.readouterr().err


def test_a_checkpoint_of_other_sizes_is_one_clear_error(
    robots: list[RobotWindows], tmp_path: Path
) -> None:
    """The defect: it was torch's error, with a page of layers."""
    state = make_trainer(robots).state()
    state["poses"] = {name: tensor[:-1] for name, tensor in state["poses"].items() if tensor.ndim}
    save_checkpoint(tmp_path / "checkpoint.pt", state)
    with pytest.raises(DataError, match="of another training") as caught:
        resume(make_trainer(robots), tmp_path / "checkpoint.pt")
    assert len(caught.value.message) < 400
    assert resume(make_trainer(robots), tmp_path / "nowhere.pt") is None


def test_a_bundle_is_given_the_codes_of_another_matcher(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The defect: it was refused because its codes were of another matcher."""
    bundle, embedder = Bundle.load("walker"), load_embedder()
    index = bundle.index()
    assert index.pose_codes is not None
    codes = index.pose_codes.codes
    index.pose_codes = replace(index.pose_codes, matcher_id="another", codes=codes[::-1].copy())
    index.save(tmp_path / "index")
    old = pack_with_index(bundle, tmp_path / "index", tmp_path / "old", "a test")
    with pytest.raises(BundleError, match="match_poses"):
        check_embedder(embedder, old.index())
    told = ["--data", str(states(tmp_path / "walker", "walker")), "--bundle", str(old.path)]
    assert match_poses.main([*told, "--out", str(tmp_path / "new")]) == 0, capsys.readouterr().err
    new = Bundle.load(str(tmp_path / "new")).index()
    check_embedder(embedder, new)
    assert new.pose_codes is not None
    np.testing.assert_array_equal(new.pose_codes.codes, codes)
    np.testing.assert_array_equal(new.observations, index.observations)
