"""What is said to people, in Chinese and in English: gettext catalogues (`<folder>/<language>.po`), read as they are.

The message id is a key (`need.nobody_left`), so that code and catalogues can be compared; both languages have
every key.
"""

import gettext
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")


class Catalogue:
    """The sentences of one package, or of several, in one language."""

    def __init__(self, package: str, language: str, *more: str) -> None:
        """`package` holds a folder `locale` with `<language>.po`; what it does not say, the packages in `more` may.
        An unknown language is read as Chinese.
        """
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._sentences = [_sentences(package, self.language) for package in (package, *more)]

    def say(self, key: str, **values: Any) -> str:
        """The sentence of `key` with `{name}` filled in; the key itself where the catalogue has none.

        Values are put in as they are: a brace in a person's name means nothing.
        """
        sentence = self._sentence(key)
        return sentence.format(**values) if values and sentence != key else sentence

    def knows(self, key: str) -> bool:
        return self._sentence(key) != key

    def _sentence(self, key: str) -> str:
        return next((said for each in self._sentences if (said := each.gettext(key)) != key), key)


def keys_of(package: str) -> list[str]:
    """Every key that the package has a sentence for."""
    with (files(package) / "locale" / f"{LANGUAGES[0]}.po").open("rb") as file:
        return [str(message.id) for message in read_po(file) if message.id]


@lru_cache
def _sentences(package: str, language: str) -> gettext.GNUTranslations:
    with (files(package) / "locale" / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
