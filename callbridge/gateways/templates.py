"""The approved templates of one cloud gateway: which of our texts it can carry, to whom, and how."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from callbridge.errors import GatewayRefused
from callbridge.gateways.door import Wording
from callbridge.gateways.untrusted import mainland_mobile
from callbridge.settings import TemplateSettings

T = TypeVar("T", bound=TemplateSettings)


class Templates(Generic[T]):
    """Those in the section of the gateway `name`."""

    def __init__(self, name: str, templates: Sequence[T]) -> None:
        self._name = name
        self._templates: dict[tuple[str, str], T] = {(each.text, each.language): each for each in templates}

    def obstacle(self, to: str, wording: Wording | None) -> str:
        """Why this text cannot go out, naming the key of the configuration; empty when it can."""
        if mainland_mobile(to) is None:
            return f"gateway {self._name} carries SMS to mobile numbers of the Chinese mainland only"
        return self._lacking(wording)

    def of(self, wording: Wording | None) -> T:
        """The template for this text. Raises GatewayRefused with the obstacle."""
        if lacking := self._lacking(wording):
            raise GatewayRefused(lacking)
        assert wording is not None
        return self._templates[wording.text, wording.language]

    def _lacking(self, wording: Wording | None) -> str:
        if wording is None:
            return f"gateway {self._name} sends approved templates only, and this is free text"
        template = self._templates.get((wording.text, wording.language))
        if template is None:
            return f"gateway {self._name}: templates has none for the text {wording.text} in {wording.language}"
        lacking = [each for each in template.wanted if each not in wording.values]
        if lacking:
            return (
                f"gateway {self._name}: templates: {template.code} wants {lacking[0]} in its variables, which "
                f"the text {wording.text} does not have"
            )
        return ""
