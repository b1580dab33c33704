"""`rlzero index` from simulated data to files, and what it says when it cannot."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rlzero_ros.bundle import Bundle
from rlzero_ros.cli import main
from rlzero_ros.packing import pack_with_index
from rlzero_ros.pretrain import extend_index
from rlzero_ros.pretrain.dataset import DatasetInfo, create_dataset, write_shard
from rlzero_ros.pretrain.windows import window_steps
from rlzero_ros.project.embedder import load_embedder
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.robots.observation import ObservationAssembler
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation

pytestmark = pytest.mark.skipif(
    "MUJOCO_GL" not in os.environ, reason="no GL library: install libegl1 or libosmesa6"
)
EPISODES, STEPS = 3, 40


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes of the walker lying about under small random torques."""
    folder = tmp_path_factory.mktemp("data")
    robot = load_robot("walker")
    simulation = Simulation(robot.spec, robot.model_xml, seed=0)
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    rng = np.random.default_rng(0)
    physics = np.empty((EPISODES, STEPS + 1, 18), np.float32)
    observations = np.empty((EPISODES, STEPS + 1, robot.spec.observation_dim), np.float32)
    actions = rng.uniform(-0.1, 0.1, (EPISODES, STEPS, 6)).astype(np.float32)
    for episode in range(EPISODES):
        simulation.reset()
        for step in range(STEPS + 1):
            physics[episode, step] = simulation.physics()
            observations[episode, step] = assembler.observe(simulation.state())
            if step < STEPS:
                simulation.step(robot.spec.scale_action(actions[episode, step]))
    create_dataset(folder, DatasetInfo("walker", observations.shape[-1], 6, 18, 0.025))
    write_shard(folder, "test-00000", observations, actions, physics)
    return folder


def test_an_index_of_simulated_states(
    dataset: Path, tmp_path: Path, model_folder: Callable[..., Path]
) -> None:
    model = model_folder("clip")
    command = ["index", "--data", str(dataset), "--embedder", str(model), "--states", "25"]
    command += ["--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")]
    assert main([*command, "--json", str(tmp_path / "report.json")]) == 0
    index = ObservationIndex.load(tmp_path / "out")
    embedder = load_embedder(str(model))
    assert index.embedder_id == embedder.id
    assert index.window_stride_s == pytest.approx(0.025 * window_steps(0.025))
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["states"] == len(index)
    assert 5 <= len(index) <= 25
    # What was embedded is what the physics beside it looks like.
    robot = load_robot("walker")
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    for observation, physics in zip(index.observations, index.physics, strict=True):
        seen = assembler.observe_physics(physics[:9], physics[9:])
        np.testing.assert_allclose(seen, observation, atol=1e-3)
    frames = np.load(tmp_path / "work" / "frames.npy")[1::3]
    kept = index.windows(np.arange(len(index)))[:, 1]
    np.testing.assert_allclose(embedder.embed(frames), kept, atol=1e-2)
    assert np.abs(index.thumbnails.decode(3).astype(int) - frames[3]).mean() < 6
    # A second index, by another embedder, needs no second rendering.
    before = (tmp_path / "work" / "frames.npy").stat().st_mtime_ns
    other = model_folder("other", seed=1)
    assert main([*command[:4], str(other), *command[5:]]) == 0
    assert (tmp_path / "work" / "frames.npy").stat().st_mtime_ns == before
    assert ObservationIndex.load(tmp_path / "out").embedder_id.startswith("other-")


def test_an_index_learns_more_of_what_the_robot_does(
    dataset: Path,
    tmp_path: Path,
    model_folder: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RLZERO_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    model = model_folder("models/clip")
    told = ["--data", str(dataset), "--embedder", str(model), "--states", "10"]
    told += ["--out", str(tmp_path / "index"), "--work", str(tmp_path / "work")]
    assert main(["index", *told]) == 0
    few = ObservationIndex.load(tmp_path / "index")
    pack_with_index(Bundle.load("walker"), tmp_path / "index", tmp_path / "few", "test")

    told = ["--data", str(dataset), "--states", "5000", "--work"]
    told += [str(tmp_path / "more"), "--bundle", str(tmp_path / "few"), "--out"]
    assert extend_index.main([*told, str(tmp_path / "many")]) == 0
    bundle = Bundle.load(tmp_path / "many")
    assert bundle.manifest["origin"]["commands"][-1].endswith(str(tmp_path / "many"))
    many = bundle.index()
    assert len(few) + 25 < len(many) <= len(few) + 5000
    assert extend_index.main([*told, str(tmp_path / "small"), "--kind", "sq8"]) == 0
    small = Bundle.load(tmp_path / "small").index()
    assert (few.kind, many.kind, small.kind) == ("flat", "flat", "sq8")
    np.testing.assert_array_equal(small.observations, many.observations)
    # The defect: rewards took their means over what was added to be found as well.
    assert many.reference_size == bundle.inference().reference_size == len(few)
    assert Bundle.load(tmp_path / "few").inference().reference_size == few.reference_size
    np.testing.assert_array_equal(many.observations[: len(few)], few.observations)
    rows = {row.tobytes() for row in many.observations}
    assert len(rows) == len(many), "an observation is there twice"
    last = len(many) - 1
    robot = load_robot("walker")
    seen = ObservationAssembler(robot.spec, robot.model_xml).observe_physics(
        many.physics[last][:9], many.physics[last][9:]
    )
    np.testing.assert_allclose(seen, many.observations[last], atol=1e-3)
    # What was embedded, and the picture that is shown, is what the physics beside it looks like.
    pictures = [np.load(tmp_path / name / "frames.npy")[1::3] for name in ("work", "more")]
    embedded = load_embedder(str(model)).embed(np.concatenate(pictures))
    np.testing.assert_allclose(many.windows(np.arange(len(many)))[:, 1], embedded, atol=1e-2)
    for row, frame in enumerate(np.concatenate(pictures)):
        assert np.abs(many.thumbnails.decode(row).astype(int) - frame).mean() < 6
    both = few.windows(np.arange(len(few))), many.windows(np.arange(len(few)))
    np.testing.assert_array_equal(*both)
    # Of what it had only some may stay, and states may come from several datasets.
    kept = [*told, str(tmp_path / "kept"), "--work", str(tmp_path / "other"), "--keep"]
    assert extend_index.main([*kept, "6", "--also", str(dataset)]) == 0
    fewer = Bundle.load(tmp_path / "kept").index()
    assert fewer.reference_size == 6
    assert len(fewer) == len(many), "what was left out is taken again, and nothing twice"
    own = {row.tobytes() for row in few.observations}
    assert {row.tobytes() for row in fewer.observations[:6]} < own
    assert {row.tobytes() for row in fewer.observations} == rows
    np.testing.assert_array_equal(
        fewer.thumbnails.decode(0),
        few.thumbnails.decode(int((few.observations == fewer.observations[0]).all(1).argmax())),
    )
    kept[kept.index(str(tmp_path / "kept"))] = str(tmp_path / "again")
    assert extend_index.main([*kept, "11"]) == 2
    assert f"a reference of {len(few)}, not 11" in capsys.readouterr().err
    # The same once more adds nothing, and another robot's data cannot be added.
    told[-2] = str(tmp_path / "many")
    assert extend_index.main([*told, str(tmp_path / "again")]) == 2
    assert "nothing that the index does not have" in capsys.readouterr().err
    create_dataset(tmp_path / "d", DatasetInfo("cheetah", 17, 6, 18, 0.01))
    assert extend_index.main([*told, str(tmp_path / "again"), "--also", str(tmp_path / "d")]) == 2
    assert "'cheetah'" in capsys.readouterr().err
    told[1] = str(tmp_path / "d")
    assert extend_index.main([*told, str(tmp_path / "again")]) == 2
    assert "'cheetah'" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_a_place_that_is_none_is_refused_before_the_work(
    dataset: Path,
    tmp_path: Path,
    model_folder: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "notes").write_text("mine")
    command = ["index", "--data", str(dataset), "--embedder", str(model_folder("clip"))]
    command += ["--out", str(tmp_path / "notes" / "index"), "--work", str(tmp_path / "work")]
    assert main(command) == 2
    assert "notes" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_it_says_why_it_cannot(
    tmp_path: Path, model_folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "out"), "--embedder", str(model_folder("clip"))]
    assert main(["index", "--data", str(tmp_path), *out]) == 2
    assert "rlzero collect" in capsys.readouterr().err
    create_dataset(tmp_path / "d", DatasetInfo("cheetah", 17, 6, 18, 0.01))
    assert main(["index", "--data", str(tmp_path / "d"), *out]) == 2
    assert "cheetah" in capsys.readouterr().err
