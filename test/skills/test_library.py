"""Skills survive restarts, kills and full disks; damaged ones are moved aside and never used."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from rlzero_ros.errors import ErrorCode, SkillError
from rlzero_ros.skills.archive import export_skill, import_skill
from rlzero_ros.skills.library import SkillLibrary, default_folder
from rlzero_ros.skills.names import skill_name


@pytest.fixture
def library(tmp_path):
    return SkillLibrary(tmp_path / "skills")


def same(a, b):
    np.testing.assert_array_equal(a.observations, b.observations)
    np.testing.assert_array_equal(a.similarities, b.similarities)
    np.testing.assert_array_equal(a.indices, b.indices)
    fields = ("name", "command", "source", "robot", "bundle", "created", "strip")
    return all(getattr(a, field) == getattr(b, field) for field in fields)


def test_a_saved_skill_comes_back_whole(library, make_skill):
    skill = make_skill()
    library.save(skill)
    another_process = SkillLibrary(library.folder)
    found = another_process.load("nice walk")
    assert same(found, skill)
    assert [d["name"] for d in another_process.descriptions()] == ["nice_walk"]
    assert found.chance_similarity == 0.3


def test_a_name_is_taken_once_unless_it_is_to_be_replaced(library, make_skill):
    library.save(make_skill(seed=1))
    with pytest.raises(SkillError, match="already") as caught:
        library.save(make_skill(seed=2))
    assert caught.value.code == ErrorCode.SKILL_NAME
    library.save(make_skill(seed=2), replace=True)
    assert same(library.load("nice_walk"), make_skill(seed=2))
    assert len(list(library.folder.glob("*.safetensors"))) == 1


def test_a_deleted_skill_is_gone(library, make_skill):
    library.save(make_skill())
    library.delete("nice_walk")
    assert library.names() == []
    assert not list(library.folder.glob("*.safetensors"))
    for use in (library.load, library.delete, library.describe):
        with pytest.raises(SkillError, match="no skill 'nice_walk'") as caught:
            use("nice_walk")
        assert caught.value.code == ErrorCode.SKILL_MISSING


@pytest.mark.parametrize("suffix", [".yaml", ".safetensors"])
def test_any_flipped_bit_moves_the_entry_to_quarantine(tmp_path, make_skill, suffix):
    told = []
    library = SkillLibrary(tmp_path, on_quarantine=lambda name, reason: told.append(name))
    rng = np.random.default_rng(0)
    for trial in range(12):
        skill = make_skill(f"walk{trial}")
        library.save(skill)
        (path,) = tmp_path.glob(f"walk{trial}*{suffix}")
        content = bytearray(path.read_bytes())
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        with pytest.raises(SkillError) as caught:
            SkillLibrary(tmp_path, on_quarantine=library._on_quarantine).load(f"walk{trial}")
        assert caught.value.code == ErrorCode.SKILL_CORRUPT
    assert library.names() == []
    assert len(told) == 12
    places = list((tmp_path / "quarantine").iterdir())
    assert len(places) == 12
    for place in places:
        assert (place / "reason.txt").read_text().strip()
        assert list(place.glob("*.yaml"))


def test_a_damaged_entry_hides_no_other(library, make_skill):
    library.save(make_skill("good"))
    library.save(make_skill("bad"))
    (library.folder / "bad.yaml").write_text("{")
    assert [d["name"] for d in library.descriptions()] == ["good"]
    assert library.names() == ["good"]


def test_tensors_of_another_skill_are_not_taken(library, make_skill):
    library.save(make_skill("one", seed=1))
    library.save(make_skill("two", seed=2))
    (one,), (two,) = (list(library.folder.glob(f"{n}.*.safetensors")) for n in ("one", "two"))
    one.write_bytes(two.read_bytes())
    with pytest.raises(SkillError, match="sha256"):
        library.load("one")


WRITER = """
import sys
import numpy as np
from rlzero_ros.skills.library import SkillLibrary
from rlzero_ros.skills.skill import Skill
library = SkillLibrary(sys.argv[1])
for seed in range(1000000):
    rows = np.full((2000, 24), seed, np.float32)
    library.save(Skill("walk", "walk", "test", "walker", "a" * 64, "", "", 0.5, 0.0, rows,
                       np.zeros(2000, np.float32), np.zeros(2000, np.int64), b""), replace=True)
    print(seed, flush=True)
"""


def test_a_kill_while_saving_leaves_an_entry_that_is_whole(tmp_path):
    """Each killed writer leaves the old skill or the new one, and the next cleans up."""
    rng = np.random.default_rng(1)
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(float(rng.uniform(0.0, 0.03)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        skill = SkillLibrary(tmp_path).load("walk")
        assert np.ptp(skill.observations) == 0
    library = SkillLibrary(tmp_path)
    library.save(library.load("walk"), replace=True)
    kept = sorted(p.name for p in tmp_path.iterdir() if p.is_file() and p.name != ".lock")
    assert len(kept) == 2, kept
    assert not (tmp_path / "quarantine").exists()


def limited_file_size():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_a_disk_that_takes_no_more_is_told_and_loses_nothing(library, make_skill):
    old = make_skill("walk")
    library.save(old)
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(library.folder)],
        preexec_fn=limited_file_size,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "cannot save skill 'walk'" in done.stderr
    assert "File too large" in done.stderr
    assert same(library.load("walk"), old)
    assert not list(library.folder.glob("*.new"))


def test_readers_never_see_half_of_a_replaced_skill(library, make_skill):
    library.save(make_skill(seed=0))
    ended = threading.Event()

    def write():
        seed = 0
        while not ended.is_set():
            seed += 1
            time.sleep(0.005)
            SkillLibrary(library.folder).save(make_skill(seed=seed), replace=True)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(50):
            assert SkillLibrary(library.folder).load("nice_walk").command == "walk forward"
    finally:
        ended.set()
        writer.join()
    assert not (library.folder / "quarantine").exists()


def test_the_library_is_bounded(tmp_path, make_skill):
    library = SkillLibrary(tmp_path, max_entries=2)
    for name in ("one", "two"):
        library.save(make_skill(name))
    with pytest.raises(SkillError, match="as many as it may") as caught:
        library.save(make_skill("three"))
    assert caught.value.code == ErrorCode.SKILL_NOT_SAVED
    library.save(make_skill("two", seed=5), replace=True)
    with pytest.raises(SkillError, match="observations"):
        make_skill(steps=20_000)


@pytest.mark.parametrize(
    "name", ["", " ", "../x", "a/b", ".hidden", "x" * 65, "a\x00b", "-rf", "a*", "a.b", "x" * 10**6]
)
def test_names_that_are_no_names_are_refused(library, name):
    for use in (library.load, library.delete, skill_name):
        with pytest.raises(SkillError) as caught:
            use(name)
        assert caught.value.code == ErrorCode.SKILL_NAME
    assert len(str(caught.value)) < 300


def test_a_name_has_one_form():
    assert skill_name("  Nice  Walk ") == skill_name("nice_walk") == "nice_walk"
    assert skill_name("Geh schön") == "geh_schön"
    assert skill_name("走る") == "走る"


def test_export_and_import(library, make_skill, tmp_path):
    skill = make_skill()
    file = tmp_path / "nice.skill"
    export_skill(skill, file)
    assert same(import_skill(file), skill)
    with pytest.raises(SkillError, match="already"):
        export_skill(skill, file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)
    with pytest.raises(SkillError):
        import_skill(file)
    file.write_bytes(b"PK nothing")
    with pytest.raises(SkillError, match="no exported skill"):
        import_skill(file)
    with pytest.raises(SkillError, match="no file"):
        import_skill(tmp_path / "nothing")


def test_the_folder_follows_xdg(monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_folder() == Path("/data/rlzero_ros/skills")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")  # to be ignored, says the standard
    assert default_folder() == Path(os.path.expanduser("~/.local/share/rlzero_ros/skills"))  # noqa: PTH111
