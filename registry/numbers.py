"""Telephone numbers as they really arrive: from the network, a form, a spreadsheet, a person's memory.

Reading never fails. What is a number becomes E.164; service numbers (12345, 95588, 106…) stay as they are; digits
that no plan knows, a room of a care home's own exchange say, stay as they are too; the rest is no number. The raw
value is always kept.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from registry.text import plain

LONGEST = 250  # characters: the longest text in which numbers are looked for
_LONGEST_KEPT = 24  # digits: the longest digits kept that no plan knows


class NumberKind(StrEnum):
    E164 = "e164"
    SERVICE = "service"
    KEPT = "kept"  # digits that no plan knows, as they are
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Heard:
    """What was read from `raw`. `candidates` are all the numbers in it, `number` is the first of them."""

    raw: str
    kind: NumberKind = NumberKind.NONE
    candidates: tuple[str, ...] = ()
    extension: str | None = None

    @property
    def number(self) -> str | None:
        return self.candidates[0] if self.candidates else None


@dataclass(frozen=True, slots=True)
class _Country:
    """What `phonenumbers` does not know of a country's numbers."""

    code: str = ""
    local: range = range(5, 9)  # how many digits a number has without its area code
    mobile: re.Pattern[str] = re.compile(r"(?!)")  # accepted although the tables do not know the range yet
    service: re.Pattern[str] = re.compile(r"1\d{2,5}", re.ASCII)
    carriers: tuple[str, ...] = ()  # carrier selection in front of the number, as it is shown to the called


_COUNTRIES = {
    "CN": _Country(
        code="86",
        local=range(7, 9),
        mobile=re.compile(r"1[3-9]\d{9}", re.ASCII),
        # three digits (120), hotlines (12345, 10086, 1008611), 95… and 96… (banks, towns), SMS senders (106…)
        service=re.compile(r"1\d\d|1[0-2]\d{2,5}|9[56]\d{3,4}|95\d{6,13}|106\d{5,17}", re.ASCII),
        carriers=("12520", "12593", "17951", "17911", "17909", "17901", "10193"),
    )
}
_ELSEWHERE = _Country()

_FLAGS = re.IGNORECASE | re.ASCII
_SCHEME = re.compile(r"^(?:sips?|tel):", _FLAGS)
_NAME_AND_ADDRESS = re.compile(r"[^<]*<([^<>]*)>[^<>]*")
_HOST = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", _FLAGS)
_MARKED_EXTENSION = re.compile(
    r"(?:;\s*ext\s*=|分机号?|内线|转|轉|分機|(?<![a-z])(?:extension|extn|ext|x)\.?|#|,+)\s*:?\s*(\d{1,6})\s*$", _FLAGS
)
_DASHED_EXTENSION = re.compile(r"^(.*\d)\s*[-–—]\s*(\d{1,5})$", _FLAGS)
_CERTAIN = re.compile(r"\+|0|[48]00", _FLAGS)  # how a number begins that is no local one
_SEPARATOR = re.compile(r"[/、;|,]|\s(?:or|或|和)\s|或", _FLAGS)
_ONLY_A_NUMBER = re.compile(r"\+?[\d\s()./·–—-]*\d[\s()]*", _FLAGS)
_IN_TEXT = re.compile(r"(?<![a-z0-9])\+?\(?\d[\d ()·-]{5,}\d(?![a-z0-9])", _FLAGS)


class _Number(NamedTuple):
    number: str
    kind: NumberKind
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """How numbers without a country code are read: ISO 3166 country, area code put before local numbers (`023`), and
    the digits that the exchange itself puts before outside numbers.
    """

    country: str
    area_code: str = ""
    exchange_prefix: str = ""

    def read(self, raw: str) -> Heard:
        """Every telephone number in `raw`; never raises."""
        return _read(self, raw)

    def _read_anew(self, raw: str) -> Heard:
        if (mobile := self._plain_mobile(raw)) is not None:
            return Heard(raw, NumberKind.E164, (mobile,))
        text = _user_part(raw)
        whole = self._with_extension(text)
        if whole is not None and whole.kind is not NumberKind.KEPT:
            return Heard(raw, whole.kind, (whole.number,), whole.extension)
        for parts in (_SEPARATOR.split(text), text.split(), _IN_TEXT.findall(text)):
            read = (self._with_extension(part.strip()) for part in parts)
            if found := [number for number in read if number is not None and number.kind is NumberKind.E164]:
                extension = next((number.extension for number in found if number.extension), None)
                return Heard(raw, NumberKind.E164, tuple(dict.fromkeys(number.number for number in found)), extension)
        return Heard(raw, whole.kind, (whole.number,), whole.extension) if whole else Heard(raw)

    def display(self, number: str) -> str:
        """For screens: numbers of the own country grouped as they are written there, others internationally."""
        if not number.startswith("+"):
            return number
        try:
            parsed = phonenumbers.parse(number)
        except NumberParseException:
            return number
        own = parsed.country_code == phonenumbers.country_code_for_region(self.country)
        return phonenumbers.format_number(
            parsed, PhoneNumberFormat.NATIONAL if own else PhoneNumberFormat.INTERNATIONAL
        )

    def dialled(self, number: str) -> str:
        """As somebody here dials it, digits only: 13912345678, 02361234567, 0085221234567."""
        if not number.startswith("+"):
            return number
        try:
            parsed = phonenumbers.parse(number)
        except NumberParseException:
            return number
        return re.sub(r"[^0-9]", "", phonenumbers.format_out_of_country_calling_number(parsed, self.country))

    def is_mobile(self, number: str) -> bool:
        """Whether an E.164 `number` is certainly a mobile's."""
        own = f"+{self._rules.code}"
        if self._rules.mobile.fullmatch(number.removeprefix(own)):
            return True
        if self._rules is not _ELSEWHERE and number.startswith(own):
            return False
        try:
            kind = phonenumbers.number_type(phonenumbers.parse(number, self.country))
        except NumberParseException:
            return False
        return kind == phonenumbers.PhoneNumberType.MOBILE

    @property
    def _rules(self) -> _Country:
        return _COUNTRIES.get(self.country, _ELSEWHERE)

    def _plain_mobile(self, raw: str) -> str | None:
        """What nearly every cell of a sheet holds, read at once; None says nothing."""
        own = f"+{self._rules.code}"
        digits = raw.removeprefix(own)
        if not self._rules.mobile.fullmatch(digits):
            return None
        if digits == raw and self.exchange_prefix and raw.startswith(self.exchange_prefix):
            return None
        return own + digits

    def _with_extension(self, text: str) -> _Number | None:
        """`text` as one number with or without an extension; None when it is anything else."""
        extension = None
        if marked := _MARKED_EXTENSION.search(text):
            text, extension = text[: marked.start()].strip(), marked[1]
        if not _ONLY_A_NUMBER.fullmatch(text):
            return None
        whole = self._one(text)
        certain = whole is not None and whole.kind is NumberKind.E164 and bool(_CERTAIN.match(text))
        if extension is None and not certain and (dashed := _DASHED_EXTENSION.match(text)):
            head = self._one(dashed[1])
            if head is not None and head.kind is NumberKind.E164:
                return head._replace(extension=dashed[2])
        return whole._replace(extension=extension) if whole else None

    def _one(self, text: str) -> _Number | None:
        """One number without an extension, with punctuation."""
        digits = re.sub(r"\D", "", text)
        if text.startswith("+") and not digits.startswith("00"):
            return self._abroad(digits) or _kept(f"+{digits}")
        if text.startswith("+"):  # some exchanges put a + before whatever they were given
            digits = digits[2:]
        prefix = self.exchange_prefix
        if prefix and digits.startswith(prefix) and (known := self._dialled(digits.removeprefix(prefix))):
            return known
        return self._dialled(digits) or _kept(digits)

    def _dialled(self, digits: str) -> _Number | None:
        """Digits as somebody in this place would dial them."""
        for carrier in self._rules.carriers:
            if digits.startswith(carrier) and (found := self._national(digits.removeprefix(carrier))):
                return found
        if found := self._national(digits):
            return found
        if digits.startswith("00"):
            return self._abroad(digits[2:]) or self._national(digits[2:])
        if self._rules.service.fullmatch(digits):
            return _Number(digits, NumberKind.SERVICE)
        # A country code whose + was lost on the way: only when nothing at home looks like it.
        return self._abroad(digits) if len(digits) >= 10 and not digits.startswith("0") else None

    def _national(self, digits: str) -> _Number | None:
        """A mobile or landline of the own country, with or without trunk zero, area code and country code."""
        rules = self._rules
        if rules.code and len(digits) > 10 and digits.startswith(rules.code):
            without = self._national(digits.removeprefix(rules.code))
            if without is not None:
                return without
        if rules.mobile.fullmatch(mobile := digits.removeprefix("0")):
            return _Number(f"+{rules.code}{mobile}", NumberKind.E164)
        if self.area_code and len(digits) in rules.local and digits[0] not in "01":
            local = _valid(self.area_code + digits, self.country)
            if local is not None:
                return local
        return _valid(digits, self.country) if len(digits) >= rules.local.start else None

    def _abroad(self, digits: str) -> _Number | None:
        """Digits that begin with a country code."""
        rules = self._rules
        if rules.code and digits.startswith(rules.code):
            own = digits.removeprefix(rules.code)
            if rules.service.fullmatch(own.removeprefix("0")):
                return _Number(own.removeprefix("0"), NumberKind.SERVICE)
            if found := self._national(own):
                return found
        return _valid(f"+{digits}", None)


@lru_cache(maxsize=2000)  # one number is read when it comes in, when it is checked, and when it is written
def _read(plan: NumberPlan, raw: str) -> Heard:
    return plan._read_anew(raw)


def _user_part(raw: str) -> str:
    """What of a caller id, URI or spreadsheet cell may hold numbers; empty when it is too long to be looked at."""
    if len(raw) > LONGEST:
        return ""
    text = unicodedata.normalize("NFKC", plain(raw))
    if named := _NAME_AND_ADDRESS.fullmatch(text):
        text = named[1]
    is_uri = bool(_SCHEME.match(text))
    if is_uri or "@" in text:
        text = _SCHEME.sub("", text).split("@")[0]
        user, *parameters = text.split(";")
        extension = next((p for p in parameters if p.lower().startswith("ext=")), None)
        text = plain(unquote(user.split(":")[0])) + (f";{extension}" if extension else "")
    text = _HOST.sub(" ", text).strip()
    return text if len(text) <= LONGEST else ""


def _valid(text: str, country: str | None) -> _Number | None:
    try:
        parsed = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return _Number(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), NumberKind.E164)


def _kept(digits: str) -> _Number | None:
    return _Number(digits, NumberKind.KEPT) if 2 <= len(digits) <= _LONGEST_KEPT else None
