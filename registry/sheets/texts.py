"""Facts as the cells of a sheet say them, in Chinese or English; read again they are the same facts."""

from collections.abc import Iterable, Mapping
from typing import Any

from registry.consent import HEALTH
from registry.models import Channel, LineKind
from registry.sheets import capacities, columns, hours, plans, special, staff
from registry.sheets.names import Names
from registry.sheets.record import Facts

Texts = dict[str, str]  # by the column's key

_SAID_ALIKE = (
    *("name", "called", "born", "identity_number", "community", "building", "unit", "door", "entrance_note"),
    *("lock", "dog", "latitude", "longitude", "language", "dialect", "care_level", *HEALTH),
    *("consented_on", "consented_by", "visited_on", "visited_by"),
)
_MERCHANT_ALIKE = (
    *("name", "address", "latitude", "longitude", "language", "licence_number", "licence_expires", "capacity"),
    "suspended_why",
)
_NO_DEVICE = "-"


class Words:
    """What facts are called in a language, and what the register's numbers stand for."""

    def __init__(self, names: Names, language: str) -> None:
        self._names = names
        self.language = "en" if language == "en" else "zh"

    def resident(self, facts: Facts) -> Texts:
        """What is not in the facts (sealed, and not asked for) has no cell."""
        buttons = _of_kind(facts, LineKind.BUTTON)
        devices = [line["device_id"] or _NO_DEVICE for line in buttons]
        texts = _alike(facts, _SAID_ALIKE) | {
            "gender": self._word(columns.GENDERS, facts["gender"]),
            "hearing": self._word(columns.HEARINGS, facts["hearing"]),
            "lift": self._yes(facts["lift"]) if facts["lift"] is not None else "",
            "sight": self._word(columns.SIGHTS, facts["sight"]),
            "groups": "、".join(self._word(columns.GROUPS, group) for group in facts["groups"]),
            "area": self._area(facts["area_id"]),
            "mobile": self._numbers(_of_kind(facts, LineKind.MOBILE)),
            "landline": self._numbers(_of_kind(facts, LineKind.LANDLINE)),
            "button": self._numbers(buttons),
            "device": "、".join(devices) if set(devices) != {_NO_DEVICE} else "",
            "usual": "、".join(self._names.merchant_text(one) for one in facts["usual_merchants"].values()),
        }
        for place, contact in enumerate(facts["contacts"][: columns.CONTACTS], 1):
            key = f"contact.{place}."
            texts |= {f"{key}{name}": contact[name] for name in ("name", "relation", "note")}
            texts[f"{key}number"] = self._numbers([contact])
            texts[f"{key}has_key"] = self._yes(contact["has_key"])
        return texts

    def merchant(self, facts: Facts) -> Texts:
        numbers = facts["numbers"]
        return _alike(facts, _MERCHANT_ALIKE) | {
            "kind": self._word(columns.KINDS, facts["kind"]),
            "first_channel": self._word(columns.CHANNELS, facts["first_channel"]),
            "channel_plan": plans.written(facts["channel_plan"], self.language),
            "capacity_plan": capacities.written(facts["capacity_plan"], self.language),
            "area": self._area(facts["area_id"]),
            "special_hours": special.written(facts["special_hours"], self.language),
            "staff": staff.written(facts["staff"], self.language, self._number),
            "hours": hours.written(facts["hours"], self.language),
            "sms": self._numbers(one for one in numbers if one["channel"] == Channel.SMS),
            "voice": self._numbers(one for one in numbers if one["channel"] == Channel.VOICE),
        }

    def contract(self, merchant_id: int, merchant: str, facts: Facts) -> Texts:
        return _alike(facts, ("valid_from", "valid_until", "radius", "fee", "conditions")) | {
            "merchant_id": str(merchant_id),
            "merchant": merchant,
            "services": "、".join(facts["services"]),
            "areas": "、".join(map(self._area, facts["areas"])),
        }

    def _word(self, words: Mapping[Any, tuple[str, ...]], value: str | None) -> str:
        return words[value][int(self.language == "en")] if value else ""

    def _yes(self, value: bool) -> str:
        return ("是" if value else "否") if self.language == "zh" else ("yes" if value else "no")

    def _area(self, area_id: int | None) -> str:
        return self._names.areas.codes.get(area_id or 0, "")

    def _numbers(self, entries: Iterable[Facts]) -> str:
        return "、".join(self._number(entry["number"]) for entry in entries)

    def _number(self, number: str) -> str:
        """As it is dialled here, when that is read as the same number."""
        dialled = self._names.plan.dialled(number)
        return dialled if self._names.plan.read(dialled).candidates == (number,) else number


def _alike(facts: Facts, names: Iterable[str]) -> Texts:
    return {name: "" if facts[name] is None else str(facts[name]) for name in names if name in facts}


def _of_kind(facts: Facts, kind: LineKind) -> list[Facts]:
    return [line for line in facts["lines"] if line["kind"] == kind]
