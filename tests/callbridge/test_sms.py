import pytest

from callbridge.sms import Encoding, segments, split


@pytest.mark.parametrize(
    ("text", "parts", "characters"),
    [("", 1, 0), ("a" * 160, 1, 160), ("a" * 161, 2, 161), ("a" * 306, 2, 306), ("a" * 307, 3, 307)],
)
def test_latin_text_is_counted_in_septets(text: str, parts: int, characters: int) -> None:
    counted = segments(text)
    assert (counted.encoding, counted.parts, counted.characters) == (Encoding.GSM_7, parts, characters)


@pytest.mark.parametrize(
    ("text", "parts", "characters"),
    [("药" * 70, 1, 70), ("药" * 71, 2, 71), ("药" * 134, 2, 134), ("药" * 135, 3, 135), ("a" * 70 + "药", 2, 71)],
)
def test_chinese_text_is_counted_in_ucs_2(text: str, parts: int, characters: int) -> None:
    counted = segments(text)
    assert (counted.encoding, counted.parts, counted.characters) == (Encoding.UCS_2, parts, characters)


def test_an_escaped_character_takes_two_septets_and_is_not_cut_between_parts() -> None:
    assert segments("[" * 80).parts == 1
    assert segments("[" * 81).parts == 2
    # 153 is odd: each part holds 76 brackets and leaves one septet empty
    assert segments("[" * 152).parts == 2
    assert segments("[" * 153).parts == 3
    assert segments("a" + "[" * 152).parts == 2


def test_a_rare_name_takes_two_and_is_not_cut_between_parts() -> None:
    assert segments("𠮷" * 35).characters == 70
    assert segments("𠮷" * 35).parts == 1
    assert segments("𠮷" * 36).parts == 2
    # 67 is odd: each part holds 33
    assert segments("𠮷" * 66).parts == 2
    assert segments("𠮷" * 67).parts == 3


@pytest.mark.parametrize("text", ["", "药" * 70, "药" * 135, "𠮷" * 67, "[" * 153, "a" * 307, "a" * 70 + "药"])
def test_the_parts_are_the_text_and_as_many_as_are_paid_for(text: str) -> None:
    assert "".join(split(text)) == text
    assert len(split(text)) == segments(text).parts


def test_a_part_holds_67_chinese_characters_beside_its_header() -> None:
    assert [len(part) for part in split("药" * 135)] == [67, 67, 1]
