"""Files made to do harm, opened for real by whatever of this package reads such files."""

import io
import os
import pickle
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file

from rlzero_ros import manifest as mf
from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import BundleError, DataError, ImagineError, ProjectError
from rlzero_ros.imagine.frames import read_folder, read_video
from rlzero_ros.paths import find_bundle
from rlzero_ros.pretrain.checkpoint import load_checkpoint
from rlzero_ros.pretrain.dataset import DatasetInfo, open_dataset, read_info, write_shard
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.thumbnails import Thumbnails


class Bomb:
    """Whoever unpickles it makes a file: the proof that somebody ran our code."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.touch, (self.proof,)


@pytest.fixture
def proof(tmp_path: Path) -> Any:
    path = tmp_path / "somebody-ran-this"
    yield path
    assert not path.exists(), "code in a file was run"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the walker's bundle."""
    return Path(shutil.copytree(find_bundle("walker"), tmp_path / "walker"))


def sign(folder: Path, change: Any = lambda manifest: None) -> None:
    """Make the manifest fit the files, as somebody would who makes a hostile bundle."""
    manifest = yaml.safe_load((folder / mf.MANIFEST).read_text())
    manifest["files"] = mf.describe_files(folder)
    change(manifest)
    manifest.pop("checksum")
    mf.write_manifest(folder, manifest)


def test_the_bomb_goes_off_where_pickles_are_trusted(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "boom")))  # noqa: S301 - the point of this file
    assert (tmp_path / "boom").exists()


def test_a_pickle_bomb_as_checkpoint(tmp_path: Path, proof: Path) -> None:
    torch.save({"trainer": Bomb(proof)}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Bomb(proof)))
    for name in ("a.pt", "b.pt"):
        with pytest.raises(DataError, match="cannot be read"):
            load_checkpoint(tmp_path / name)


def test_a_pickle_bomb_in_place_of_every_bundle_file(folder: Path, proof: Path) -> None:
    for name in mf.FILES:
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(pickle.dumps(Bomb(proof)))
        sign(folder)
        with pytest.raises(BundleError, match=name):
            Bundle.load(folder).index()
        (folder / name).write_bytes(kept)


def test_an_array_of_objects_in_a_dataset(tmp_path: Path, proof: Path) -> None:
    (tmp_path / "shards").mkdir()
    header = vars(DatasetInfo("walker", 3, 2, 4, 0.025))
    (tmp_path / "dataset.yaml").write_text(yaml.safe_dump({"format": 1, **header}))
    write_shard(tmp_path, "a-0", np.zeros((1, 3, 3)), np.zeros((1, 2, 2)), np.zeros((1, 3, 4)))
    bomb = np.empty(1, dtype=object)
    bomb[0] = Bomb(proof)
    np.save(tmp_path / "shards" / "a-0" / "actions.npy", bomb, allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:pathlib.Path.touch [{proof}]",
        "format: 1\nrobot: !!python/name:os.system",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "x: " + "y" * (1 << 20),
    ],
    ids=["object", "name", "aliases", "huge"],
)
def test_yaml_that_is_more_than_values(tmp_path: Path, proof: Path, text: str) -> None:
    (tmp_path / "dataset.yaml").write_text(text.replace("{proof}", str(proof)))
    with pytest.raises(DataError, match="malformed"):
        read_info(tmp_path)
    (tmp_path / mf.MANIFEST).write_text(text.replace("{proof}", str(proof)))
    with pytest.raises(BundleError):
        Bundle.load(tmp_path)


def test_a_link_out_of_the_bundle(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    (folder / mf.MODEL).rename(secret)
    (folder / mf.MODEL).symlink_to(secret)
    sign(folder)
    with pytest.raises(BundleError, match="outside the bundle"):
        Bundle.load(folder)
    (folder / mf.MODEL).unlink()
    (folder / mf.MODEL).symlink_to(os.path.relpath(secret, folder))
    with pytest.raises(BundleError, match="outside the bundle"):
        Bundle.load(folder)


def test_a_workspace_that_links_every_file_is_no_escape(folder: Path, tmp_path: Path) -> None:
    linked = tmp_path / "share" / "walker"
    linked.mkdir(parents=True)
    for file in folder.iterdir():
        (linked / file.name).symlink_to(file)
    assert Bundle.load(linked).id == Bundle.load(folder).id
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    assert Bundle.load(tmp_path / "link").id == Bundle.load(folder).id


@pytest.mark.parametrize("name", ["../../secret", "..", "/etc", "a/../../b", ".", "~root", "a\0b"])
def test_a_bundle_name_that_leads_elsewhere(name: str) -> None:
    with pytest.raises(BundleError, match=r"no bundle|is not a bundle"):
        Bundle.load(name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<mujoco><include file="/etc/passwd"/></mujoco>', "include"),
        ('<mujoco><asset><mesh name="a" file="/etc/passwd"/></asset></mujoco>', "another file"),
        ('<mujoco><asset><texture name="a" type="cube" fileup="a"/></asset></mujoco>', "fileup"),
        ('<mujoco><extension><plugin plugin="a"/></extension></mujoco>', "extension"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "/etc/passwd">]><mujoco/>', "entities"),
        ("<mujoco>", "not readable as XML"),
        ("<mujoco/>" + " " * (16 << 20), "larger than"),
    ],
    ids=["include", "mesh", "texture", "plugin", "entity", "unclosed", "huge"],
)
def test_a_model_that_reaches_for_other_files(folder: Path, text: str, why: str) -> None:
    (folder / mf.MODEL).write_text(text)
    sign(folder)
    with pytest.raises(BundleError, match=why):
        Bundle.load(folder)


def test_an_entity_hidden_in_utf16(folder: Path) -> None:
    text = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><mujoco/>'
    (folder / mf.MODEL).write_bytes(text.encode("utf-16"))
    sign(folder)
    with pytest.raises(BundleError, match="entities"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    "sizes",
    [{"hidden": 10**12}, {"heads": 10**9}, {"hidden": -1}, {"hidden": "x"}, {"hidden": 60_000}],
    ids=str,
)
def test_a_model_that_claims_more_memory_than_its_file_holds(folder: Path, sizes: Any) -> None:
    sign(folder, lambda m: m["bfm"]["hyperparameters"].update(sizes))
    with pytest.raises(BundleError, match="forward_backward"):
        Bundle.load(folder).bfm()


# Where faiss/impl/index_write.cpp puts the numbers of a scalar quantiser.
FAISS = {"d": (4, "<i"), "ntotal": (8, "<q"), "kind": (37, "<i"), "code": (57, "<Q")}


@pytest.mark.parametrize("field", FAISS)
@pytest.mark.parametrize("value", [0, 3, (1 << 31) - 1])
def test_an_index_whose_sizes_are_lies(folder: Path, field: str, value: int) -> None:
    content = bytearray((folder / mf.INDEX).read_bytes())
    place, layout = FAISS[field]
    if struct.unpack_from(layout, content, place) == (value,):  # that would be no lie
        value = 4
    struct.pack_into(layout, content, place, value)
    (folder / mf.INDEX).write_bytes(content)
    sign(folder)
    with pytest.raises(BundleError, match="sizes do not agree"):
        Bundle.load(folder).index()


@pytest.mark.parametrize("size", ["", "0", "-1", "1e3", "99999999", "9" * 5000, "¹", "7 "])
def test_a_reference_that_is_not_there(folder: Path, size: str) -> None:
    path = folder / mf.OBSERVATIONS
    with safe_open(path, framework="np") as file:
        metadata = {**file.metadata(), "reference": size}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, path, metadata=metadata)
    sign(folder)
    with pytest.raises(BundleError, match="no reference"):
        Bundle.load(folder)


def test_another_of_faiss_formats(folder: Path) -> None:
    import faiss

    index = faiss.IndexFlatIP(8)
    index.add(np.zeros((3, 8), np.float32))
    faiss.write_index(index, str(folder / mf.INDEX))
    sign(folder)
    with pytest.raises(BundleError, match="not a faiss index of observations"):
        ObservationIndex.load(folder)


def test_thumbnails_that_are_bombs_or_no_pictures() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8000, 8000)).save(buffer, "WEBP", method=0)
    gif = io.BytesIO()
    Image.new("P", (8, 8)).save(gif, "GIF")
    cut = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(cut, "WEBP")
    hostile = [buffer.getvalue(), gif.getvalue(), b"%!PS-Adobe-3.0 EPSF-3.0", cut.getvalue()[:200]]
    thumbnails = Thumbnails.pack(hostile)
    for row in range(len(hostile)):
        with pytest.raises(ProjectError, match=f"thumbnail {row}"):
            thumbnails.decode(row)


def test_a_play_list_does_not_open_other_files(tmp_path: Path) -> None:
    """The defect: FFmpeg follows play lists, whatever the file's name, to files and hosts."""
    import av

    video = tmp_path / "private.mp4"
    with av.open(str(video), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    assert len(list(read_video(video, 64))) == 5
    lists = {
        "a.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{video}\n#EXT-X-ENDLIST\n",
        "b.mp4": f"ffconcat version 1.0\nfile {video}\n",
        "c.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    }
    for name, content in lists.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(ImagineError, match="cannot read the video"):
            list(read_video(tmp_path / name, 64))


def test_a_picture_that_is_a_program(tmp_path: Path) -> None:
    """The defect: Pillow hands PostScript, under any file name, to Ghostscript."""
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "frame0.png").write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n"
    )
    with pytest.raises(ImagineError, match="cannot identify image file"):
        list(read_folder(folder, 10.0, 64))
