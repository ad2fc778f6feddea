"""Everything the console says, in the reader's language. What comes from outside is made harmless on its way in."""

from datetime import datetime
from typing import Any

from console.plain import plain
from dispatch.wire.base import Problem, Said
from dispatch.wire.cases import CaseLine
from dispatch.wire.catalogue import LANGUAGES, Catalogue
from dispatch.wire.people import LastCase, ServiceView


class Speech:
    """The catalogue of one language; the other is one `switched` away."""

    def __init__(self, language: str) -> None:
        self._catalogue = Catalogue("console", language, "dispatch.wire")
        self.language = self._catalogue.language

    def switched(self) -> "Speech":
        return Speech(next(each for each in LANGUAGES if each != self.language))

    def say(self, key: str, /, **values: Any) -> str:
        """The sentence of `key`, or the key with its values where they do not fit (a service of another age)."""
        if not self._catalogue.knows(key):
            return plain(key, 80)
        sentence = self._catalogue.say(key)
        try:
            return sentence.format_map({name: _harmless(value) for name, value in values.items()})
        except (LookupError, ValueError, AttributeError):
            return " ".join([key, *(plain(str(value), 80) for value in values.values())])

    def knows(self, key: str) -> bool:
        return self._catalogue.knows(key)

    def word(self, kind: str, value: str | None) -> str:
        """One word of the wire: `word("case", "offering")`. Empty for None, the word itself where none is known."""
        if value is None:
            return ""
        key = f"{kind}.{value}"
        return self._catalogue.say(key) if self._catalogue.knows(key) else plain(value, 40)

    def said(self, said: Said) -> str:
        """Where a value is missing (`opens_at` of a shop that does not open again), the sentence without it."""
        values = {name: value for name, value in said.values.items() if value not in (None, "")}
        bare = f"{said.key}.bare"
        if len(values) < len(said.values) and self._catalogue.knows(bare):
            return self.say(bare)
        return self.say(said.key, **self._words(values))

    def problem(self, problem: Problem) -> str:
        """Why the service said no: in the reader's language where the key is known, else in the service's own words.

        Some conflicts have a sentence of their own, by what is now. Where a person was first, it names her.
        """
        general = f"problem.{problem.key}"
        for key in (f"{general}.{problem.values.get('now')}", general):
            if problem.values.get("by") and self._catalogue.knows(f"{key}_by"):
                return self.say(f"{key}_by", **self._words(problem.values))
            if self._catalogue.knows(key):
                return self.say(key, **self._words(problem.values))
        return plain(problem.detail or problem.title, 300)

    def service(self, of: CaseLine | LastCase) -> str:
        return plain(of.service_zh if self.language == "zh" else of.service_en, 40)

    def service_name(self, service: ServiceView) -> str:
        return plain(service.name_zh if self.language == "zh" else service.name_en, 40)

    def questions(self, service: ServiceView) -> list[str]:
        return [plain(each) for each in (service.questions_zh if self.language == "zh" else service.questions_en)]

    def _words(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values with the words of the wire among them translated."""
        return {name: self._value(name, value, values) for name, value in values.items()}

    def _value(self, name: str, value: Any, values: dict[str, Any]) -> Any:
        match name, value:
            case "subject", str():
                return self.word("subject", value)
            case (("now" | "wanted"), str()):
                return self.word(str(values.get("subject", "case")), value)
            case (("role" | "needed"), str()):
                return self.word("role", value)
            case (("at" | "opens_at"), str()):
                return _hour(value)
            case "cases", list():
                return ", ".join(map(str, value))
            case _:
                return value


def _hour(moment: str) -> str:
    """A moment of the wire is in the centre's own time already."""
    try:
        return datetime.fromisoformat(moment).strftime("%H:%M")
    except ValueError:
        return moment


def _harmless(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value
