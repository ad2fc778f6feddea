"""A plan of capacity as one cell says it: 08:00-12:00 5单；18:00-22:00 1单, 08:00-12:00 5 jobs."""

import re

from registry.capacity_plan import Carries
from registry.day_hours import DayHours
from registry.sheets.cells import Wrong, folded_pieces, wall_time

_PIECE = re.compile(r"([\d:.点时分半]+)\s*(?:[-–—~至到]|to)\s*([\d:.点时分半]+)[\s:]+(\d{1,5})\s*(?:单|jobs?)?")


def read(text: str) -> list[str]:
    """The lines of the plan. Raises Wrong."""
    found = []
    for piece in folded_pieces(text):
        parts = _PIECE.fullmatch(piece)
        if parts is None:
            raise Wrong("capacity_plan")
        found.append(str(Carries(DayHours(wall_time(parts[1]), wall_time(parts[2])), int(parts[3]))))
    return sorted(found)


def written(plan: list[str], language: str) -> str:
    """What `read` reads the same plan from."""
    said = []
    for line in map(Carries.read, plan):
        jobs = f"{line.jobs}单" if language != "en" else f"{line.jobs} job{'' if line.jobs == 1 else 's'}"
        said.append(f"{line.hours} {jobs}")
    return ("; " if language == "en" else "；").join(said)
