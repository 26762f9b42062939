"""Random numbers of the simulation: independent streams, which other events do not disturb."""

from __future__ import annotations

import numpy as np

from finops_toolkit.company.chance import CONCERNS, Chance


def test_every_concern_month_and_division_has_a_stream_of_its_own():
    """No two streams begin alike, and none depends on which was used before."""
    streams = {
        (seed, division, concern, month): Chance(seed, division).at(concern, month).standard_normal()
        for seed in (7, 8)
        for division in (0, 1)
        for concern in CONCERNS
        for month in range(45)
    }
    assert len(set(streams.values())) == len(streams)
    assert Chance(7).at("orders", 3).standard_normal() == streams[7, 0, "orders", 3]


def test_events_of_one_plant_and_month_do_not_disturb_others():
    """More events in one plant or in a later month leave the draws of the others as they were."""
    month, place = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 1, 0, 1, 0])
    normal, uniform = Chance(7).draws("runs", month, place, normals=2, uniforms=1)
    more_month, more_place = np.append(month, [1, 2]), np.append(place, [1, 3])
    again, even = Chance(7).draws("runs", more_month, more_place, normals=2, uniforms=1)
    rest = ~((month == 1) & (place == 1))

    np.testing.assert_array_equal(again[:6][rest], normal[rest])
    np.testing.assert_array_equal(even[:6][rest], uniform[rest])


def test_draws_look_like_what_they_are_called():
    """Normal numbers have mean 0 and spread 1, uniform ones lie in [0, 1); months differ from each other."""
    month = np.repeat(np.arange(40), 500)
    normal, uniform = Chance(7).draws("runs", month, np.zeros(len(month), dtype=int), normals=1, uniforms=1)
    assert abs(normal.mean()) < 0.03
    assert abs(normal.std() - 1) < 0.03
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert not np.array_equal(normal[:500], normal[500:1000])
