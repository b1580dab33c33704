"""Changes of latent: smooth, on the sphere, and from wherever the last change had got to."""

import numpy as np
import pytest

from rlzero_ros.safety import LatentBlend

D = 16


def project(z):
    return (np.sqrt(D) * z / np.linalg.norm(z)).astype(np.float32)


def latent(seed):
    return project(np.random.default_rng(seed).normal(size=D))


def test_the_first_latent_is_taken_at_once():
    blend, goal = LatentBlend(10, project), latent(0)
    assert blend.step(goal) is goal


def test_a_change_stays_on_the_sphere_and_makes_no_jump():
    blend, a, b = LatentBlend(40, project), latent(1), latent(2)
    path = [blend.step(a)] + [blend.step(b) for _ in range(40)]
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.sqrt(D), rtol=1e-5)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() < 3.0 * np.linalg.norm(b - a) / 40
    assert steps[0] < 0.1 * steps.max()
    np.testing.assert_array_equal(path[-1], b)


def test_a_second_change_begins_where_the_first_had_got_to():
    blend, a, b, c = LatentBlend(20, project), latent(1), latent(2), latent(3)
    blend.step(a)
    for _ in range(10):
        half = blend.step(b)
    np.testing.assert_allclose(blend.step(c), half, atol=0.1)


def test_the_opposite_latent_is_reached():
    blend, a = LatentBlend(4, project), latent(1)
    blend.step(a)
    goal = -a
    path = [blend.step(goal) for _ in range(4)]
    assert np.all(np.isfinite(path))
    np.testing.assert_array_equal(path[-1], goal)


@pytest.mark.parametrize("ticks", [0, 1])
def test_no_blend_time_is_at_once(ticks):
    blend, a, b = LatentBlend(ticks, project), latent(1), latent(2)
    blend.step(a)
    np.testing.assert_array_equal(blend.step(b), b)


def test_after_no_policy_nothing_is_left_of_the_old_latent():
    blend, a, b = LatentBlend(10, project), latent(1), latent(2)
    blend.step(a)
    assert blend.step(None) is None
    np.testing.assert_array_equal(blend.step(b), b)


def test_a_goal_that_moves_is_followed_and_the_change_to_it_still_ends():
    blend, track = LatentBlend(4, project), object()
    blend.step(latent(0))
    goals = [latent(seed) for seed in range(1, 7)]
    path = [blend.step(goal, track) for goal in goals]
    assert not np.allclose(path[0], goals[0])
    for taken, goal in zip(path[3:], goals[3:], strict=True):
        np.testing.assert_array_equal(taken, goal)
