"""The suite's prompts stay unseen; returns become the numbers that the benchmark promises."""

import re

import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.language_scores import score, summarize, win_rate
from rlzero_ros.evaluate.language_store import ResultStore, RunKey, RunResult, config_digest
from rlzero_ros.evaluate.language_suite import LanguageTask, choose, read_prompts, read_suite
from rlzero_ros.evaluate.motions import SENTENCES, read_sentences
from rlzero_ros.imagine.captions import CAPTIONS
from rlzero_ros.imagine.sentences import SentenceEncoder
from rlzero_ros.imagine.understand import THRESHOLD, SentenceMatcher
from rlzero_ros.robots.registry import load_robot, robot_names

SUITE = read_suite()


def runs(*means):
    return {seed: RunResult([mean - 1.0, mean + 1.0], 0.5) for seed, mean in enumerate(means)}


def test_the_suite_has_the_tasks_of_four_robots():
    assert {t.robot for t in SUITE} == {"walker", "cheetah", "quadruped", "stickman"}
    assert len(SUITE) == 30
    for task in SUITE:
        if task.robot in robot_names():
            assert task.name in load_robot(task.robot).tasks


def test_no_prompt_of_the_suite_is_a_caption_or_was_tuned_on():
    def normal(sentence):
        return re.sub(r"[^a-z0-9 ]", "", sentence.lower()).strip()

    tuning = read_sentences(SENTENCES.with_name("tuning.tsv"))
    seen = {normal(c) for group in CAPTIONS.values() for c in group}
    seen |= {normal(example.sentence) for example in tuning}
    assert not seen & {normal(task.prompt) for task in SUITE}


def test_prompts_of_the_suite_are_taken_for_their_motion():
    motions = {
        "run": {"run", "four_legged_run"},
        "walk": {"walk", "four_legged_walk"},
        "stand": {"stand", "four_legged_stand"},
        "standing": {"stand"},
        "jump": {"four_legged_jump"},
        "two_legs": {"two_legs"},
        "lie_down": {"lie", "four_legged_lie"},
        "lying_down": {"lie"},
        "flipping": {"flip"},
        "one_foot": {"one_foot"},
        "high_kick": {"kick"},
        "sit_knees": {"kneel"},
        "lunge": {"lunge"},
        "headstand": {"headstand"},
        "boxing": {"punch"},
        "hands_up": {"hands_up"},
    }
    matches = SentenceMatcher(SentenceEncoder()).match([task.prompt for task in SUITE])
    right = [m.motion in motions[t.name] for t, m in zip(SUITE, matches, strict=True)]
    assert np.mean([m.score >= THRESHOLD for m in matches]) >= 0.9
    assert np.mean(right) >= 0.9


def test_an_expert_scores_one_and_random_actions_zero():
    run = next(t for t in SUITE if t.key == "walker/run")
    np.testing.assert_allclose(run.normalize(np.array([770.0, 30.0, 400.0])), [1.0, 0.0, 0.5])
    uncalibrated = LanguageTask("walker", "spin", "turn")
    assert uncalibrated.normalize(np.array([250.0])) == pytest.approx(0.25)


def test_other_prompts_keep_the_calibration_of_their_task(tmp_path):
    file = tmp_path / "prompts.tsv"
    file.write_text("# mine\nwalker/run\tsprint along\n\nwalker/spin\tturn over and over\n")
    run, spin = read_prompts(file)
    assert (run.prompt, run.expert, run.random) == ("sprint along", 770.0, 30.0)
    assert spin.expert is None


@pytest.mark.parametrize(
    "text",
    ["walker\tgo", "walker/run\t", "walker/run\ta\tb\tc", "", "walker/run\ta\nwalker/run\tb"],
)
def test_a_line_that_is_no_prompt_is_named(tmp_path, text):
    file = tmp_path / "prompts.tsv"
    file.write_text(text + "\n")
    with pytest.raises(DataError, match=r"prompts\.tsv"):
        read_prompts(file)


def test_unknown_robots_and_tasks_are_named():
    assert [t.key for t in choose(SUITE, ["walker"], ["stand", "walker/run"])] == [
        "walker/run",
        "walker/stand",
    ]
    with pytest.raises(DataError, match="dog"):
        choose(SUITE, ["dog"])
    with pytest.raises(DataError, match="fly"):
        choose(SUITE, ["walker"], ["fly"])


def test_win_rate_counts_every_pair_of_seeds_and_halves_ties():
    assert win_rate(runs(3, 5), runs(4, 4)) == 0.5
    assert win_rate(runs(3, 5), runs(1, 2, 5)) == pytest.approx((2 + 2.5) / 6)


def test_errors_are_over_seeds_and_of_one_seed_over_its_episodes():
    task = LanguageTask("walker", "x", "x", 1000.0, 0.0)
    assert score(task, runs(100, 300)).error == pytest.approx(0.1)
    assert score(task, runs(100)).error == pytest.approx(0.001)


def test_the_report_counts_what_was_run_and_names_what_was_not():
    tasks = [LanguageTask(r, "go", "go", 100.0, 0.0) for r in ("a", "b", "c")]
    results = {
        ("a/go", "ours"): runs(90, 90),
        ("a/go", "td3"): runs(10, 95),
        ("a/go", "rehearsed"): runs(100, 100),
        ("b/go", "ours"): runs(10),
        ("b/go", "iql"): runs(20),
    }
    status = {"a": "ok", "b": "ok", "c": "no bundle"}
    report = summarize(tasks, results, status, ["td3", "iql"])
    assert report["win_rate"] == {"td3": 0.5, "iql": 0.0, "all": 0.25}
    assert report["normalized_mean"] == pytest.approx(0.5)
    assert report["robots"]["a"]["win_rate"] == {"td3": 0.5, "iql": None, "all": 0.5}
    assert report["robots"]["c"]["status"] == "no bundle"
    assert report["robots"]["c"]["normalized_mean"] is None
    assert report["tasks"] == {
        "a/go": {"ours": pytest.approx(0.9), "td3": pytest.approx(0.525)},
        "b/go": {"ours": pytest.approx(0.1), "iql": pytest.approx(0.2)},
    }
    assert report["not_run"] == ["c/go"]
    assert report["rehearsal"]["gain"] == pytest.approx(0.1)
    assert report["rehearsal"]["seconds"] == pytest.approx(0.5)
    assert report["rehearsal"]["win_rate"] == {"td3": 1.0, "iql": None, "all": 1.0}
    assert report["robots"]["a"]["rehearsed_win_rate"]["all"] == 1.0
    assert report["robots"]["b"]["rehearsed_win_rate"]["all"] is None


def test_results_are_found_again_only_for_the_same_run(tmp_path):
    store, result = ResultStore(tmp_path), RunResult([1.0, 2.0], 3.0, "", {"source": "x"})
    key = RunKey("walker/run", "ours", 0, config_digest({"a": 1, "b": 2}))
    store.put(key, result, np.zeros((3, 4)), b"png")
    assert store.get(RunKey("walker/run", "ours", 0, config_digest({"b": 2, "a": 1}))) == result
    assert store.get(RunKey("walker/run", "ours", 0, config_digest({"a": 1, "b": 3}))) is None
    assert store.get(RunKey("walker/run", "ours", 1, key.config)) is None
    store.path(key, ".json").write_text('{"returns": []')
    with pytest.raises(DataError, match="delete it"):
        store.get(key)
