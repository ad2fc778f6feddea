import pytest

from registry.geo import Box, distance

LIBERATION_MONUMENT = (29.5571, 106.5770)


def test_a_thousandth_of_a_degree_north_is_111_metres() -> None:
    assert distance(29.0, 106.0, 29.001, 106.0) == pytest.approx(111.2, abs=0.1)


def test_distance_is_the_same_both_ways_and_nothing_to_oneself() -> None:
    there = distance(*LIBERATION_MONUMENT, 29.5630, 106.5516)
    assert there == pytest.approx(2543, abs=5)
    assert distance(29.5630, 106.5516, *LIBERATION_MONUMENT) == pytest.approx(there)
    assert distance(*LIBERATION_MONUMENT, *LIBERATION_MONUMENT) == 0


def test_distance_crosses_the_date_line_and_reaches_the_antipode() -> None:
    assert distance(0, 179.999, 0, -179.999) == pytest.approx(222.4, abs=0.1)
    assert distance(0, 0, 0, 180) == pytest.approx(20_015_115, abs=1)


@pytest.mark.parametrize("latitude", [-89.99, -60.0, 0.0, 29.5, 70.0, 89.9])
@pytest.mark.parametrize("longitude", [-179.99, 0.0, 106.5, 180.0])
def test_the_box_holds_the_whole_circle(latitude: float, longitude: float) -> None:
    from math import asin, atan2, cos, degrees, radians, sin

    box = Box.around(latitude, longitude, 5000)
    reach, north = 5000 / 6_371_008.8, radians(latitude)
    for turn in range(0, 360, 5):
        bearing = radians(turn)
        to = asin(sin(north) * cos(reach) + cos(north) * sin(reach) * cos(bearing))
        east = longitude + degrees(atan2(sin(bearing) * sin(reach) * cos(north), cos(reach) - sin(north) * sin(to)))
        east = (east + 180) % 360 - 180
        assert box.south - 1e-9 <= degrees(to) <= box.north + 1e-9
        assert box.west - 1e-9 <= east <= box.east + 1e-9
