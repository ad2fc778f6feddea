import pytest

from registry.sheets.area_names import AreaNames
from registry.sheets.cells import Wrong

OFFICIAL = (
    ("500103000000", "渝中区"),
    ("500103001000", "青石街道"),
    ("500103001001", "青石社区居委会"),
    ("500103001002", "白鹤社区居民委员会"),
    ("500103002201", "李家村村委会"),
    ("500103002202", "王家村委会"),
    ("500103002203", "白鹤村村民委员会"),
    ("500103003203", "新民村"),
    ("500103004204", "新民村"),
)


@pytest.fixture
def areas() -> AreaNames:
    found = AreaNames()
    for place, (code, name) in enumerate(OFFICIAL, 1):
        found.add(place, code, name)
    return found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("500103001001", "500103001001"),
        ("青石社区居委会", "500103001001"),
        ("青石社区", "500103001001"),
        ("青石社区居民委员会", "500103001001"),
        ("青石街道", "500103001000"),
        ("白鹤社区", "500103001002"),
        ("白鹤村", "500103002203"),
        ("李家村", "500103002201"),
        ("李家", "500103002201"),
        ("王家村", "500103002202"),
        ("渝中", "500103000000"),
        ("渝中区", "500103000000"),
    ],
)
def test_an_area_is_known_by_what_people_call_it(areas: AreaNames, text: str, code: str) -> None:
    assert areas.codes[areas.find(text)] == code


def test_those_that_are_called_alike_are_named(areas: AreaNames) -> None:
    for text, codes in (("青石", "500103001000 500103001001"), ("新民村", "500103003203 500103004204")):
        with pytest.raises(Wrong) as raised:
            areas.find(text)
        assert raised.value.key == "area_ambiguous"
        assert [one.split()[0] for one in raised.value.values["choices"]] == codes.split()


def test_a_level_that_is_said_is_meant(areas: AreaNames) -> None:
    with pytest.raises(Wrong) as raised:
        areas.find("李家镇")
    assert raised.value.key == "area_unknown"


def test_what_looks_like_an_unknown_name_is_offered_first(areas: AreaNames) -> None:
    with pytest.raises(Wrong) as raised:
        areas.find("王家庄村")
    assert raised.value.values["choices"][0] == "500103002202 王家村委会"
    with pytest.raises(Wrong) as raised:
        areas.find("火星")
    assert raised.value.values["choices"][0] == "500103000000 渝中区"
