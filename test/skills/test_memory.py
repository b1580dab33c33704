"""What a planner remembers, and for which bundle."""

import pytest

from rlzero_ros.errors import CommandError, SkillError
from rlzero_ros.skills.memory import SkillMemory

CHECKSUM, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def remembering(tmp_path):
    """remembering(checksum, settings): a memory in the same folder; its troubles in `told`."""

    def make(checksum=CHECKSUM, settings=None, **more):
        memory = SkillMemory(tmp_path, checksum, settings or {"k": 1}, told.append, **more)
        memory.told = told
        return memory

    told = []
    return make


def test_a_sentence_is_remembered_with_its_seed_bundle_and_settings(remembering, make_skill):
    memory = remembering()
    assert memory.recall("walk forward", 0) is None
    memory.remember(make_skill("plan"), 0)
    found = remembering().recall("  Walk   forward", 0)
    assert found is not None
    assert found.command == "walk forward"
    assert memory.recall("walk forward", 1) is None
    assert memory.recall("walk", 0) is None
    assert remembering(settings={"k": 2}).recall("walk forward", 0) is None
    assert remembering(OTHER).recall("walk forward", 0) is None
    assert not memory.told


def test_a_named_skill_comes_by_its_name_and_its_sentence_whatever_the_seed(
    remembering, make_skill
):
    memory = remembering()
    memory.remember(make_skill("plan", seed=1), 0)
    saved = memory.save(make_skill("plan", seed=2), "My Best Walk")
    assert saved.name == "my_best_walk"
    for command in ("my best walk", "My Best  Walk", "walk forward"):
        for seed in (0, 7):
            assert memory.recall(command, seed).name == "my_best_walk"
    with pytest.raises(SkillError, match="already"):
        memory.save(make_skill("plan"), "my best walk")


def test_with_another_bundle_the_sentence_of_a_skill_is_imagined_again(remembering, make_skill):
    remembering().save(make_skill("plan"), "my walk")
    other = remembering(OTHER)
    assert other.recall("my walk", 0) is None
    assert "another bundle" in other.told[-1]
    assert other.sentence_of("my walk") == "walk forward"
    assert other.sentence_of("lie down") == "lie down"


def test_a_damaged_entry_is_imagined_again(remembering, make_skill, tmp_path):
    memory = remembering()
    memory.remember(make_skill("plan"), 0)
    (tensors,) = (tmp_path / "cache").glob("*.safetensors")
    content = bytearray(tensors.read_bytes())
    content[-1] ^= 1
    tensors.write_bytes(content)
    assert memory.recall("walk forward", 0) is None
    assert any("damaged" in line for line in memory.told)
    memory.remember(make_skill("plan"), 0)
    assert memory.recall("walk forward", 0) is not None


def test_the_oldest_sentences_make_room(remembering, make_skill):
    memory = remembering(cached=3)
    for number in range(5):
        memory.remember(make_skill("plan", command=f"walk {number}"), 0)
    kept = [n for n in range(5) if memory.recall(f"walk {n}", 0) is not None]
    assert kept == [2, 3, 4]
    assert len(memory.cache.names()) == 3


def test_a_memory_that_cannot_be_written_costs_no_command(make_skill, tmp_path):
    told = []
    place = tmp_path / "file"
    place.write_text("no folder")
    memory = SkillMemory(place, CHECKSUM, {}, told.append)
    memory.remember(make_skill("plan"), 0)
    assert memory.recall("walk forward", 0) is None
    assert told


def test_an_unusable_sentence_is_refused(remembering):
    with pytest.raises(CommandError):
        remembering().recall("\x00", 0)
