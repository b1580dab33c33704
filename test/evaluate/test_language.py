"""`rlzero eval language`, with the shipped walker and short episodes."""

import json
import re

import numpy as np
import pytest

from rlzero_ros.cli import main as rlzero
from rlzero_ros.evaluate.episodes import run_episodes
from rlzero_ros.evaluate.language_actor import PlannerSettings
from rlzero_ros.robots.registry import load_robot

SHORT = ["--episodes", "2", "--seeds", "2", "--steps", "30", "--rivals", "none"]
REHEARSE = ["--rehearse", "2"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Two prompts of the walker, one of them nonsense, and a robot that does not exist."""
    folder = tmp_path_factory.mktemp("language")
    prompts = folder / "prompts.tsv"
    prompts.write_text(
        "walker/stand\tremain upright\nwalker/run\tmake me a coffee\nnobody/run\trun\n"
    )
    command = [
        "eval",
        "language",
        "--prompts",
        str(prompts),
        "--work",
        str(folder / "work"),
        *SHORT,
    ]
    command += [*REHEARSE, "--json", str(folder / "report.json")]
    assert rlzero([*command, "--html", str(folder / "page")]) == 0
    return folder, command


def report_of(folder):
    return json.loads((folder / "report.json").read_text())


def test_the_report_says_what_was_done_what_refused_and_what_left_out(finished):
    report = report_of(finished[0])
    assert set(report["tasks"]) == {"walker/stand", "walker/run"}
    stand, run = (report["details"][f"walker/{t}"]["methods"]["ours"] for t in ("stand", "run"))
    assert stand["refused"] == []
    assert stand["source"] == "storyboard:stand"
    assert stand["confidence"] > 0.15
    assert "not a motion that I know" in run["refused"][0]
    assert set(stand["seeds"]) == {"0", "1"}
    assert report["normalized_mean"] == pytest.approx(
        np.mean([t["ours"] for t in report["tasks"].values()])
    )
    assert report["robots"]["nobody"]["status"] != "ok"
    assert report["not_run"] == ["nobody/run"]
    assert report["win_rate"] == {"all": None}
    assert report["judge"] is None


def test_the_same_command_takes_up_what_is_done(finished, capsys):
    folder, command = finished
    before = report_of(folder)
    results = {p: p.stat().st_mtime_ns for p in (folder / "work").rglob("*.json")}
    assert rlzero(command) == 0
    assert "8 runs, 8 of them done before" in capsys.readouterr().out
    assert {p: p.stat().st_mtime_ns for p in (folder / "work").rglob("*.json")} == results
    assert report_of(folder) == before


def test_rehearsal_is_a_contestant_whose_gain_and_cost_are_told(finished):
    report = report_of(finished[0])
    methods = report["details"]["walker/stand"]["methods"]
    assert methods["rehearsed"]["refused"] == []
    assert methods["rehearsed"]["seconds"] > 0
    gains = [
        task["methods"]["rehearsed"]["normalized"] - task["methods"]["ours"]["normalized"]
        for task in report["details"].values()
    ]
    assert report["rehearsal"]["gain"] == pytest.approx(np.mean(gains))
    assert report["rehearsal"]["seconds"] == methods["rehearsed"]["seconds"]
    assert "rehearsed" not in report["win_rate"]


def test_time_that_is_over_begins_no_run_and_says_so(tmp_path, capsys):
    command = ["eval", "language", "--robot", "walker", "--tasks", "walk", "--minutes", "0", *SHORT]
    assert rlzero([*command, "--work", str(tmp_path), "--json", str(tmp_path / "r.json")]) == 0
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["not_run"] == ["walker/walk"]
    assert report["normalized_mean"] is None
    assert "about" in capsys.readouterr().out


def test_the_page_holds_all_that_it_shows(finished):
    page = finished[0] / "page"
    html = (page / "index.html").read_text()
    assert "walker/stand" in html
    assert "Refused: " in html
    assert html.count("<svg") == 2
    shown = re.findall(r'(?:src|href)="([^"#][^"]*)"', html)
    assert {name.rsplit(".", 1)[1] for name in shown} == {"png", "mp4"}
    for name in shown:
        assert "://" not in name
        assert (page / name).stat().st_size > 500


def test_the_planner_is_told_what_the_node_is_told():
    assert PlannerSettings.shipped() == PlannerSettings(variations=4, min_confidence=0.15)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--robot", "dog"], "dog"),
        (["--robot", "walker", "--tasks", "fly"], "fly"),
        (["--rivals", "sac"], "sac"),
        (["--bundle", "x"], "--robot"),
    ],
)
def test_mistakes_are_named(arguments, named, capsys):
    assert rlzero(["eval", "language", *arguments]) == 2
    assert named in capsys.readouterr().err


def test_episodes_of_one_seed_begin_alike_whatever_the_policy():
    robot = load_robot("walker")
    low, high, other = (
        run_episodes(robot, lambda o, a=action: np.full((len(o), 6), a), 2, 3, seed).physics
        for action, seed in ((-0.1, 5), (0.1, 5), (0.1, 6))
    )
    # Joint angles after one step: where they began, but for what one torque can do.
    np.testing.assert_allclose(low[:, 0, 3:9], high[:, 0, 3:9], atol=0.2)
    assert np.abs(high[:, 0, 3:9] - other[:, 0, 3:9]).max() > 0.3
