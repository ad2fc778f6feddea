"""A town of shops with open offers, and real services on its database, without an exchange; the shops' telephones are
an SMS gateway that takes everything.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx
from sqlalchemy.engine import URL

from benchmarks.county import postgresql
from benchmarks.process import START_SECONDS, Service
from benchmarks.scene import HERE, Ports, Scene
from dispatch.codes import ALPHABET
from dispatch.models import Case, CaseState, Offer, OfferRole, OfferState, Timer, TimerKind, Turn
from dispatch.models.transitions import key
from registry.centres import service
from registry.models import Channel, LineKind
from registry.store import MovableClock, Store, Subject
from tests.dispatch.town import Town, found

SHOPS = 40
HER_MOBILE = "+8613800001001"
MUCH_LATER = timedelta(hours=3)
AT_ONCE = 100  # rows of one transaction
SIGNING = "nobody-but-the-benchmark"
LETTERS = ALPHABET[:24]
GATEWAY = """
[[gateways]]
name = "town"
kind = "http"
url = "{url}"
"""


@contextmanager
def database(kind: str) -> Iterator[URL]:
    if kind == "postgresql":
        with postgresql() as url:
            yield url
    else:
        with TemporaryDirectory(prefix="townline-offers-") as folder:
            yield URL.create("sqlite", database=str(Path(folder) / "town.db"))


@contextmanager
def services(kind: str, count: int, database: URL, gateway: str) -> Iterator[list[Service]]:
    """So many on one database, which answer, though they have no exchange."""
    with ExitStack() as stack:
        yield [_running(stack, _scene(f"shops-{kind}-{number}", database, gateway)) for number in range(count)]


def _scene(name: str, database: URL, gateway: str) -> Scene:
    scene = Scene(HERE / "var" / name, Ports.free())
    scene.on(database)
    scene.file.write_text(scene.file.read_text() + GATEWAY.format(url=gateway))
    scene.config.secret_store().keep("GATEWAY_TOWN_SIGNING", SIGNING)
    return scene


def _running(stack: ExitStack, scene: Scene) -> Service:
    stack.callback(scene.service.end)
    scene.service.begin()
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(f"{scene.url}/healthz", timeout=2, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > give_up or not scene.service.runs:
                raise click.ClickException(scene.service.log.read_text()[-2000:]) from None
            time.sleep(0.1)
        else:
            return scene.service


def open_offers(url: URL, offers: int) -> None:
    """Makes the town and its offers, which run out much later."""
    with closing(Store(url)) as store:
        town = found(store, MovableClock(datetime.now(UTC)))
        resident = town.resident(number=HER_MOBILE, kind=LineKind.MOBILE)
        shops = [town.merchant(f"药房{number}", sms=telephone(number)) for number in range(SHOPS)]
        for start in range(0, offers, AT_ONCE):
            _some_offers(store, town, resident, shops, range(start, min(start + AT_ONCE, offers)))


def telephone(number: int) -> str:
    """Of the shop that has the offer of that number."""
    return f"+86139{number % SHOPS:08}"


def _some_offers(store: Store, town: Town, resident: int, shops: list[int], numbers: range) -> None:
    with store.writing() as session:
        now = datetime.now(UTC)
        medicine = service(session, town.centre_id, "medicine")
        cases = [
            Case(
                number=f"TL-BENCH-{number:05}",
                centre_id=town.centre_id,
                resident_id=resident,
                service_code=medicine.code,
                service_id=medicine.id or 0,
                priority=medicine.priority,
                state=CaseState.OFFERING,
                turn=Turn.MERCHANT,
                opened_at=now,
            )
            for number in numbers
        ]
        session.add_all(cases)
        session.flush()
        offers = [
            Offer(
                centre_id=town.centre_id,
                case_id=key(case),
                merchant_id=shops[number % SHOPS],
                role=OfferRole.SUPPLIER,
                state=OfferState.SENT,
                channel=Channel.SMS,
                number=telephone(number),
                code=code(number),
                offered_at=now,
                expires_at=now + MUCH_LATER,
            )
            for number, case in zip(numbers, cases, strict=True)
        ]
        session.add_all(offers)
        session.flush()
        session.add_all(
            Timer(
                centre_id=town.centre_id,
                kind=TimerKind.OFFER_EXPIRES,
                subject=Subject.OFFER,
                subject_id=key(offer),
                due_at=offer.expires_at,
            )
            for offer in offers
        )


def code(number: int) -> str:
    """One of its own for each offer: two letters and two figures, as `dispatch.codes` makes them."""
    rest, last = divmod(number, 8)
    rest, figure = divmod(rest, 8)
    letters = len(LETTERS)
    return f"{LETTERS[rest // letters % letters]}{LETTERS[rest % letters]}{figure + 2}{last + 2}"
