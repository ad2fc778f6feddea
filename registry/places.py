"""Points on the globe, found by how near they are: in memory, by cells of a grid."""

from collections.abc import Iterator
from math import ceil, cos, dist, floor, inf, radians, sin

from registry.geo import EARTH, Box

CELL = 0.01  # degrees: about a kilometre

_Vector = tuple[float, float, float]


class Places:
    """Who is where. Positions are WGS-84 degrees."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], dict[int, _Vector]] = {}
        self._cell_of: dict[int, tuple[int, int]] = {}

    def put(self, who: int, latitude: float, longitude: float) -> None:
        self.drop(who)
        cell = floor(latitude / CELL), floor(longitude / CELL)
        self._cells.setdefault(cell, {})[who] = _vector(latitude, longitude)
        self._cell_of[who] = cell

    def drop(self, who: int) -> None:
        if (cell := self._cell_of.pop(who, None)) is not None:
            del self._cells[cell][who]

    def within(self, latitude: float, longitude: float, metres: float) -> list[tuple[float, int]]:
        """Everybody so near, each with its `nearness`; in no order."""
        here = _vector(latitude, longitude)
        longest = nearness(metres)
        return [
            (line, who)
            for cell in self._around(Box.around(latitude, longitude, metres))
            for who, there in cell.items()
            if (line := dist(here, there)) <= longest
        ]

    def _around(self, box: Box) -> Iterator[dict[int, _Vector]]:
        """The cells that the box touches."""
        rows = range(floor(box.south / CELL), ceil(box.north / CELL) + 1)
        columns = range(floor(box.west / CELL), ceil(box.east / CELL) + 1)
        if len(rows) * len(columns) > len(self._cells):
            yield from self._cells.values()
            return
        for row in rows:
            for column in columns:
                if (cell := self._cells.get((row, column))) is not None:
                    yield cell


def nearness(metres: float) -> float:
    """What is compared instead of a distance: the straight line through a globe whose radius is 1.

    It grows as the distance does, and no angle has to be reckoned for it.
    """
    return 2 * sin(metres / EARTH / 2) if metres < EARTH else inf


def _vector(latitude: float, longitude: float) -> _Vector:
    """On the globe whose radius is 1."""
    north, east = radians(latitude), radians(longitude)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)
