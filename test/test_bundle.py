"""A bundle that is damaged, or made of parts of different robots, is refused with the reason."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from rlzero_ros import manifest as mf
from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import BundleError, DataError, ErrorCode
from rlzero_ros.imitate.forward_backward import ForwardBackward
from rlzero_ros.imitate.hilp import Hilp
from rlzero_ros.imitate.latent import goal_latent, reward_latent
from rlzero_ros.imitate.prompts import Goal, Imitation, Reward, Tracking
from rlzero_ros.imitate.runtime import PolicyRuntime
from rlzero_ros.packing import pack_bundle
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.thumbnails import Thumbnails, encode_thumbnail
from rlzero_ros.robots.registry import load_robot

ROBOT = load_robot("walker")
EMBEDDER = "test-embedder-0123456789ab"
LATENT_DIM = 8


def make_index(folder: Path, observation_dim: int = ROBOT.spec.observation_dim) -> Path:
    rng = np.random.default_rng(0)
    n, dim = 20, 16
    windows = rng.normal(size=(n, 3, dim)).astype(np.float32)
    windows /= np.linalg.norm(windows, axis=-1, keepdims=True)
    picture = encode_thumbnail(np.zeros((8, 8, 3), np.uint8))
    observations = rng.normal(size=(n, observation_dim)).astype(np.float32)
    thumbnails = Thumbnails.pack([picture] * n)
    physics = np.zeros((n, 18), np.float32)
    index = ObservationIndex.build(observations, physics, windows, thumbnails, EMBEDDER, 0.05)
    index.save(folder)
    return folder


def make_bfm(
    observation_dim: int = ROBOT.spec.observation_dim, action_dim: int = ROBOT.spec.action_dim
) -> ForwardBackward:
    torch.manual_seed(0)
    return ForwardBackward(observation_dim, action_dim, LATENT_DIM, hidden=16, backward_hidden=16)


def pack(destination: Path, index_folder: Path, **changes: Any) -> Bundle:
    parts: dict[str, Any] = {
        "spec": ROBOT.spec,
        "bfm": make_bfm(),
        "index_folder": index_folder,
        "origin": {"made": "by a test"},
        "hold_z": np.ones(LATENT_DIM),
        "model_xml": ROBOT.model_xml,
    }
    return pack_bundle(destination, **{**parts, **changes})


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    return pack(folder / "walker", make_index(folder / "index")).path


def test_a_bundle_of_another_kind_of_model_answers_every_prompt(
    packed: Path, tmp_path: Path
) -> None:
    """HILP instead of forward-backward: nothing outside `imitate` knows the difference."""
    torch.manual_seed(1)
    spec = ROBOT.spec
    bfm = Hilp(spec.observation_dim, spec.action_dim, LATENT_DIM, hidden=16, metric_hidden=16)
    with torch.no_grad():
        bfm.fit_features(bfm.metric_map(torch.randn(200, spec.observation_dim)))
    bundle = pack(tmp_path / "walker", packed, bfm=bfm)
    assert bundle.manifest["bfm"]["kind"] == "hilp"
    back, observations = bundle.bfm(), bundle.index().observations
    states = torch.from_numpy(observations)
    with torch.no_grad():
        torch.testing.assert_close(back.backward_map(states), bfm.backward_map(states))
    inference, rewards = bundle.inference(), np.linspace(0, 1, 20, dtype=np.float32)
    wanted = reward_latent(bfm, observations, rewards, 10.0)
    np.testing.assert_allclose(inference.latents(Reward(rewards, 10.0)), wanted, atol=1e-4)
    z = inference.latents(Goal(observations[3]))
    np.testing.assert_allclose(z, goal_latent(bfm, observations[3]), atol=1e-4)
    assert inference.latents(Tracking(observations, 0.1)).shape == (20, LATENT_DIM)
    z = inference.latents(Imitation(observations[:4]))
    assert np.linalg.norm(z) == pytest.approx(np.sqrt(LATENT_DIM), rel=1e-5)
    assert np.abs(PolicyRuntime(back).act(observations[0], z)).max() <= 1
    with pytest.raises(DataError, match="rewards"):
        inference.latents(Reward(rewards[:5]))


@pytest.fixture
def folder(packed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(packed, tmp_path / "walker"))


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change `bundle.yaml` as somebody who also repairs its checksum."""
    manifest = yaml.safe_load((folder / mf.MANIFEST).read_text())
    change(manifest)
    manifest.pop("checksum")
    mf.write_manifest(folder, manifest)


def refusal(folder: Path) -> BundleError:
    with pytest.raises(BundleError) as caught:
        Bundle.load(folder)
    assert "\n" not in caught.value.message
    return caught.value


def test_what_was_packed_comes_back(packed: Path) -> None:
    bundle = Bundle.load(packed)
    assert bundle.spec == ROBOT.spec
    assert bundle.embedder_id == EMBEDDER
    assert bundle.model_xml is not None
    assert bundle.model_xml.read_text() == ROBOT.model_xml
    assert len(bundle.index()) == 20
    np.testing.assert_array_equal(bundle.hold_latent, np.ones(LATENT_DIM, np.float32))
    observation = torch.zeros(1, ROBOT.spec.observation_dim)
    latent = torch.ones(1, LATENT_DIM)
    torch.testing.assert_close(
        bundle.bfm().act(observation, latent), make_bfm().act(observation, latent)
    )


def test_id_names_the_content_not_the_place(packed: Path, folder: Path) -> None:
    assert Bundle.load(folder).id == Bundle.load(packed).id
    edit_manifest(folder, lambda m: m["origin"].update(made="otherwise"))
    assert Bundle.load(folder).id != Bundle.load(packed).id


@pytest.mark.parametrize("name", [*mf.REQUIRED_FILES, mf.MODEL])
@pytest.mark.parametrize("position", [0, 0.5, -1])
def test_one_flipped_bit_is_refused(folder: Path, name: str, position: float) -> None:
    data = bytearray((folder / name).read_bytes())
    data[-1 if position == -1 else int(position * len(data))] ^= 1
    (folder / name).write_bytes(data)
    error = refusal(folder)
    assert error.code == ErrorCode.BUNDLE_CORRUPT
    assert name in error.message
    assert "sha256" in error.message


def test_every_flipped_byte_of_the_manifest_is_refused(folder: Path) -> None:
    """Whatever byte of bundle.yaml changes, the bundle is refused or means just the same."""
    path = folder / mf.MANIFEST
    original = path.read_bytes()
    meaning = yaml.safe_load(original)
    for position in np.random.default_rng(0).choice(len(original), 100, replace=False):
        data = bytearray(original)
        data[position] ^= 4
        path.write_bytes(data)
        try:
            bundle = Bundle.load(folder)
        except BundleError:
            continue
        assert bundle.manifest == meaning, f"byte {position}"


@pytest.mark.parametrize("name", mf.REQUIRED_FILES)
def test_truncated_file_is_refused(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    error = refusal(folder)
    assert error.code == ErrorCode.BUNDLE_CORRUPT
    assert f"{name} has {len(data) // 2} bytes" in error.message


@pytest.mark.parametrize("name", [*mf.REQUIRED_FILES, mf.MANIFEST])
def test_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    error = refusal(folder)
    assert error.code == ErrorCode.BUNDLE_MISSING
    assert name in error.message


def test_missing_bundle_names_the_ones_there_are(tmp_path: Path, monkeypatch, folder: Path) -> None:
    shutil.copytree(folder, tmp_path / "home" / "bundles" / "somebody")
    monkeypatch.setenv("RLZERO_HOME", str(tmp_path / "home"))
    with pytest.raises(BundleError, match="somebody") as caught:
        Bundle.load("nobody")
    assert caught.value.code == ErrorCode.BUNDLE_MISSING
    assert Bundle.load("somebody").spec == ROBOT.spec


def test_other_joint_order_is_refused(folder: Path) -> None:
    edit_manifest(folder, lambda m: m["robot"]["joint_names"].reverse())
    error = refusal(folder)
    assert error.code == ErrorCode.BUNDLE_MISMATCH
    assert "joint order" in error.message


def test_other_joint_order_of_the_robot_is_refused(packed: Path) -> None:
    bundle = Bundle.load(packed)
    bundle.check_joint_names(ROBOT.spec.joint_names)
    with pytest.raises(BundleError, match="joint order") as caught:
        bundle.check_joint_names(ROBOT.spec.joint_names[::-1])
    assert caught.value.code == ErrorCode.BUNDLE_MISMATCH


def test_other_observation_layout_is_refused(folder: Path) -> None:
    edit_manifest(folder, lambda m: m["robot"]["observation"].reverse())
    error = refusal(folder)
    assert error.code == ErrorCode.BUNDLE_MISMATCH
    assert "observation layout" in error.message


def test_other_observation_size_is_refused(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="observation size"):
        Bundle.load(packed).check_observation_dim(ROBOT.spec.observation_dim + 1)
    with pytest.raises(BundleError, match="observation size") as caught:
        pack(tmp_path / "walker", make_index(tmp_path / "index", 17))
    assert caught.value.code == ErrorCode.BUNDLE_MISMATCH
    assert not (tmp_path / "walker").exists()


def test_model_with_other_actions_is_refused(tmp_path: Path) -> None:
    index = make_index(tmp_path / "index")
    with pytest.raises(BundleError, match="5 actions"):
        pack(tmp_path / "walker", index, bfm=make_bfm(action_dim=5))


def test_other_embedder_is_refused(packed: Path, folder: Path) -> None:
    bundle = Bundle.load(packed)
    bundle.check_embedder(EMBEDDER)
    with pytest.raises(BundleError, match="other-one") as caught:
        bundle.check_embedder("other-one")
    assert caught.value.code == ErrorCode.BUNDLE_MISMATCH
    edit_manifest(folder, lambda m: m.update(embedder="other-one"))
    assert "embedder differs" in refusal(folder).message


def test_edit_without_repaired_checksum_is_refused(folder: Path) -> None:
    path = folder / mf.MANIFEST
    text = path.read_text()
    edited = text.replace("upper: [100.0", "upper: [900.0")
    assert edited != text
    path.write_text(edited)
    assert "changed after packing" in refusal(folder).message


@pytest.mark.parametrize("name", ["../index.faiss", "/etc/passwd", "sub/index.faiss", "notes.txt"])
def test_names_that_are_not_a_bundles_own_are_refused(folder: Path, name: str) -> None:
    edit_manifest(folder, lambda m: m["files"].update({name: m["files"][mf.INDEX]}))
    error = refusal(folder)
    assert error.code == ErrorCode.BUNDLE_CORRUPT
    assert name in error.message


def test_device_in_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / mf.INDEX).unlink()
    (folder / mf.INDEX).symlink_to("/dev/zero")
    assert mf.INDEX in refusal(folder).message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no mapping"),
        (b"just text", "no mapping"),
        (b"- 1\n- 2", "no mapping"),
        (b"{unclosed: [", "not readable as YAML"),
        (b"\xff\xfe\x00\x01", "not readable as YAML"),
        (b"!!python/object/apply:os.system ['true']", "not readable as YAML"),
        (b"a: &x [1]\nb: *x", "aliases"),
        (b"[" * 5000, "not readable as YAML"),
        (b"#" * (mf.MAX_MANIFEST_BYTES + 1), "larger than"),
        (b"schema: 2", "update rlzero_ros"),
        (b"schema: one", "schema must be"),
        (b"schema: 1", "lacks robot"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_manifest_that_is_none_is_refused(folder: Path, content: bytes, reason: str) -> None:
    (folder / mf.MANIFEST).write_bytes(content)
    assert reason in refusal(folder).message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.pop("hold"), "lacks hold"),
        (lambda m: m.update(robot=[1]), "robot must be"),
        (lambda m: m.update(surprise=1), "surprise"),
        (lambda m: m["robot"].pop("joint_names"), "joint_names"),
        (lambda m: m["robot"]["command"].update(upper=[float("nan")] * 6), "finite"),
        (lambda m: m["hold"].update(z=[float("inf")] * 8), "finite"),
        (lambda m: m["hold"].update(z=[1.0] * 3), "differ in size"),
        (lambda m: m["hold"].update(kind="jump"), "hold.kind"),
        (lambda m: m["bfm"].update(hyperparameters={}), "observation size"),
        (lambda m: m["bfm"].update(imitation_kernel="square"), "one of gaussian, heavy_tailed"),
        (lambda m: m["files"].pop("index.faiss"), "files lacks"),
        (lambda m: m["files"]["index.faiss"].update(bytes=1 << 50), "needs bytes"),
        (lambda m: m["files"]["index.faiss"].update(bytes=True), "needs bytes"),
        (lambda m: m["files"]["index.faiss"].update(sha256="0"), "sha256"),
    ],
)
def test_manifest_with_a_wrong_field_is_refused(folder: Path, change: Any, reason: str) -> None:
    edit_manifest(folder, change)
    assert reason in refusal(folder).message


def test_weights_without_a_robot_are_refused(folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    save_file(load_file(folder / mf.BFM), folder / mf.BFM)
    edit_manifest(folder, lambda m: m.update(files=mf.describe_files(folder)))
    assert "which joints it was trained for" in refusal(folder).message


def test_pickled_weights_are_refused(folder: Path) -> None:
    torch.save({"a": torch.zeros(1)}, folder / mf.BFM)
    edit_manifest(folder, lambda m: m.update(files=mf.describe_files(folder)))
    assert "not a safetensors file" in refusal(folder).message


def test_failed_packing_leaves_the_old_bundle(folder: Path, tmp_path: Path) -> None:
    before = Bundle.load(folder).id
    with pytest.raises(BundleError, match="missing"):
        pack(folder, tmp_path / "no-index")
    assert Bundle.load(folder).id == before
    assert [p.name for p in folder.parent.iterdir() if p.name.startswith(".")] == []


def test_packing_replaces_a_bundle_but_nothing_else(folder: Path, tmp_path: Path) -> None:
    index = make_index(tmp_path / "index")
    spec = replace(ROBOT.spec, name="other")
    assert pack(folder, index, spec=spec, hold_z=None).hold_latent is None
    assert Bundle.load(folder).spec.name == "other"
    with pytest.raises(BundleError, match="no bundle"):
        pack(tmp_path, index)


def test_layout_travels_with_the_weights(packed: Path) -> None:
    from rlzero_ros.bundle import LAYOUT_KEY, read_header

    metadata, _ = read_header(packed / mf.BFM)
    assert json.loads(metadata[LAYOUT_KEY])["joint_names"] == list(ROBOT.spec.joint_names)
