import pytest

from registry.address import Address, core


def test_a_courier_reads_the_address_from_the_large_to_the_small() -> None:
    address = Address("青石里", "5", "2", "502")
    assert address.written() == "青石里5栋2单元502"
    assert address.written("en") == "Building 5, Unit 2, Door 502, 青石里"


@pytest.mark.parametrize(
    ("address", "written"),
    [
        (Address("青石里", "5号楼", "二单元", "502室"), "青石里5号楼二单元502室"),
        (Address("青石里", "A座", "", "1204"), "青石里A座1204"),
        (Address("青石里", "", "", "12"), "青石里12"),
        (Address("青石里"), "青石里"),
        (Address(), ""),
    ],
)
def test_parts_that_have_a_word_of_their_own_keep_it_and_missing_ones_leave_no_gap(
    address: Address, written: str
) -> None:
    assert address.written() == written
    assert bool(address) == bool(written)


@pytest.mark.parametrize(
    ("address", "aloud"),
    [
        (Address("青石里", "5", "2", "502"), "青石里五栋二单元五零二"),
        (Address("梧桐里", "12", "3", "1204"), "梧桐里十二栋三单元幺二零四"),
        (Address("梧桐里", "20", "1", "101"), "梧桐里二十栋一单元幺零幺"),
        (Address("梧桐里", "116号楼", "", "3A"), "梧桐里幺幺六号楼三A"),
    ],
)
def test_doors_are_spoken_digit_by_digit_and_buildings_as_numbers(address: Address, aloud: str) -> None:
    assert address.aloud() == aloud


def test_in_english_the_doors_digits_are_spoken_one_by_one() -> None:
    assert Address("Oak Lane", "5", "2", "502").aloud("en") == "Building 5, Unit 2, Door 5 0 2, Oak Lane"


@pytest.mark.parametrize(
    ("part", "same"),
    [
        *(("5", "5"), ("5栋", "5"), ("05", "5"), ("5号楼", "5"), ("五栋", "5"), ("一", "1"), ("十号楼", "10")),
        *(("十二栋", "12"), ("二十单元", "20"), ("二十三幢", "23"), ("A座", "a"), ("东楼", "东楼"), ("五一", "五一")),
        ("", ""),
    ],
)
def test_the_core_of_a_part_is_what_tells_it_from_the_next(part: str, same: str) -> None:
    assert core(part) == same
