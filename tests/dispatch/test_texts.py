import re
from importlib.resources import files

from babel.messages.pofile import read_po
from sqlmodel import select

from callbridge.sms import segments
from dispatch.models import Case
from dispatch.views.cases import case_card
from tests.dispatch.register import HER_LINE
from tests.dispatch.town import Town

SHOP, TELEPHONE = "+8613900000001", "+8613900000002"


def sentences(language: str) -> dict[str, str]:
    with (files("dispatch") / "locale" / f"{language}.po").open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def test_both_languages_say_everything_with_the_same_values() -> None:
    zh, en = sentences("zh"), sentences("en")
    assert zh.keys() == en.keys()
    for key, sentence in zh.items():
        assert sentence, key
        assert set(re.findall(r"\{(\w+)\}", sentence)) == set(re.findall(r"\{(\w+)\}", en[key])), key


def test_the_door_and_the_person_are_told_only_after_the_acceptance(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident(health_note="高血压"), words="降压药一盒")
    town.dispatch(number)
    town.send()
    offered = town.sms_to(SHOP)[-1]
    for secret in ("502", "王秀英", "02367001001", HER_LINE, "敲门"):
        assert secret not in offered
    assert segments(offered).parts <= 2
    town.writes(SHOP, "1")
    details = town.sms_to(SHOP)[-1]
    for wanted in ("青石里5栋2单元502", "王秀英奶奶", "02367001001", "门铃坏了，请敲门", "降压药一盒"):
        assert wanted in details
    assert "高血压" not in details


def test_whoever_has_accepted_is_told_of_lock_lift_dog_and_ears(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    health = {"allergies": "青霉素", "medicines": "缬沙坦"}
    about = {"lock": "单元门密码2580", "dog": "会叫不咬", "lift": False, "hearing": "hard"}
    number = town.open(town.resident(**about, **health))
    town.dispatch(number)
    town.send()
    offered = town.sms_to(SHOP)[-1]
    assert not any(secret in offered for secret in ("2580", "不咬", "电梯", "耳背"))
    town.writes(SHOP, "1")
    details = town.sms_to(SHOP)[-1]
    for wanted in ("门禁：单元门密码2580", "狗：会叫不咬", "没有电梯", "老人耳背", "门铃坏了，请敲门"):
        assert wanted in details
    assert not any(secret in details for secret in health.values())


def test_the_code_of_her_door_is_spoken_digit_by_digit_and_only_for_her_home(town: Town) -> None:
    town.merchant("康宁药房", voice=TELEPHONE)
    her = town.resident(lock="密码2580", hearing="deaf")
    town.dispatch(town.open(her))
    town.send()
    assert "密码" not in town.heard(TELEPHONE)[-1]
    town.presses(TELEPHONE, "1")
    town.send()
    assert "密码二五八零" in town.heard(TELEPHONE)[-1]
    assert "老人听不见" in town.heard(TELEPHONE)[-1]


def test_a_job_elsewhere_tells_nothing_of_her_house_but_that_she_is_deaf(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    her = town.resident(lock="密码2580", dog="会叫不咬", lift=True, hearing="deaf")
    town.dispatch(town.open(her, place="人民公园南门", latitude=29.5333, longitude=106.505))
    town.send()
    town.writes(SHOP, "1")
    details = town.sms_to(SHOP)[-1]
    assert "老人听不见" in details
    assert not any(secret in details for secret in ("2580", "不咬", "电梯"))


def test_a_job_elsewhere_names_that_place_and_not_her_home(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident(), place="人民公园南门", latitude=29.5333, longitude=106.505, words="{centre}")
    town.dispatch(number)
    town.send()
    assert "地点接单后告知" in town.sms_to(SHOP)[-1]
    town.writes(SHOP, "1")
    details = town.sms_to(SHOP)[-1]
    assert "人民公园南门" in details
    assert "502" not in details
    assert "{centre}" in details, "what an operator writes is no template"


def test_a_wish_for_later_is_told_with_day_and_hour(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident(), wanted_at="2026-03-02T15:30:00+08:00")
    town.dispatch(number)
    town.send()
    assert "3月2日 15:30" in town.sms_to(SHOP)[-1]


def test_numbers_are_spoken_digit_by_digit(town: Town) -> None:
    town.merchant("康宁药房", voice=TELEPHONE)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    town.presses(TELEPHONE, "1")
    town.send()
    assert "零二三六七零零幺零零幺" in town.heard(TELEPHONE)[-1]


def test_an_unknown_caller_is_reached_at_the_number_that_called(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    call = town.rings_in("13700000001")
    town.answers(call)
    number = town.open(None, call_id=town.call(call).id, place="青石里3栋门口", latitude=29.5333, longitude=106.505)
    town.dispatch(number)
    town.send()
    town.writes(SHOP, "1")
    assert "13700000001" in town.sms_to(SHOP)[-1]


def test_what_the_sms_of_an_offer_cost_is_shown_with_it(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident(), words="降压药一盒，" * 12)
    town.dispatch(number)
    town.send()
    town.writes(SHOP, "1")
    with town.store.reading() as session:
        case = session.exec(select(Case).where(Case.number == number)).one()
        (offer,) = case_card(session, case, town.clock.now()).offers
    assert [attempt.parts for attempt in offer.attempts] == [segments(text).parts for text in town.sms_to(SHOP)]
    assert max(attempt.parts for attempt in offer.attempts) > 2


def test_very_long_words_do_not_break_the_message(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP, voice=TELEPHONE)
    number = town.open(
        town.resident(entrance_note="门" * 500, lock="锁" * 80, dog="狗" * 80), words="药" * 2000, place="路" * 200
    )
    town.dispatch(number)
    town.send()
    town.writes(SHOP, "1")
    assert len(town.sms_to(SHOP)[-1]) < 600
