import pytest

from registry.text import folded, plain


@pytest.mark.parametrize(
    ("raw", "harmless"),
    [
        ("王秀英", "王秀英"),
        ("  王\t秀\r\n英 ", "王 秀 英"),
        ("138\r\n\r\nEvent: UserEvent", "138 Event: UserEvent"),
        ("\x00王\x1b[31m", "王[31m"),
        ("\u202e王\u200b秀\ufeff英", "王秀英"),
        ("\udcff王", "王"),
        ("䶮𬱖㛃葛\U000e0100", "䶮𬱖㛃葛\U000e0100"),
        ("１３９", "１３９"),
        ("", ""),
    ],
)
def test_outside_text_becomes_one_harmless_line_and_keeps_its_characters(raw: str, harmless: str) -> None:
    assert plain(raw) == harmless
    harmless.encode()


def test_long_text_is_cut_and_a_million_characters_cost_nothing() -> None:
    assert plain("王" * 1_000_000, 5) == "王" * 5
    assert plain("a b" * 10, 3) == "a b"


def test_folding_makes_width_and_case_alike() -> None:
    assert folded("ＷａｎｇＸＹ　５", 64) == folded("wangxy 5", 64) == "wangxy 5"
    assert len(folded("ﷺ" * 100, 64)) == 64
