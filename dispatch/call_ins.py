"""A merchant that calls in hears its jobs and reports by key, while it waits for an operator.

It is in the queue first, as everybody is; from there we have the exchange read it one menu after the other
(`callbridge.menu`). What it presses is stored like an SMS that it might have sent, in the transaction that takes in
the event, and read afterwards by `dispatch.replies`: so the table of answers is one, and a crash in between loses
nothing. Whoever is, or may be, a resident, or calls for one, is answered by a human at once.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlmodel import col

from dispatch import phone_orders
from dispatch.call_in_words import DISPUTE, NEXT, RECORD, Words
from dispatch.models import (
    About,
    Call,
    CallMatch,
    CallMenu,
    CallState,
    Direction,
    Inbound,
    InboundReading,
    Leg,
    LegRole,
    Message,
    MessageKind,
    MessageState,
    Offer,
    OrderKind,
    Speaker,
)
from dispatch.models.transitions import key, move, note
from dispatch.policy import offer_policy
from registry.merchants import merchants_by_number
from registry.models import Channel
from registry.models.centre import Priority
from registry.store import Actor, Writing

log = structlog.get_logger()

KEYS = "keys"  # stands where an SMS has its gateway
MOST = 60  # menus in one call: then a human asks what is going on
WHILE_TOLD = timedelta(minutes=3)  # so long we do not call with the door that the merchant is just being told
TELLS_THE_DOOR = ("", "reply.accepted_before")
ASKS_THE_WORD = ("reply.proof_wanted.word", "reply.wrong_word")
ALOUD = {"reply.wrong_word": "menu.word.wrong", "reply.disputed": "menu.disputed"}  # an SMS would say it otherwise
HEARD = timedelta(seconds=10)  # into the door, and then a hang-up: it has been heard


def begin(session: Writing, call: Call) -> None:
    """The call, which the caller holds, has joined the queue: a merchant is read its jobs, once in a call."""
    if call.speaker is not Speaker.MERCHANT or call.direction is not Direction.IN:
        return
    if call.state is not CallState.QUEUED or call.priority is not Priority.ROUTINE:
        return
    known = select(col(CallMatch.call_id)).where(col(CallMatch.call_id) == call.id)
    asked = select(col(CallMenu.id)).where(col(CallMenu.call_id) == call.id)
    if session.scalar(known.limit(1)) is not None or session.scalar(asked.limit(1)) is not None:
        return
    if not offer_policy(session, call.centre_id).menu_when_calling:
        return
    words = _words(session, call)
    if words is None:
        return
    jobs = words.open_jobs()
    _read(session, call, words, About.JOB if jobs else About.END, [words.hello(jobs)], next(iter(jobs), None))


def pressed(session: Writing, call: Call, menu_name: str, digits: str, at: datetime) -> None:
    """An answer to a menu of this call, which the caller holds: stored; told again, it changes nothing."""
    is_name = menu_name.isascii() and menu_name.isdigit() and len(menu_name) < 10
    menu = session.lock(CallMenu, int(menu_name)) if is_name else None
    if menu is None or menu.call_id != call.id:
        log.warning("call.pressed_in_no_menu", call=call.id)
        return
    if menu.ended_at is not None:
        return
    menu.key, menu.ended_at = digits[:8], at
    call.version += 1
    note(session, call, "pressed", _who(call), at=at, menu=menu.id, key=menu.key if len(menu.key) < 2 else "")
    if menu.message_id is not None:
        _heard(session, menu.message_id, at)
    words = _words(session, call)
    if menu.key in ("", *menu.out) or words is None:  # back in the queue
        return
    offer = session.get(Offer, menu.offer_id) if menu.offer_id is not None else None
    if menu.key == NEXT and menu.about is not About.WORD:
        _next(session, call, words, [])
    elif menu.key == RECORD and menu.about is not About.WORD:
        _read(session, call, words, About.RECORD, [], None)
    elif (text := _as_text(menu, offer, words)) is not None:
        menu.inbound_id = _store(session, call, menu, text, at)


def go_on(session: Writing, call: Call, inbound: Inbound, answer: str, sentence: str) -> None:
    """What was pressed in this call has been read, and answered by the sentence of the key `answer`, both empty where
    the door is the answer: it is said, with the next menu, if the merchant is still there to hear it. The caller
    holds the call and what it is about.
    """
    words = _words(session, call)
    if words is None or call.state is not CallState.QUEUED:
        return
    said = [words.say(ALOUD[answer]) if answer in ALOUD else sentence] if answer else []
    offer = session.get(Offer, inbound.offer_id) if inbound.offer_id is not None else None
    if offer is not None and answer in TELLS_THE_DOOR:
        _read(session, call, words, About.JOB, said, offer, told=_door_of(session, offer))
    elif offer is not None and answer in ASKS_THE_WORD:
        _read(session, call, words, About.WORD, said if answer in ALOUD else [], offer)
    elif inbound.reading is InboundReading.DISPUTE:
        _read(session, call, words, About.END, said, None)
    else:
        _next(session, call, words, said)


def call_of(session: Writing, inbound: Inbound) -> Call | None:
    """The call in which that was pressed, held; None for an SMS."""
    if inbound.gateway != KEYS:
        return None
    call_id = session.scalar(select(col(CallMenu.call_id)).where(col(CallMenu.inbound_id) == inbound.id))
    return session.lock(Call, call_id) if call_id is not None else None


def over(session: Writing, call: Call, at: datetime) -> None:
    """The call, which the caller holds, has ended: a door that was being told has been heard, or we call with it."""
    last = session.scalar(
        select(CallMenu)
        .where(col(CallMenu.call_id) == call.id, col(CallMenu.ended_at).is_(None))
        .order_by(col(CallMenu.id).desc())
        .limit(1)
    )
    if last is None or last.message_id is None:
        return
    if at - last.asked_at >= HEARD:
        _heard(session, last.message_id, at)
        return
    message = session.lock(Message, last.message_id)
    if message is not None and message.state is MessageState.WANTED:
        message.not_before = session.clock.now()


def _as_text(menu: CallMenu, offer: Offer | None, words: Words) -> str | None:
    """What the merchant might have written instead."""
    if menu.about is About.RECORD and menu.key == DISPUTE:
        return f"申诉 {words.why}"
    if offer is not None and menu.about is About.WORD:
        return f"{offer.code} 5 {menu.key}"
    if offer is not None and menu.about is About.JOB:
        return f"{offer.code} {menu.key}"
    return None


def _store(session: Writing, call: Call, menu: CallMenu, text: str, at: datetime) -> int | None:
    assert call.number is not None
    inbound = Inbound(
        centre_id=call.centre_id,
        gateway=KEYS,
        event_id=f"menu-{menu.id}",
        number=call.number,
        body=text,
        sent_at=at,
        received_at=session.clock.now(),
    )
    session.add(inbound)
    session.flush()
    return inbound.id


def _door_of(session: Writing, offer: Offer) -> int | None:
    """The call with the door that waits to go out, held back while the merchant hears it here."""
    message_id = session.scalar(
        select(col(Message.id)).where(
            col(Message.offer_id) == offer.id,
            col(Message.kind) == MessageKind.JOB_DETAILS,
            col(Message.channel) == Channel.VOICE,
            col(Message.state) == MessageState.WANTED,
        )
    )
    message = session.lock(Message, message_id) if message_id is not None else None
    if message is None or message.state is not MessageState.WANTED:
        return None
    message.not_before = session.clock.now() + WHILE_TOLD
    return message.id


def _heard(session: Writing, message_id: int, at: datetime) -> None:
    """The merchant has been told that in its own call: nobody calls it for that."""
    message = session.lock(Message, message_id)
    if message is not None and message.state is MessageState.WANTED:
        message.delivered_at = at
        move(session, message, MessageState.DROPPED, Actor.system(), why="heard")


def _next(session: Writing, call: Call, words: Words, said: Sequence[str]) -> None:
    """The next job that has not been read since the last end of the list; behind the last, the end."""
    heard = _heard_jobs(session, call)
    following = next((job for job in words.open_jobs() if job.id not in heard), None)
    if following is not None:
        _read(session, call, words, About.JOB, said, following)
    else:
        _read(session, call, words, About.END, [*said, words.say("menu.end")], None)


def _heard_jobs(session: Writing, call: Call) -> set[int | None]:
    """The jobs of this round: since the list has ended, or the merchant has heard its record."""
    menus = session.scalars(select(CallMenu).where(col(CallMenu.call_id) == call.id).order_by(col(CallMenu.id))).all()
    heard: set[int | None] = set()
    for menu in menus:
        if menu.about in (About.END, About.RECORD):
            heard.clear()
        heard.add(menu.offer_id)
    return heard


def _read(
    session: Writing,
    call: Call,
    words: Words,
    about: About,
    said: Sequence[str],
    offer: Offer | None,
    told: int | None = None,
) -> None:
    """Has the exchange read a menu to the caller; `told` is the message that it makes unnecessary."""
    if call.state is not CallState.QUEUED:  # it has hung up meanwhile, or an operator talks to it
        return
    count = select(func.count()).select_from(CallMenu).where(col(CallMenu.call_id) == call.id)
    if (session.scalar(count) or 0) >= MOST:
        log.warning("call.menus_without_end", call=call.id)
        return
    jobs = words.open_jobs()
    heard = _heard_jobs(session, call) if about is About.JOB else set()
    more = any(job is not offer and job.id not in heard for job in jobs)
    read = words.menu(about, said, offer, more=more)
    menu = CallMenu(
        call_id=key(call),
        out=read.out,
        about=about,
        offer_id=offer.id if offer is not None else None,
        message_id=told,
        asked_at=session.clock.now(),
    )
    session.add(menu)
    session.flush()
    phone_orders.order(
        session,
        OrderKind.ASK,
        centre_id=call.centre_id,
        exchange=call.exchange,
        call=call,
        call_uniqueid=_uniqueid(session, call),
        name=str(menu.id),
        language=words.language,
        **asdict(read),
    )
    call.version += 1
    note(session, call, "read_menu", Actor.system(), menu=menu.id, about=str(about), offer=menu.offer_id)


def _words(session: Writing, call: Call) -> Words | None:
    """None when that number is no merchant's any more."""
    merchants = merchants_by_number(session, call.centre_id, call.number) if call.number is not None else []
    return Words(session, merchants) if merchants else None


def _uniqueid(session: Writing, call: Call) -> str:
    """Of the caller's channel."""
    caller = select(col(Leg.uniqueid)).where(col(Leg.call_id) == call.id, col(Leg.role) == LegRole.CALLER)
    return session.scalars(caller.order_by(col(Leg.id))).first() or ""


def _who(call: Call) -> Actor:
    merchant = call.speaker_merchant_id
    return Actor.merchant(merchant) if merchant is not None else Actor.exchange()
