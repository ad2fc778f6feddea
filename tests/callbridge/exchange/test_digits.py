"""Numbers as people say them."""

import pytest

from callbridge.speech import Language, digits_aloud


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("3号楼2单元502", "zh", "3号楼2单元五零二"),
        ("电话13912345678", "zh", "电话幺三九幺二三四五六七八"),
        ("１２０１室", "zh", "幺二零幺室"),
        ("11栋", "zh", "11栋"),
        ("Flat 502", "en", "Flat 5 0 2"),
        ("没有数字", "zh", "没有数字"),
    ],
)
def test_door_and_telephone_numbers_are_spelt_and_small_numbers_stay(
    text: str, language: Language, said: str
) -> None:
    assert digits_aloud(text, language) == said
