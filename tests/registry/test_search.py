from datetime import timedelta

import pytest
from sqlmodel import col, select

from registry.areas import add_area
from registry.drafts import ResidentChange, read
from registry.erasure import DELETED
from registry.joining import MERGED
from registry.leaving import leave
from registry.models import Left, Resident
from registry.people import change_resident
from registry.search import find_residents
from registry.store import MovableClock, Scope, Store
from registry.vault import Vault
from tests.registry.plans import listening, whole_tables
from tests.registry.town import OPERATOR, resident

TOWN = [
    {
        "name": "王秀英",
        "community": "青石里",
        "building": "5",
        "unit": "2",
        "door": "502",
        "lines": [{"number": "67001001"}, {"number": "19900231001"}],
        "contacts": [{"name": "林晓", "relation": "女儿", "number": "17700232001"}],
    },
    {"name": "李秀英", "community": "梧桐里", "building": "5栋", "unit": "2单元", "door": "502室"},
    {"name": "王建国", "called": "王老师", "community": "青石里", "building": "12", "door": "1204"},
    {"name": "单玉兰", "lines": [{"number": "13800235678"}]},
    {"name": "解放军", "building": "A座", "unit": "1", "door": "301"},
    {"name": "仇长乐"},
    {"name": "欧阳春华"},
    {"name": "吕绿珠"},
    {"name": "王䶮"},
    {"name": "Mary Smith"},
    {"name": "阿卜杜热依木·买买提"},
    {"name": "王晓林", "contacts": [{"name": "王秀英", "number": "13800239999"}]},
]


@pytest.fixture(params=[None, 1], ids=["by hand", "by an import that still runs"])
def town(store: Store, scope: Scope, vault: Vault, request: pytest.FixtureRequest) -> Scope:
    for one in TOWN:
        resident(store, scope, vault, import_id=request.param, **one)
    return scope


def found(store: Store, scope: Scope, q: str, limit: int = 20) -> list[str]:
    with store.reading() as session:
        return [one.name for one in find_residents(session, scope, q, limit, now=store.clock.now())]


MEMORIES = {
    "王秀英": ["王秀英"],
    "秀英": ["王秀英", "李秀英"],
    "wangxiuying": ["王秀英"],
    "wang xiu ying": ["王秀英"],
    "WangXiuYing": ["王秀英"],
    "ｗａｎｇｘｉｕｙｉｎｇ": ["王秀英"],
    "wangxiu": ["王秀英"],
    "wáng xiù yīng": ["王秀英"],
    "wángxiùyīng": ["王秀英"],
    "Wang2 Xiu4 Ying1": ["王秀英"],
    "wang2xiu4ying1": ["王秀英"],
    "lǚlǜzhū": ["吕绿珠"],
    "lü3lü4zhu1": ["吕绿珠"],
    "xiuying": ["王秀英", "李秀英"],
    "wxy": ["王秀英"],
    "lxy": ["李秀英"],
    "shanyulan": ["单玉兰"],
    "danyulan": ["单玉兰"],
    "syl": ["单玉兰"],
    "xiefang": ["解放军"],
    "xfj": ["解放军"],
    "qiuchangle": ["仇长乐"],
    "ouyang": ["欧阳春华"],
    "chunhua": ["欧阳春华"],
    "oych": ["欧阳春华"],
    "lvlvzhu": ["吕绿珠"],
    "lülüzhu": ["吕绿珠"],
    "王䶮": ["王䶮"],
    "wangyan": ["王䶮"],
    "mary": ["Mary Smith"],
    "smith": ["Mary Smith"],
    "mary smith": ["Mary Smith"],
    "买买提": ["阿卜杜热依木·买买提"],
    "阿卜杜热依木·买买提": ["阿卜杜热依木·买买提"],
    "maimaiti": ["阿卜杜热依木·买买提"],
    "王老师": ["王建国"],
    "wanglaoshi": ["王建国"],
    "林晓": ["王秀英"],
    "1001": ["王秀英"],
    "5678": ["单玉兰"],
    "001001": ["王秀英"],
    "67001001": ["王秀英"],
    "023-67001001": ["王秀英"],
    "+86 23 6700 1001": ["王秀英"],
    "0138 0023 5678": ["单玉兰"],
    "17700232001": ["王秀英"],
    "2001": ["王秀英"],
    "5-2-502": ["王秀英", "李秀英"],
    "5-2-0502": ["王秀英", "李秀英"],
    "5栋2单元502": ["王秀英", "李秀英"],
    "5 2 502": ["王秀英", "李秀英"],
    "５－２－５０２": ["王秀英", "李秀英"],
    "5栋502室": ["王秀英", "李秀英"],
    "梧桐里5栋2单元502": ["李秀英"],
    "梧桐里 5-2-502": ["李秀英"],
    "502": ["王秀英", "李秀英"],
    "1204": ["王建国"],
    "a-1-301": ["解放军"],
    "A座301": ["解放军"],
    "王秀英 5-2-502": ["王秀英"],
    "英 1001": ["王秀英"],
}


def test_a_resident_is_found_from_half_a_memory(store: Store, town: Scope) -> None:
    wrong = {}
    for q, first in MEMORIES.items():
        names = found(store, town, q)
        if sorted(names[: len(first)]) != sorted(first):
            wrong[q] = names
    assert wrong == {}


def test_her_own_name_comes_before_a_contacts_and_before_half_a_name(store: Store, town: Scope) -> None:
    names = found(store, town, "王秀英")
    assert names[0] == "王秀英"
    assert set(names) == {"王秀英", "李秀英", "王晓林"}


@pytest.mark.parametrize(
    ("q", "meant"),
    [("王绣瑛", "王秀英"), ("绣瑛", "王秀英"), ("汪秀英", "王秀英"), ("单宇兰", "单玉兰"), ("欧阳纯花", "欧阳春华")],
)
def test_whoever_writes_other_characters_that_sound_alike_finds_her(
    store: Store, town: Scope, q: str, meant: str
) -> None:
    assert meant in found(store, town, q)


def test_who_is_written_so_comes_before_who_sounds_so(store: Store, town: Scope, vault: Vault) -> None:
    resident(store, town, vault, name="王绣瑛")

    assert found(store, town, "王绣瑛")[:2] == ["王绣瑛", "王秀英"]
    assert found(store, town, "王秀英")[:2] == ["王秀英", "王绣瑛"]


BY_EAR = {
    "wanxiuying": "王秀英",
    "wangxiuyin": "王秀英",
    "wan xiu yin": "王秀英",
    "王xiuyin": "王秀英",
    "王秀音": "王秀英",
    "xiuyin": "李秀英",
    "sanyunan": "单玉兰",
    "fuyufang": "胡玉芳",
    "fuyuhuang": "胡玉芳",
    "luzhenzhong": "陆正重",
    "nuzengzong": "陆正重",
    "luzhengchong": "陆正重",
    "nvlvzu": "吕绿珠",
}


def test_who_lives_in_a_building_is_found_by_its_name(store: Store, town: Scope, vault: Vault) -> None:
    for name, community, building, unit in (
        ("甲一", "青石里", "05", "2单元"),
        ("乙二", "青石里", "五栋", "1"),
        ("丙三", "青石里", "15", "2"),
        ("丁四", "青石里3期", "5号楼", ""),
        ("戊五", "青石里A区", "B座", ""),
    ):
        resident(store, town, vault, name=name, community=community, building=building, unit=unit)
    living_there = {
        "青石里5栋": {"王秀英", "甲一", "乙二"},
        "青石里5": {"王秀英", "甲一", "乙二"},
        "青石里 5": {"王秀英", "甲一", "乙二"},
        "青石里5号楼": {"王秀英", "甲一", "乙二"},
        "青石里五栋": {"王秀英", "甲一", "乙二"},
        "青石里５栋": {"王秀英", "甲一", "乙二"},
        "青石里5栋2单元": {"王秀英", "甲一"},
        "青石里 5栋 2单元": {"王秀英", "甲一"},
        "青石里5-2": {"王秀英", "甲一"},
        "青石里3期5栋": {"丁四"},
        "青石里a区b座": {"戊五"},
        "青石里9栋": set(),
        "5栋502": {"王秀英", "李秀英"},
    }
    assert {q: set(found(store, town, q)) for q in living_there} == living_there
    assert found(store, town, "青石里5栋502")[0] == found(store, town, "甲一 青石里5栋")[1] == "王秀英"
    assert found(store, town, "甲一 青石里5栋")[0] == "甲一"


def test_whoever_mixes_sounds_as_chongqing_does_finds_her(store: Store, town: Scope, vault: Vault) -> None:
    for name in ("胡玉芳", "陆正重"):
        resident(store, town, vault, name=name)
    assert {q: names for q, meant in BY_EAR.items() if meant not in (names := found(store, town, q))} == {}
    assert found(store, town, "wansiuyin") == [], "no pinyin at all"


def test_whose_name_is_typed_comes_before_whose_name_sounds_so(store: Store, town: Scope, vault: Vault) -> None:
    for name in ("汪修银", "万秀音", "刘小姐"):
        resident(store, town, vault, name=name)
    resident(
        store, town, vault, name="刘小姐", contacts=[{"name": "万秀音", "relation": "女儿", "number": "17700232009"}]
    )

    assert found(store, town, "wanxiuyin") == ["万秀音", "刘小姐", "王秀英", "汪修银", "王晓林"]


def test_what_begins_in_characters_may_go_on_in_letters(store: Store, town: Scope, vault: Vault) -> None:
    for name in ("徐玉梅", "汪晓燕", "汪秀英", "吴秀玉", "王秀英"):
        resident(store, town, vault, name=name)
    for q in ("王xy", "王xiuying", "王秀y", "王秀ying", "王x英", "王xiuy", "王XY", "王xiùyīng"):
        assert found(store, town, q)[:2] == ["王秀英", "王秀英"], q
    for q in ("wang秀英", "w秀英"):
        assert found(store, town, q)[:3] == ["王秀英", "汪秀英", "王秀英"], q


def test_a_name_that_is_read_in_two_ways_is_found_by_either(store: Store, town: Scope, vault: Vault) -> None:
    either = {
        "邓重桂": ("dcg", "dzg", "dengchonggui", "dengzhonggui"),
        "罗乐": ("ll", "ly", "luole", "luoyue"),
        "陶玉长": ("tyc", "tyz", "taoyuchang", "taoyuzhang"),
        "单桂芳": ("sgf", "dgf"),
        "曾桂芳": ("zgf", "cgf", "zenggui"),
        "解桂芳": ("xgf", "jgf"),
        "仇桂芳": ("qgf", "cgf", "qiugui"),
        "区桂芳": ("ogf", "ougui"),
        "覃桂芳": ("qgf", "tgf", "qingui", "tangui"),
        "盖桂芳": ("ggf", "gegui", "gaigui"),
    }
    for name in either:
        resident(store, town, vault, name=name)
    missed = [(name, q) for name, typed in either.items() for q in typed if name not in found(store, town, q)]
    assert missed == []


def test_one_character_is_enough(store: Store, town: Scope) -> None:
    assert set(found(store, town, "王")) >= {"王秀英", "王建国", "王䶮", "王晓林"}


GARBAGE = [
    "",
    " ",
    "w",
    "5",
    "zzzz",
    "赵钱孙",
    "0000",
    "99-99-999",
    "%",
    "_",
    "' OR '1'='1",
    '"; DROP TABLE resident; --',
    "\x00\x01\r\n",
    "\udcff",
    "[/b]",
    "(((((",
    "*" * 100,
    "\\",
    "😀",
    "-----",
    "+",
]


def test_what_nobody_is_called_finds_nobody_and_breaks_nothing(store: Store, town: Scope) -> None:
    assert {q: names for q in GARBAGE if (names := found(store, town, q))} == {}


def test_ten_thousand_characters_ask_the_database_for_no_more_than_their_beginning(store: Store, town: Scope) -> None:
    for q in ("王" * 10_000, "wang " * 2_000, "1" * 10_000, "5-" * 5_000, "9 " * 5_000, "a1-" * 3_000, "（" * 10_000):
        with listening(store) as asked:
            found(store, town, q)
        with listening(store) as asked_for_its_beginning:
            found(store, town, q[:100])
        assert asked == asked_for_its_beginning, q[:5]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_search_reads_a_whole_table_but_of_those_whom_an_import_has_just_brought(
    store: Store, town: Scope
) -> None:
    with store.reading() as session:
        for q in (*MEMORIES, *BY_EAR, "王xy", "青石里5栋2单元"):
            with listening(store) as asked:
                find_residents(session, town, q, now=store.clock.now(), left=5)
            assert whole_tables(session, asked) <= {"search_unfiled"}, q


def gone(store: Store, town: Scope, names: dict[str, str]) -> None:
    """By name, why they are in the register no more."""
    with store.writing() as session:
        for resident in session.exec(select(Resident).where(col(Resident.name).in_(names))):
            resident.ended_at, resident.ended_why = store.clock.now(), names[resident.name]


def test_who_has_died_or_moved_is_found_after_all_the_others_and_says_so(store: Store, town: Scope) -> None:
    gone(store, town, {"王秀英": "died", "王䶮": "moved", "王建国": MERGED, "单玉兰": DELETED})
    with store.reading() as session:

        def all_of(q: str, limit: int = 20, left: int = 5) -> list[tuple[str, str | None]]:
            told = find_residents(session, town, q, limit, now=store.clock.now(), left=left)
            return [(one.name, one.left) for one in told]

        assert all_of("王秀英") == [("王晓林", None), ("李秀英", None), ("王秀英", "died")]
        assert all_of("王") == [("王晓林", None), ("王秀英", "died"), ("王䶮", "moved")]
        assert all_of("王", left=1) == [("王晓林", None), ("王秀英", "died")]
        assert all_of("王", limit=2) == [("王晓林", None), ("王秀英", "died")]
        assert all_of("王", left=0) == [("王晓林", None)], "nobody who only wants the living gets others"
        assert all_of("单玉兰") == []


def test_who_has_died_or_moved_is_found_by_her_number_after_whoever_has_it_now(
    store: Store, scope: Scope, vault: Vault, town: Scope, clock: MovableClock
) -> None:
    with store.reading() as session:
        wang = find_residents(session, scope, "67001001", 1, now=store.clock.now())[0].id
    with store.writing() as session:
        kept = read(ResidentChange, {"lines": [{"number": "67001001"}]})
        change_resident(session, scope, wang, kept, seen_version=1, actor=OPERATOR, vault=vault)
    clock.move(timedelta(days=1))
    with store.writing() as session:
        leave(session, scope, wang, Left.DIED, seen_version=2, actor=OPERATOR)
    resident(store, scope, vault, name="赵新来", lines=[{"number": "67001001"}])
    with store.reading() as session:

        def all_of(q: str, left: int = 5) -> list[tuple[str, str | None]]:
            told = find_residents(session, town, q, now=store.clock.now(), left=left)
            return [(one.name, one.left) for one in told]

        for q in ("67001001", "023-67001001", "7001001"):
            assert all_of(q) == [("赵新来", None), ("王秀英", "died")], q
        assert all_of("67001001", left=0) == [("赵新来", None)]
        assert all_of("19900231001") == [], "what she had given up before is not hers"


def test_the_limit_is_kept(store: Store, town: Scope) -> None:
    assert len(found(store, town, "王", limit=2)) == 2


def test_a_change_is_found_at_once_and_what_was_is_forgotten(
    store: Store, scope: Scope, vault: Vault, town: Scope
) -> None:
    with store.reading() as session:
        wang = find_residents(session, scope, "王秀英", 1, now=store.clock.now())[0].id
    changes = {"name": "黄秀英", "door": "603", "lines": [{"number": "13500004321"}], "contacts": []}
    with store.writing() as session:
        draft = read(ResidentChange, changes)
        change_resident(session, scope, wang, draft, seen_version=1, actor=OPERATOR, vault=vault)
    for q in ("黄秀英", "huangxiuying", "hxy", "4321", "5-2-603"):
        assert found(store, scope, q)[0] == "黄秀英", q
    for q in ("wangxiuying", "1001", "67001001", "林晓"):
        assert "黄秀英" not in found(store, scope, q), q


def test_an_operator_finds_whom_she_may_see(store: Store, centre_id: int, vault: Vault, scope: Scope) -> None:
    with store.writing() as session:
        east, west = add_area(session, centre_id, "E", "东"), add_area(session, centre_id, "W", "西")
    resident(store, scope, vault, name="王秀英", area_id=east.id)
    resident(store, scope, vault, name="李秀英", area_id=west.id)
    resident(store, scope, vault, name="赵秀英")
    assert set(found(store, Scope(centre_id, east.path), "秀英")) == {"王秀英", "赵秀英"}
    assert set(found(store, scope, "秀英")) == {"王秀英", "李秀英", "赵秀英"}
    assert found(store, Scope(centre_id, "/999999/"), "王秀英")[:1] == ["赵秀英"]
