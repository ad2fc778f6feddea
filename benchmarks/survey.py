"""A survey of invented residents as a community keeps it: one xlsx, a line for each, from one seed.

Names are as uneven as they are: of 100,000 a hundred or so share the commonest one, and the registers have to tell
them apart.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.population import COMMUNITIES, COMMUNITY_SIZE, GIVEN, SURNAMES
from registry.identity import check_digit
from registry.sheets.columns import RESIDENTS
from registry.sheets.writing import write

KEYS = (
    *("name", "gender", "born", "identity_number", "mobile", "landline", "community", "building", "unit", "door"),
    *("hearing", "care_level", "groups", "health_note", "consented_on"),
    *("contact.1.name", "contact.1.relation", "contact.1.number", "contact.1.has_key"),
)
_NOTES = ("高血压", "糖尿病，每天打胰岛素", "青霉素过敏", "膝关节置换，走路不便", "冠心病，装过两个支架")


def mobile(index: int) -> str:
    """Of resident `index`, from 0, as it is written: nobody else's."""
    return f"136{index:08d}"


def survey(path: Path, residents: int, *, first: int = 0) -> Path:
    """Residents `first` and those after her."""
    headings = {column.key: column.zh for column in RESIDENTS}
    write(path, [headings[key] for key in KEYS], _lines(random.Random(2), range(first, first + residents)))
    return path


def _lines(dice: random.Random, indices: range) -> Iterator[list[str]]:
    for index in indices:
        place = index // COMMUNITY_SIZE
        female = dice.random() < 0.55
        born = date(1936, 1, 1) + timedelta(days=dice.randrange(9000))
        first = f"500103{born:%Y%m%d}{dice.randrange(500) * 2 + (not female):03d}"
        noted, has_landline = dice.random() < 0.4, dice.random() < 0.3
        texts = {
            "name": name(dice),
            "gender": "女" if female else "男",
            "born": born.isoformat(),
            "identity_number": first + check_digit(first),
            "mobile": mobile(index),
            "landline": f"0236{index:07d}" if has_landline else "",
            "community": f"{COMMUNITIES[place % len(COMMUNITIES)]}{place // len(COMMUNITIES) + 1}期",
            "building": f"{index % 40 + 1}栋",
            "unit": str(index % 3 + 1),
            "door": f"{index % 18 + 1}0{index % 4 + 1}",
            "hearing": dice.choice(("正常", "正常", "重听")),
            "care_level": str(dice.randrange(5)),
            "groups": dice.choice(("独居", "空巢", "独居、低保", "")),
            "health_note": dice.choice(_NOTES) if noted else "",
            "consented_on": "2026-01-15" if noted else "",
            "contact.1.name": name(dice),
            "contact.1.relation": dice.choice(("女儿", "儿子", "邻居")),
            "contact.1.number": f"138{index:08d}",
            "contact.1.has_key": dice.choice(("是", "否")),
        }
        yield [texts[key] for key in KEYS]


def name(dice: random.Random) -> str:
    """The first of each list are the commonest: a place is drawn twice, and the lower one taken twice."""

    def drawn(characters: str) -> str:
        return characters[int(len(characters) * dice.random() ** 2.2)]

    return drawn(SURNAMES) + drawn(GIVEN) + drawn(GIVEN)
