"""Distances and boxes on the globe: WGS-84 degrees in, metres out."""

from collections.abc import Callable
from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin, sqrt

EARTH = 6_371_008.8  # metres: the mean radius (IUGG); a straight line over a town is right to half a percent


def distance(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Straight-line metres between two points (haversine)."""
    return distances(latitude, longitude)(to_latitude, to_longitude)


def distances(latitude: float, longitude: float) -> Callable[[float, float], float]:
    """`distance` from one point to each of many others."""
    narrowing = cos(radians(latitude))

    def metres(to_latitude: float, to_longitude: float) -> float:
        north, east = sin(radians(to_latitude - latitude) / 2), sin(radians(to_longitude - longitude) / 2)
        chord = north * north + narrowing * cos(radians(to_latitude)) * (east * east)
        return 2 * EARTH * asin(sqrt(chord if chord < 1 else 1.0))

    return metres


@dataclass(frozen=True, slots=True)
class Box:
    """Everything between two parallels and two meridians."""

    south: float
    north: float
    west: float
    east: float

    @classmethod
    def around(cls, latitude: float, longitude: float, metres: float) -> "Box":
        """The smallest box that holds the circle; the whole turn where it touches a pole or the date line."""
        reach = degrees(metres / EARTH)
        south, north = latitude - reach, latitude + reach
        narrowing = cos(radians(latitude))
        if south <= -90 or north >= 90 or sin(radians(reach)) >= narrowing:
            return cls(max(south, -90.0), min(north, 90.0), -180.0, 180.0)
        sideways = degrees(asin(sin(radians(reach)) / narrowing))
        if longitude - sideways < -180 or longitude + sideways > 180:
            return cls(south, north, -180.0, 180.0)
        return cls(south, north, longitude - sideways, longitude + sideways)
