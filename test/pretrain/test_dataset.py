"""The dataset on disk: nothing collected is ever lost, nothing foreign gets in."""

import resource
import subprocess
import sys

import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.pretrain.dataset import (
    DatasetInfo,
    create_dataset,
    open_dataset,
    read_info,
    shard_names,
    write_shard,
)

INFO = DatasetInfo("walker", 3, 2, 4, 0.025)


def arrays(episodes=2, steps=5, seed=0):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(episodes, steps + 1, 3)),
        rng.uniform(-1, 1, (episodes, steps, 2)),
        rng.normal(size=(episodes, steps + 1, 4)),
    )


@pytest.fixture
def folder(tmp_path):
    create_dataset(tmp_path / "data", INFO)
    return tmp_path / "data"


def test_round_trip(folder):
    o, a, p = arrays()
    write_shard(folder, "x-00000", o, a, p)
    write_shard(folder, "y-00000", *arrays(seed=1))
    info, shards = open_dataset(folder)
    assert info == INFO
    assert [s.name for s in shards] == ["x-00000", "y-00000"]
    np.testing.assert_allclose(shards[0].observations, o, atol=1e-6)
    np.testing.assert_allclose(shards[0].actions, a, atol=1e-6)
    np.testing.assert_allclose(shards[0].physics, p, atol=1e-6)
    assert isinstance(shards[0].observations, np.memmap)
    assert shards[0].transitions == 10
    assert shard_names(folder, "y") == ["y-00000"]


def test_nan_is_refused_and_nothing_written(folder):
    o, a, p = arrays()
    o[1, 2, 0] = np.nan
    with pytest.raises(DataError, match="NaN"):
        write_shard(folder, "x-00000", o, a, p)
    assert shard_names(folder) == []


def test_wrong_shapes_are_refused(folder):
    o, a, p = arrays()
    with pytest.raises(DataError, match="observations"):
        write_shard(folder, "x-00000", o[:, :-1], a, p)
    with pytest.raises(DataError, match="actions"):
        write_shard(folder, "x-00000", o, a[..., :1], p)


def test_another_robots_folder_is_refused(folder):
    with pytest.raises(DataError, match="another robot"):
        create_dataset(folder, DatasetInfo("cheetah", 3, 2, 4, 0.01))


def test_a_shard_of_another_size_is_named(folder):
    write_shard(folder, "x-00000", *arrays())
    np.save(folder / "shards" / "x-00000" / "actions.npy", np.zeros((2, 5, 7), np.float32))
    with pytest.raises(DataError, match="x-00000"):
        open_dataset(folder)


def test_a_truncated_file_is_named(folder):
    write_shard(folder, "x-00000", *arrays())
    path = folder / "shards" / "x-00000" / "physics.npy"
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(DataError, match="x-00000"):
        open_dataset(folder)


def test_leftovers_of_a_killed_writer_are_not_data(folder):
    write_shard(folder, "x-00000", *arrays())
    (folder / "shards" / ".x-00001.123.tmp").mkdir()
    assert shard_names(folder) == ["x-00000"]


def test_missing_and_malformed_datasets_say_what_to_do(tmp_path):
    with pytest.raises(DataError, match="rlzero collect"):
        open_dataset(tmp_path)
    (tmp_path / "dataset.yaml").write_text("just text")
    with pytest.raises(DataError, match="malformed"):
        read_info(tmp_path)


def test_a_full_disk_costs_only_the_shard_in_progress(folder):
    """A file-size limit stands for the full disk: the write fails inside numpy the same way."""
    write_shard(folder, "x-00000", *arrays())
    code = f"""
import resource, signal
from pathlib import Path
import numpy as np
from rlzero_ros.errors import DataError
from rlzero_ros.pretrain.dataset import write_shard
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, {resource.RLIM_INFINITY}))
try:
    write_shard(Path({str(folder)!r}), "x-00001", np.zeros((9, 1001, 3)), np.zeros((9, 1000, 2)),
                np.zeros((9, 1001, 4)))
except DataError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "earlier shards are safe" in done.stdout
    assert [p.name for p in (folder / "shards").iterdir()] == ["x-00000"]
    open_dataset(folder)
