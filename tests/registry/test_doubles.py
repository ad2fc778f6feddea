"""Who may stand in the register twice, and of whom somebody has said that they are two."""

from registry import doubles
from registry.drafts import LineDraft, ResidentDraft
from registry.people import create_resident
from registry.store import Actor, Scope, Store
from registry.vault import Vault

IDENTITY = "510102194005010027"


def somebody(store: Store, scope: Scope, vault: Vault, name: str, number: str, **facts: object) -> int:
    with store.writing() as session:
        draft = ResidentDraft.model_validate({"name": name, "lines": [LineDraft(number=number)], **facts})
        return create_resident(session, scope, draft, actor=Actor.system(), vault=vault).id or 0


def found(store: Store, scope: Scope) -> list[tuple[int, int, tuple[str, ...], str]]:
    with store.reading() as session:
        return [(each.one, each.other, each.alike, each.doubt) for each in doubles.doubles(session, scope)]


def test_one_person_in_two_records_is_found_by_whatever_agrees(store: Store, scope: Scope, vault: Vault) -> None:
    home = {"community": "青石里", "building": "5", "unit": "2", "door": "502"}
    first = somebody(store, scope, vault, "王秀英", "02367001001", born="1940-05-01", **home)
    by_birthday = somebody(store, scope, vault, "王秀英", "13800000001", born="1940-05-01")
    by_sound = somebody(store, scope, vault, "王秀瑛", "02367001001", **home)
    by_identity = somebody(store, scope, vault, "李桂兰", "13800000003", identity_number=IDENTITY)
    the_same = somebody(store, scope, vault, "李桂兰娃", "13800000004", identity_number=IDENTITY)
    somebody(store, scope, vault, "张玉珍", "13800000005", born="1940-05-01")
    assert found(store, scope) == [
        (first, by_birthday, ("name", "born"), ""),
        (by_identity, the_same, ("identity",), ""),
        (first, by_sound, ("door", "numbers"), "another_spelling"),
    ]


def test_a_couple_and_a_namesake_are_two_people(store: Store, scope: Scope, vault: Vault) -> None:
    home = {"community": "青石里", "building": "5", "unit": "2", "door": "502"}
    somebody(store, scope, vault, "王秀英", "02367001001", born="1940-05-01", **home)
    somebody(store, scope, vault, "刘建国", "02367001001", born="1938-01-01", **home)
    somebody(store, scope, vault, "王秀英", "13800000001", born="1951-07-07", community="滨江里")
    assert found(store, scope) == []


def test_of_two_who_are_said_to_be_two_nothing_is_said_any_more(store: Store, scope: Scope, vault: Vault) -> None:
    one = somebody(store, scope, vault, "王秀英", "02367001001", born="1940-05-01")
    other = somebody(store, scope, vault, "王秀英", "13800000001", born="1940-05-01")
    for pair in ((other, one), (one, other)):
        with store.writing() as session:
            doubles.keep_apart(session, *pair)
    assert found(store, scope) == []


def test_a_homes_switchboard_makes_nobody_a_double(store: Store, scope: Scope, vault: Vault) -> None:
    for _ in range(doubles.MOST_OF_ONE + 2):
        somebody(store, scope, vault, "王秀英", "02367009000", community="福寿苑")
    assert found(store, scope) == []
