"""Both languages say everything, and nothing that comes from outside is obeyed."""

import re
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.pofile import read_po
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

import console
import console.app
import registry.matching
from console.speech import Speech
from dispatch.attention import Need
from dispatch.wire import words
from dispatch.wire.base import Problem, Said

SOURCES = [path.read_text(encoding="utf-8") for path in Path(console.__file__).parent.rglob("*.py")]


def catalogue(language: str) -> dict[str, str]:
    """What the console says, and what it shares with the service."""
    found: dict[str, str] = {}
    for package in ("console", "dispatch.wire"):
        with (files(package) / "locale" / f"{language}.po").open("rb") as file:
            found |= {str(one.id): str(one.string) for one in read_po(file, locale=language) if one.id}
    return found


ZH, EN = catalogue("zh"), catalogue("en")


def test_both_languages_have_every_key_and_the_same_values_in_it() -> None:
    assert ZH.keys() == EN.keys()
    assert all(ZH.values())
    assert all(EN.values())
    for key, sentence in ZH.items():
        assert sorted(re.findall(r"{\w+}", sentence)) == sorted(re.findall(r"{\w+}", EN[key])), key


def test_every_key_that_the_console_says_is_in_the_catalogue() -> None:
    used = {key for source in SOURCES for key in re.findall(r'say\(\s*"([^"]+)"', source)}
    used |= {key for source in SOURCES for key in re.findall(r'Told\("([^"]+)"', source)}
    used |= {key for source in SOURCES for key in re.findall(r'(?:Pick|Line)\(self\.desk, "([^"]+)"', source)}
    assert used - ZH.keys() == set()


def test_every_key_on_the_keyboard_has_an_id_and_two_sentences() -> None:
    ours = [each for kind in (Widget, Screen) for each in descendants(kind) if each.__module__.startswith("console")]
    bindings = [binding for each in [console.app.Console, *ours] for binding in each.__dict__.get("BINDINGS", [])]
    assert len(bindings) > 40
    for binding in bindings:
        assert isinstance(binding, Binding)
        assert binding.id
        assert binding.tooltip == f"tip.{binding.id}"
        assert {f"key.{binding.id}", f"tip.{binding.id}"} <= ZH.keys()


def descendants(kind: type) -> set[type]:
    return {each for child in kind.__subclasses__() for each in {child, *descendants(child)}}


@pytest.mark.parametrize(
    ("prefix", "literal"),
    [
        ("call", words.CallState),
        ("end", words.CallEnd),
        ("party", words.Party),
        ("speaker", words.Speaker),
        ("priority", words.Priority),
        ("case", words.CaseState),
        ("turn", words.Turn),
        ("outcome", words.Reason),
        ("satisfaction", words.Satisfaction),
        ("offer", words.OfferState),
        ("answer", words.Answer),
        ("step", words.VisitStep),
        ("channel", words.Channel),
        ("clock", words.TimerKind),
        ("late", words.Lateness),
        ("limit", words.Limit),
        ("role", words.Role),
        ("presence", words.Presence),
        ("actor", words.ActorKind),
        ("subject", words.Subject),
        ("gender", words.Gender),
        ("alike", words.Alike),
        ("doubt", words.Doubt),
        ("hearing", words.Hearing),
        ("sight", words.Sight),
        ("old", words.OldField),
        ("group", words.Group),
        ("line", words.LineKind),
        ("merchant", words.MerchantKind),
        ("rung", words.Rung),
        ("ladder_answer", words.LadderAnswer),
        ("message", words.MessageState),
        ("check", words.CheckState),
        ("chosen", words.Choice),
        ("choice", words.Choice),
        ("proof", words.ProofProblem),
        ("proof_kind", words.ProofKind),
        ("proof_way", words.ProofWay),
        ("proved_by", words.ProvedBy),
        ("phone_trouble", words.PhoneTrouble),
    ],
)
def test_every_word_of_the_wire_has_a_translation(prefix: str, literal: object) -> None:
    assert {f"{prefix}.{word}" for word in get_args(literal)} - ZH.keys() == set()


def test_whatever_the_service_refuses_of_a_field_is_said_in_both_languages() -> None:
    with (files("dispatch") / "locale" / "zh.po").open("rb") as file:
        refusals = {str(each.id) for each in read_po(file, locale="zh") if str(each.id).startswith("refused.")}
    assert refusals - ZH.keys() == set()


def test_every_need_and_every_reason_of_a_match_has_a_sentence() -> None:
    assert {str(need) for need in Need} - ZH.keys() == set()
    assert {f"need.late_{kind}" for kind in get_args(words.TimerKind)} - ZH.keys() == set()
    assert {f"need.sms_{reading}" for reading in get_args(words.InboundReading)} - ZH.keys() == set()
    source = Path(registry.matching.__file__).read_text(encoding="utf-8")
    reasons = {f"reason.{key}" for key in re.findall(r'Reason\("(\w+)"', source)}
    assert len(reasons) > 10
    assert reasons - ZH.keys() == set()


def test_no_sign_of_ours_is_of_ambiguous_width() -> None:
    """● and … are one cell in some terminals and two in others: columns would drift."""
    for key, sentence in [*ZH.items(), *EN.items()]:
        doubtful = [each for each in sentence if unicodedata.east_asian_width(each) == "A"]
        assert not doubtful, (key, doubtful)


def test_a_conflict_names_what_is_now_and_who_was_first() -> None:
    values = {"subject": "case", "now": "accepted", "by": "同心药店", "at": "2026-03-02T10:00:00+08:00"}
    conflict = Problem(type="/problems/conflict", title="", status=409, key="conflict", values=values)
    assert Speech("zh").problem(conflict) == "情况变了：工单现在是「已接单」，先到的是 同心药店"
    assert Speech("en").problem(conflict) == "It has changed: the case is accepted now; 同心药店 was first"


def test_a_problem_nobody_has_heard_of_speaks_for_itself() -> None:
    news = Problem(type="/problems/new", title="New", status=409, key="brand_new", detail="Something\x1b[2J new")
    assert Speech("zh").problem(news) == "Something[2J new"


def test_a_reason_without_its_value_is_said_without_it() -> None:
    closed = Said(key="reason.closed", values={"opens_at": None})
    assert Speech("zh").said(closed) == "已打烊"
    opens = Said(key="reason.closed", values={"opens_at": "2026-03-02T18:00:00+08:00"})
    assert Speech("zh").said(opens) == "已打烊，18:00 开门"


def test_a_name_with_braces_means_nothing() -> None:
    assert Speech("zh").say("call.with", who="{now} [/b]\n王") == "{now} [/b] 王 通话"


def test_a_sentence_whose_values_are_missing_does_not_fail() -> None:
    assert Speech("zh").say("call.with", other="x") == "call.with x"
