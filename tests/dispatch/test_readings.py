import pytest

from dispatch.models import InboundReading
from dispatch.readings import COURTESY, NETWORK, WORDS, read

A, D = InboundReading.ACCEPT, InboundReading.DECLINE


@pytest.mark.parametrize(
    "text", ["1", "１", "1。", "1 接单", "1接单", "接单", "接單", "1！", "①", "1️⃣", "1👍", "好的，1", " 1\n"]
)
def test_an_acceptance_has_many_faces(text: str) -> None:
    assert read(text).reading is A


@pytest.mark.parametrize(
    "text", ["A7K2 1", "a7k2 1", "A7K21", "1A7K2", "Ａ７Ｋ２　１", "A7K2，接单", "接单A7K2", "1 (A7K2)"]
)
def test_a_code_stands_before_or_behind(text: str) -> None:
    said = read(text)
    assert (said.reading, said.code) == (A, "A7K2")


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("2", D),
        ("不接", D),
        ("2 没空", None),
        ("3", InboundReading.ON_THE_WAY),
        ("已出发", InboundReading.ON_THE_WAY),
        ("on the way", InboundReading.ON_THE_WAY),
        ("4 到门口", InboundReading.AT_THE_DOOR),
        ("5 done", InboundReading.DONE),
        ("0", InboundReading.CALL_ME),
        ("请回电", InboundReading.CALL_ME),
    ],
)
def test_every_figure_has_its_words(text: str, reading: InboundReading | None) -> None:
    assert read(text).reading is reading


@pytest.mark.parametrize(
    "text",
    [
        *("好的", "OK", "收到", "", "   ", "\x00", "1" * 2000),
        *("12", "1 2", "6", "8888 1", "1 不接", "2A7K2", "A7K2"),
        *("1个小时后", "1 个小时后", "1吗", "我1点到"),
    ],
)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    assert read(text).reading is None


@pytest.mark.parametrize("text", ["T", "td", "TD", "退订", "STOP", "1 STOP"])
def test_words_of_the_network_are_no_answers_and_get_none(text: str) -> None:
    said = read(text)
    assert (said.reading, said.silent) == (None, True)


def test_no_word_means_two_things() -> None:
    words = [word for listed in WORDS.values() for word in listed]
    assert len(words) == len(set(words))
    assert not set(words) & (COURTESY | NETWORK)
