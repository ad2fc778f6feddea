"""Residents as the register knows them, as facts of a `ResidentChange`; and what a line would change in them."""

from collections.abc import Callable, Iterable

from registry.address import core
from registry.consent import HEALTH
from registry.models import Resident
from registry.sheets.cells import part, words
from registry.sheets.record import Facts
from registry.store import Reading, Writing
from registry.ties import add_ties
from registry.vault import Vault

_PLAIN = (
    *("name", "called", "area_id", "community", "building", "unit", "door", "entrance_note", "lift", "lock", "dog"),
    *("language", "dialect", "care_level", "consented_by", "visited_by"),
)


_DAYS = ("born", "consented_on", "visited_on")


def facts_of(session: Reading | Writing, residents: Iterable[Resident], vault: Vault | None) -> dict[int, Facts]:
    """By resident. Without a vault what is sealed is left out; a position counts when a person gave it."""
    residents = list(residents)
    found = {one.id: _facts(one) for one in residents if one.id is not None}
    if vault is not None:
        with vault.at_hand(session, found):
            for one in residents:
                facts = found[one.id or 0]
                for name in HEALTH:
                    facts[name] = vault.open(session, one.id or 0, name, getattr(one, name)) or ""
                facts["identity_number"] = vault.open(session, one.id or 0, "identity_number", one.identity_number)
    if found:
        add_ties(session, found)
    return found


def _facts(one: Resident) -> Facts:
    """What stands in her own row."""
    placed = one.position_source == "operator"
    return {name: getattr(one, name) for name in _PLAIN} | {
        "gender": one.gender.value if one.gender else None,
        **{name: day.isoformat() if (day := getattr(one, name)) else None for name in _DAYS},
        "hearing": one.hearing.value,
        "sight": one.sight.value,
        "latitude": one.latitude if placed else None,
        "longitude": one.longitude if placed else None,
    }


def changes(given: Facts, before: Facts) -> Facts:
    """What of `given` is not so yet. Numbers and contacts that the sheet does not name stay."""
    wanted = dict(given)
    if "lines" in given:
        wanted["lines"] = _lines(given["lines"], before["lines"])
    if "contacts" in given:
        wanted["contacts"] = _contacts(given["contacts"], before["contacts"])
    if "usual_merchants" in given:
        wanted["usual_merchants"] = before["usual_merchants"] | given["usual_merchants"]
    for name in ("building", "unit", "door"):
        if given.get(name) and core(part(given[name])) == core(part(before[name])):
            wanted[name] = before[name]  # 5 and 5栋 are one building
    if "name" in given and words(before["name"]) == words(given["name"]):
        wanted["name"] = before["name"]
    changed = {name: value for name, value in wanted.items() if value != before[name]}
    if not changed.keys().isdisjoint({"latitude", "longitude"}):
        changed |= {name: wanted.get(name, before[name]) for name in ("latitude", "longitude")}
    return changed


def _lines(given: list[Facts], before: list[Facts]) -> list[Facts]:
    known = {line["number"]: dict(line) for line in before}
    for line in given:
        known.setdefault(line["number"], {}).update(line)
    return list(known.values())


def _contacts(given: list[Facts], before: list[Facts]) -> list[Facts]:
    """The sheet's order when it names everybody; otherwise the known order, and who is new comes last."""
    rest = list(before)
    merged: list[tuple[Facts | None, Facts]] = []
    for contact in given:
        same = _same(contact, rest)
        if same is not None:
            rest.remove(same)
        merged.append((same, _merged(same, contact)))
    if not rest:
        return [contact for _, contact in merged]
    kept = [next((now for was, now in merged if was is one), one) for one in before]
    return kept + [now for was, now in merged if was is None]


def _merged(known: Facts | None, given: Facts) -> Facts:
    if known is None:
        return {"relation": "", "has_key": False, "note": ""} | given
    return known | given | ({"name": known["name"]} if words(known["name"]) == given["name"] else {})


def _same(contact: Facts, known: list[Facts]) -> Facts | None:
    """The same number and name, else the number, else the name, as `registry.ties.set_contacts` finds them."""
    name, number = contact["name"], contact["number"]
    ways: tuple[Callable[[Facts], bool], ...] = (
        lambda one: bool(one["number"] == number) and words(one["name"]) == name,
        lambda one: bool(one["number"] == number),
        lambda one: words(one["name"]) == name,
    )
    return next((one for way in ways for one in known if way(one)), None)
