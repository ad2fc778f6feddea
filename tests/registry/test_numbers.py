"""Every row of the table "Telephone numbers as they really arrive", and what nobody would call a number."""

import pytest

from registry.numbers import LONGEST, NumberKind, NumberPlan

CHONGQING = NumberPlan("CN", "023")
MOBILE = "+8613912345678"


@pytest.mark.parametrize(
    "raw",
    [
        "13912345678",
        "013912345678",
        "8613912345678",
        "+8613912345678",
        "008613912345678",
        "0086013912345678",
        "+86013912345678",
        "1795113912345678",
        "1259313912345678",
        "12520013912345678",
        "1252013912345678",
        "+0013912345678",
        "+008613912345678",
        "139 1234 5678",
        "139-1234-5678",
        "１３９１２３４５６７８",
        "＋８６ １３９１２３４５６７８",
        '"张三" <13912345678>',
        '"张三" <sip:+8613912345678@10.0.0.1;user=phone>',
        "sip:+8613912345678@example.invalid",
        "sip:%2B8613912345678@example.invalid",
        "tel:+86-139-1234-5678",
        "13912345678@10.0.0.1",
        "\u202a+86 139 1234 5678\u202c",
        "手机13912345678(女儿)",
        "\udcff13912345678\udcfe",
        "<script>13912345678</script>",
    ],
)
def test_a_mobile_is_the_same_number_however_it_is_written(raw: str) -> None:
    heard = CHONGQING.read(raw)
    assert (heard.kind, heard.candidates, heard.extension) == (NumberKind.E164, (MOBILE,), None)
    assert heard.raw == raw


@pytest.mark.parametrize(
    "raw", ["01012345678", "861012345678", "+8601012345678", "+86(0)10-12345678", "010-1234 5678"]
)
def test_a_landline_is_the_same_number_with_and_without_country_code_and_trunk_zero(raw: str) -> None:
    assert CHONGQING.read(raw).number == "+861012345678"


@pytest.mark.parametrize("raw", ["62345678", "6234-5678", "023-62345678", "023 6234 5678", "２３－６２３４５６７８"])
def test_a_local_number_gets_the_centres_area_code(raw: str) -> None:
    assert CHONGQING.read(raw).number == "+862362345678"


def test_a_local_number_without_a_configured_area_code_is_kept_as_it_is() -> None:
    heard = NumberPlan("CN").read("62345678")
    assert (heard.kind, heard.number) == (NumberKind.KEPT, "62345678")


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13912345678x802", MOBILE),
        ("13912345678 X 802", MOBILE),
        ("13912345678#802", MOBILE),
        ("13912345678 ext 802", MOBILE),
        ("13912345678 ext. 802", MOBILE),
        ("13912345678,802", MOBILE),
        ("13912345678;ext=802", MOBILE),
        ("tel:+86-139-1234-5678;ext=802", MOBILE),
        ("075526001234-802", "+8675526001234"),
        ("0755-26001234-802", "+8675526001234"),
        ("075526001234转802", "+8675526001234"),
        ("0755-26001234 转 802", "+8675526001234"),
        ("0755-26001234分机802", "+8675526001234"),
        ("0755-26001234 分机号：802", "+8675526001234"),
        ("62345678-802", "+862362345678"),
    ],
)
def test_an_extension_is_told_apart_from_the_number(raw: str, number: str) -> None:
    heard = CHONGQING.read(raw)
    assert (heard.candidates, heard.extension) == ((number,), "802")


@pytest.mark.parametrize("raw", ["0755-2600-1234", "400-810-8888", "+49 30 123456-78"])
def test_the_last_group_of_a_whole_number_is_not_taken_for_an_extension(raw: str) -> None:
    heard = CHONGQING.read(raw)
    assert heard.kind is NumberKind.E164
    assert heard.extension is None


@pytest.mark.parametrize(
    "raw",
    [
        "110",
        "120",
        "95588",
        "12345",
        "12349",
        "10086",
        "1008611",
        "96156",
        "106575258192",
        "95013",
        "9501312345678",
    ],
)
def test_service_numbers_stay_as_they_are(raw: str) -> None:
    heard = CHONGQING.read(raw)
    assert (heard.kind, heard.number) == (NumberKind.SERVICE, raw)
    assert CHONGQING.display(raw) == raw


@pytest.mark.parametrize(("raw", "number"), [("+8695588", "95588"), ("+8612345", "12345"), ("008610086", "10086")])
def test_a_service_number_loses_the_country_code_that_a_carrier_put_before_it(raw: str, number: str) -> None:
    assert CHONGQING.read(raw).number == number


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("9013912345678", MOBILE),
        ("913912345678", MOBILE),
        ("962345678", "+862362345678"),
        ("9075526001234-802", "+8675526001234"),
        ("9008613912345678", MOBILE),
        ("995588", "95588"),
        ("95588", "95588"),
        ("96156", "96156"),
        ("910086", "10086"),
        ("9110", "110"),
        ("62345678", "+862362345678"),
    ],
)
def test_the_exchanges_own_prefix_is_stripped_where_it_was_put(raw: str, number: str) -> None:
    assert NumberPlan("CN", "023", "9").read(raw).number == number


def test_without_that_prefix_configured_such_digits_are_kept_as_they_are() -> None:
    heard = CHONGQING.read("9013912345678")
    assert (heard.kind, heard.number) == (NumberKind.KEPT, "9013912345678")


@pytest.mark.parametrize(
    "raw",
    [
        "13912345678/13712345678",
        "13912345678、13712345678",
        "13912345678；13712345678",
        "13912345678, 13712345678",
        "13912345678 13712345678",
        "13912345678\n13712345678",
        "13912345678或13712345678",
        "本人13912345678，女儿13712345678",
    ],
)
def test_two_numbers_in_one_cell_are_both_candidates(raw: str) -> None:
    assert CHONGQING.read(raw).candidates == (MOBILE, "+8613712345678")


@pytest.mark.parametrize("raw", ["14912345678", "14012345678", "16801234567"])
def test_mobiles_of_ranges_that_the_tables_do_not_know_are_mobiles(raw: str) -> None:
    heard = CHONGQING.read(raw)
    assert heard.number == f"+86{raw}"
    assert CHONGQING.is_mobile(f"+86{raw}")


@pytest.mark.parametrize("raw", ["0085221234567", "+85221234567", "+0085221234567", "+852 2123 4567"])
def test_a_number_abroad_keeps_its_country(raw: str) -> None:
    assert CHONGQING.read(raw).number == "+85221234567"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "anonymous",
        "Anonymous",
        "unknown",
        "unavailable",
        "Restricted",
        "sip:anonymous@anonymous.invalid",
        "sip:10.0.0.1",
        "192.168.1.100",
        "匿名",
        "[/b]老人",
        "'; DROP TABLE line; --",
        "+",
        "-",
        "()",
        "\r\n\r\n",
        "\x00",
        "\udcff\udcfe",
        "abc13912345678def",
        "9" * 300,
        "１" * 300,
        "x" * 1_000_000,
        "ﷺ" * 200,
        "½¼",
        "٣٣٣٣٣٣٣٣",
    ],
)
def test_what_is_no_number_is_kept_and_called_none(raw: str) -> None:
    heard = CHONGQING.read(raw)
    assert (heard.kind, heard.number, heard.candidates) == (NumberKind.NONE, None, ())
    assert heard.raw == raw


def test_a_forged_line_break_can_name_a_number_but_nothing_else() -> None:
    heard = CHONGQING.read("138\r\n\r\nEvent: UserEvent\r\nUserEvent: Resident\r\nnumber: 13912345678")
    assert heard.candidates == (MOBILE,)
    assert all(number.lstrip("+").isdigit() for number in heard.candidates)


def test_every_short_text_over_the_signs_of_numbers_is_read_without_an_error() -> None:
    signs = (
        "+",
        "00",
        "86",
        "0",
        "139",
        "12345678",
        "-",
        " ",
        "(",
        "转",
        "x",
        "#",
        ",",
        ";ext=",
        "@",
        "<",
        ">",
        "/",
        "\r",
    )
    for first in signs:
        for second in signs:
            for third in signs:
                heard = CHONGQING.read(first + second + third)
                assert all(len(number) <= 40 for number in heard.candidates)
    assert LONGEST < 300


def test_a_room_of_a_care_homes_own_exchange_is_kept_as_it_is() -> None:
    heard = CHONGQING.read("801")
    assert (heard.kind, heard.number) == (NumberKind.KEPT, "801")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (MOBILE, "139 1234 5678"),
        ("+8614912345678", "149 1234 5678"),
        ("+862362345678", "023 6234 5678"),
        ("+8675526001234", "0755 2600 1234"),
        ("+85221234567", "+852 2123 4567"),
        ("801", "801"),
        ("+999", "+999"),
    ],
)
def test_numbers_are_shown_as_they_are_grouped_at_home(number: str, shown: str) -> None:
    assert CHONGQING.display(number) == shown


def test_another_country_has_its_own_plan() -> None:
    london = NumberPlan("GB", "020")
    assert london.read("7946 0958").number == "+442079460958"
    assert london.read("07911 123456").number == "+447911123456"
    assert london.read("0086 139 1234 5678").number == MOBILE
    assert london.display("+442079460958") == "020 7946 0958"
    assert london.display(MOBILE) == "+86 139 1234 5678"
    assert london.is_mobile("+447911123456")
    assert not london.is_mobile("+442079460958")


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("+8613912345678", "13912345678"),
        ("+862361234567", "02361234567"),
        ("+85221234567", "0085221234567"),
        ("95588", "95588"),
    ],
)
def test_a_number_is_written_as_somebody_here_dials_it(number: str, dialled: str) -> None:
    assert NumberPlan("CN", "023", "").dialled(number) == dialled


def test_a_plain_mobile_is_read_as_every_other_way_of_writing_it() -> None:
    for first in range(130, 200):
        number = f"{first}{first % 89:02d}123456"
        for plan in (NumberPlan("CN", "023"), NumberPlan("CN", "023", "1"), NumberPlan("CN", "023", "9")):
            spaced = plan.read(f" {number[:3]} {number[3:7]} {number[7:]} ")
            assert plan.read(number).candidates == spaced.candidates
            assert plan.read(f"+86{number}").candidates == plan.read(f"+86 {number[:3]}-{number[3:]}").candidates
