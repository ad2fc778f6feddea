"""An area by its code, or by what people call it: 青石社区 for 青石社区居委会, 青石 where only one is called so."""

import re
from dataclasses import dataclass, field

from registry.sheets.cells import Wrong
from registry.text import folded

_SHOWN = 5
_COMMITTEE = (
    (re.compile(r"(.+?)(?:社区)?(?:居民委员会|居委会)"), "社区"),  # as the official list has them
    (re.compile(r"(.+?)村?(?:村民委员会|村委会)"), "村"),
)
_LEVEL = re.compile(r"(.+?)(?:社区|村|街道|镇|乡|区|县|市)")


@dataclass(slots=True)
class AreaNames:
    codes: dict[int, str] = field(default_factory=dict)
    _names: dict[int, str] = field(default_factory=dict)
    _known: dict[str, list[int]] = field(default_factory=dict)  # folded code or name → ids
    _called: dict[str, list[int]] = field(default_factory=dict)  # as it is called for short → ids
    _like: dict[str, list[str]] = field(default_factory=dict)  # a name that is none → those that look like it

    def add(self, area_id: int, code: str, name: str) -> None:
        self.codes[area_id], self._names[area_id] = code, name
        for word in {folded(code, 80), folded(name, 80)}:
            self._known.setdefault(word, []).append(area_id)
        short = _without_committee(folded(name, 80))
        for word in {short, _bare(short)}:
            self._called.setdefault(word, []).append(area_id)

    def find(self, text: str) -> int:
        """Raises Wrong, with the areas that may be meant."""
        word = folded(text, 80)
        found = self._known.get(word) or self._called.get(_without_committee(word), [])
        if len(found) == 1:
            return found[0]
        if found:
            raise Wrong("area_ambiguous", choices=[self._shown(one) for one in found[:_SHOWN]])
        if word not in self._like:
            self._like[word] = self._looking_like(word)
        raise Wrong("area_unknown", choices=self._like[word])

    def _looking_like(self, word: str) -> list[str]:
        """Those that have most of its characters, the shortest code first where none is better."""
        characters = set(word)
        ranked = sorted(
            self.codes,
            key=lambda one: (-len(characters & set(self._names[one])), len(self.codes[one]), self.codes[one]),
        )
        return [self._shown(one) for one in ranked[:_SHOWN]]

    def _shown(self, area_id: int) -> str:
        return f"{self.codes[area_id]} {self._names[area_id]}"


def _without_committee(name: str) -> str:
    for committee, level in _COMMITTEE:
        if found := committee.fullmatch(name):
            return found[1] + level
    return name


def _bare(name: str) -> str:
    found = _LEVEL.fullmatch(name)
    return found[1] if found and len(found[1]) > 1 else name
