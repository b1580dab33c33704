"""`rlzero skills`, as typed."""

import json

import pytest

from rlzero_ros.cli import EXIT_ERROR, main
from rlzero_ros.skills.library import SkillLibrary


@pytest.fixture
def rlzero(tmp_path, capsys, monkeypatch):
    """rlzero(*arguments): exit status, what it printed, what it complained."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    def run(*arguments):
        status = main(["skills", *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out, said.err

    run.library = SkillLibrary(tmp_path / "data" / "rlzero_ros" / "skills")
    return run


def test_skills_are_listed_shown_copied_and_deleted(rlzero, make_skill, tmp_path):
    assert "no skills" in rlzero("list")[1]
    rlzero.library.save(make_skill("nice_walk"))
    status, out, _ = rlzero("list", "--json", tmp_path / "list.json")
    assert status == 0
    assert "nice_walk" in out
    assert "walk forward" in out
    assert json.loads((tmp_path / "list.json").read_text())["skills"][0]["name"] == "nice_walk"

    strip = tmp_path / "strip.png"
    status, out, _ = rlzero("show", "nice walk", "--strip", strip)
    assert status == 0
    assert "observations: 48" in out
    assert strip.read_bytes() == make_skill().strip

    file = tmp_path / "nice.skill"
    assert rlzero("export", "nice_walk", file)[0] == 0
    assert rlzero("delete", "nice_walk")[0] == 0
    assert rlzero.library.names() == []
    assert rlzero("import", file)[0] == 0
    assert rlzero.library.load("nice_walk").command == "walk forward"
    status, _, err = rlzero("import", file)
    assert status == EXIT_ERROR
    assert "already" in err
    assert rlzero("import", file, "--replace")[0] == 0


def test_errors_are_one_line_each(rlzero, make_skill, tmp_path):
    for arguments in (
        ("show", "nothing"),
        ("delete", "../etc"),
        ("export", "nothing", tmp_path / "x"),
        ("import", tmp_path / "nothing"),
    ):
        status, _, err = rlzero(*arguments)
        assert status == EXIT_ERROR
        assert err.startswith("rlzero skills: ")
        assert err.count("\n") == 1
    rlzero.library.save(make_skill("walk"))
    (tensors,) = rlzero.library.folder.glob("walk.*.safetensors")
    tensors.write_bytes(tensors.read_bytes()[:-1])
    status, _, err = rlzero("show", "walk")
    assert status == EXIT_ERROR
    assert "damaged" in err
    assert "quarantine" in err
