"""A quarter of the town: who lives there, what their calls look like to the exchange, who has to be recognised."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from benchmarks.scene import BUTTONS, EXTENSIONS, HOTLINE
from dispatch.config import Config
from dispatch.master_keys import open_vault
from dispatch.operators import add_operator
from dispatch.passwords import hashed
from dispatch.rule_bodies import POLICIES
from registry.centres import current_rule
from registry.drafts import (
    ContactDraft,
    ContractDraft,
    HoursDraft,
    LineDraft,
    MerchantDraft,
    NumberDraft,
    ResidentDraft,
)
from registry.merchants import create_merchant
from registry.models import Channel, LineKind, MerchantKind, Rule, RuleKind
from registry.people import create_resident
from registry.seed import seed_centre
from registry.store import Actor, Role, Scope, Store

LOGIN, PASSWORD = "soak", "nobody-but-the-soak"
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙", "秀英桂兰玉珍凤芝淑华建国"
HOME = (29.5332, 106.5049)
AT_ONCE = 40  # people of one transaction
HIDDEN = "anonymous"  # what the network shows instead of a number

# Every second button is answered by nobody for four seconds; then the daughter is called.
RULES: dict[RuleKind, dict[str, Any]] = {
    RuleKind.LADDER: {
        "steps": [{"who": "operators", "seconds": 4}, {"who": "contacts", "seconds": 600}],
        "pause_seconds": 20,
        "arrival_seconds": 3600,
    },
    RuleKind.PRESENCE_POLICY: {"after_call_seconds": 2},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One telephone as the network shows it; `number` is E.164, None for a hidden one."""

    shown: str
    number: str | None
    residents: frozenset[int] = frozenset()
    is_button: bool = False


@dataclass(frozen=True, slots=True)
class PlannedCall:
    line: Line
    dialled: str
    seconds: float  # how long she stays

    @property
    def emergency(self) -> bool:
        return self.line.is_button or self.dialled == BUTTONS


@dataclass(frozen=True, slots=True)
class Quarter:
    """`lines` are of residents, `helpers` the numbers of their children, `merchants` those of shops, by their ids."""

    lines: tuple[Line, ...]
    helpers: frozenset[str]
    merchants: dict[int, str]

    def line_of(self, shown: str) -> Line:
        """The telephone behind what the network showed: a stranger's when it is nobody's here."""
        known = {line.shown: line for line in self.lines}
        return known.get(shown) or (Line(shown, None) if shown == HIDDEN else Line(shown, f"+86{shown[1:]}"))

    def calls(self, count: int, *, shortest: float, mean: float, longest: float, seed: int = 1) -> list[PlannedCall]:
        """`count` calls of these people and of strangers, as they come after one another.

        Most give up soon and a few are patient: each stays `shortest` and an exponentially distributed time after
        it. Every eighth has called before, 4 in 100 are of strangers, 2 in 100 show no number.
        """
        dice = random.Random(seed)
        fresh = self._fresh(dice)
        planned: list[PlannedCall] = []
        for index in range(count):
            what = dice.random()
            if what < 0.02:
                line = Line(HIDDEN, None)
            elif what < 0.06:
                line = self.line_of(f"0135{index:08d}")
            elif what < 0.18 and planned:
                line = dice.choice(planned).line
            else:
                line = next(fresh)
            to_the_buttons_number = dice.random() < (0.5 if line.is_button else 0.005)
            seconds = min(shortest + dice.expovariate(1 / (mean - shortest)), longest)
            planned.append(PlannedCall(line, BUTTONS if to_the_buttons_number else HOTLINE, round(seconds, 1)))
        return planned

    def _fresh(self, dice: random.Random) -> Iterator[Line]:
        while True:
            yield from dice.sample(self.lines, len(self.lines))


def move_in(store: Store, config: Config, *, homes: int, merchants: int) -> Quarter:
    """Fills the migrated, empty database behind `store`: one line for each home, every 20th a button's, every 15th of
    a couple; five operators; merchants that are asked by telephone.
    """
    vault = open_vault(config.secret_store())
    with store.writing() as session:
        centre = seed_centre(session, **config.centre.model_dump(exclude={"exchange_prefix"}))
        scope = Scope(centre.id or 0)
        for kind, body in RULES.items():
            before = current_rule(session, scope.centre_id, kind)
            POLICIES[kind].model_validate(body)
            session.add(
                Rule(
                    centre_id=scope.centre_id,
                    kind=kind,
                    version=before.version + 1,
                    body=body,
                    valid_from=session.clock.now(),
                )
            )
        password = hashed(PASSWORD)
        add_operator(session, scope.centre_id, name="Soak", login=LOGIN, role=Role.SUPERVISOR, password_hash=password)
        for extension in EXTENSIONS:
            login = f"desk{extension}"
            add_operator(
                session,
                scope.centre_id,
                name=f"话务{extension}",
                login=login,
                role=Role.OPERATOR,
                password_hash=password,
                extension=extension,
            )
    lines: list[Line] = []
    for first in range(0, homes, AT_ONCE):
        with store.writing() as session:
            for home in range(first, min(first + AT_ONCE, homes)):
                drafts = _household(home)
                ids = [
                    create_resident(session, scope, draft, actor=Actor.system(), vault=vault).id or 0
                    for draft in drafts
                ]
                number = drafts[0].lines[0].number
                lines.append(Line(f"0{number[3:]}", number, frozenset(ids), _is_button(home)))
    shops: dict[int, str] = {}
    for first in range(0, merchants, AT_ONCE):
        with store.writing() as session:
            for index in range(first, min(first + AT_ONCE, merchants)):
                shop = _shop(index)
                made = create_merchant(session, scope, shop, actor=Actor.system())
                shops[made.id or 0] = shop.numbers[0].number
    return Quarter(tuple(lines), frozenset(map(_helper, range(homes))), shops)


def _household(home: int) -> list[ResidentDraft]:
    dice = random.Random(home)
    kind = LineKind.BUTTON if _is_button(home) else LineKind.MOBILE
    people = 2 if home % 15 == 7 else 1
    return [
        ResidentDraft(
            name=dice.choice(SURNAMES) + "".join(dice.sample(GIVEN, 2)),
            born=date(1936, 1, 1) + timedelta(days=dice.randrange(9000)),
            community="青石里",
            building=str(home // 60 + 1),
            unit=str(home % 3 + 1),
            door=f"{home % 20 + 1}0{home % 4 + 1}",
            latitude=HOME[0],
            longitude=HOME[1],
            care_level=dice.choice((0, 0, 0, 1, 2, 3)),
            lines=[LineDraft(number=f"+86139{home:08d}", kind=kind)],
            contacts=[ContactDraft(name="女儿", relation="女儿", number=_helper(home))] if not person else [],
        )
        for person in range(people)
    ]


def _is_button(home: int) -> bool:
    return home % 20 == 3


def _helper(home: int) -> str:
    return f"+86138{home:08d}"


def _shop(index: int) -> MerchantDraft:
    always = [HoursDraft(weekday=day, opens=time(0), closes=time(0)) for day in range(7)]
    contract = ContractDraft(
        valid_from=date(2026, 1, 1), valid_until=date(2035, 1, 1), services=frozenset({"medicine"})
    )
    return MerchantDraft(
        name=f"{index + 1}号药房",
        kind=MerchantKind.PHARMACY,
        latitude=HOME[0],
        longitude=HOME[1],
        licence_number=f"L{index}",
        licence_expires=date(2035, 1, 1),
        first_channel=Channel.VOICE,
        numbers=[NumberDraft(channel=Channel.VOICE, number=f"+86137{index:08d}")],
        hours=always,
        contracts=[contract],
    )
