"""Outside text is harmless, and fits."""

import pytest
from rich.cells import cell_len

from console.plain import cut, fit, plain, reading


@pytest.mark.parametrize("name", ["䶮", "王䶮", "李𬱖", "陈㛃", "Ådne", "é"])
def test_rare_characters_stay_as_they_are(name: str) -> None:
    assert plain(name) == name


@pytest.mark.parametrize(
    ("heard", "shown"),
    [
        ("[/b]老人", "[/b]老人"),
        ("a\nb\r\n\tc", "a b c"),
        ("\x1b[2J\x1b]0;title\x07x", "[2J]0;titlex"),
        ("\u202egnal\u202c", "gnal"),
        ("\u2066x\u2069\u200b\u200d\ufeff", "x"),
        ("a\u2028b", "a b"),
        ("\x00\x7f\x9b31m", "31m"),
        ("e" + "\u0301" * 30 + "x", "e\u0301\u0301x"),
        ("  王 \u3000 奶奶 ", "王 奶奶"),
    ],
)
def test_what_moves_the_cursor_or_turns_the_line_is_gone(heard: str, shown: str) -> None:
    assert plain(heard) == shown


def test_three_hundred_characters_become_one_short_line() -> None:
    assert len(plain("老" * 300, 80)) == 80


@pytest.mark.parametrize("text", ["林婉芝奶奶", "Wanzhi", "李𬱖爷爷a", "", "老" * 300])
@pytest.mark.parametrize("cells", [0, 1, 2, 3, 7, 8, 40])
def test_a_cell_is_filled_exactly(text: str, cells: int) -> None:
    assert cell_len(fit(text, cells)) == cells
    assert cell_len(fit(text, cells, right=True)) == cells


def test_what_is_cut_says_so() -> None:
    assert cut("林婉芝奶奶", 8) == "林婉芝.."
    assert cut("林婉芝奶奶", 10) == "林婉芝奶奶"


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("+8613912345678", "139 1234 5678"),
        ("+862367001001", "02367001001"),
        ("+85221234567", "+85221234567"),
        ("95588", "95588"),
        ("x\x1b[31m", "x[31m"),
    ],
)
def test_a_number_is_read_as_one_says_it(number: str, read: str) -> None:
    assert reading(number) == read
