"""The YAML an operator edits and the parameters that the node declares are the same."""

from pathlib import Path

import pytest
import yaml

from rlzero_ros.nodes.policy_parameters import PARAMETERS

CONFIG = Path(__file__).parents[2] / "config"


def parameters(name):
    return yaml.safe_load((CONFIG / name).read_text())["/**/policy_node"]["ros__parameters"]


def test_the_yaml_has_every_parameter_with_its_default():
    assert parameters("policy.yaml") == {name: row[0] for name, row in PARAMETERS.items()}


def test_the_simulators_yaml_only_changes_what_exists():
    changed = parameters("policy_sim.yaml")
    assert changed.keys() <= PARAMETERS.keys()
    assert changed["dry_run"] is False


def test_hardware_starts_in_dry_run():
    assert parameters("policy.yaml")["dry_run"] is True


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_every_parameter_is_described_and_every_number_bounded(name):
    default, description, *bounds = PARAMETERS[name]
    assert description
    if isinstance(default, int | float) and not isinstance(default, bool):
        assert bounds[0] <= default <= bounds[1]
