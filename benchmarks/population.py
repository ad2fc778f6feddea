"""Invented people, all of them from one seed: residents in communities, merchants around them.

A county is spread evenly. A city has dense quarters and thin outskirts, a second number for three residents of ten, a
second contract for one merchant of five. Written in large transactions, before any service runs on the database.
"""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import insert
from sqlmodel import SQLModel

from dispatch.config import CentreSettings
from registry.address import Address
from registry.models import (
    Channel,
    Contact,
    Contract,
    ContractService,
    Gender,
    Group,
    Hearing,
    Line,
    LineKind,
    Merchant,
    MerchantKind,
    MerchantNumber,
    OpeningHours,
    Resident,
    ResidentGroup,
    SearchToken,
    UsualMerchant,
)
from registry.search import Profile, tokens_of
from registry.seed import seed_centre
from registry.store import Store
from registry.store.session import begin

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程苏魏吕丁任沈"
GIVEN = "秀英桂兰玉珍凤芝淑华建国志强德明文军海平春梅红霞永福金生素琴云清水长贵福荣家宝"
COMMUNITIES = ("青石里", "滨江里", "文化巷", "桂花园", "南山苑", "东湖坊", "石桥铺", "柳荫街", "长安里", "和平村")
SIDE_KM = 40.0  # of the county, a square
MIDDLE = (29.5332, 106.5049)  # of it, WGS-84 degrees
COMMUNITY_SIZE = 500  # residents
QUARTERS = 12  # of a city
QUARTER_KM = (2.0, 5.0, 15.0)  # how far its dense part reaches, what is around it, the outskirts
CHUNK = 5000  # residents of one transaction
KINDS = {  # share of the merchants, what they are contracted for
    MerchantKind.PHARMACY: (0.25, ("medicine",)),
    MerchantKind.SHOP: (0.25, ("groceries", "meals")),
    MerchantKind.SUPERMARKET: (0.10, ("groceries",)),
    MerchantKind.CLINIC: (0.10, ("clinic",)),
    MerchantKind.REPAIR: (0.15, ("repair", "water", "power")),
    MerchantKind.HOME_CARE: (0.10, ("home_care", "meals")),
    MerchantKind.VOLUNTEERS: (0.05, ("meals",)),
}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def mobile(index: int) -> str:
    """The E.164 number of resident `index`, from 0: nobody else's."""
    return f"+86139{index:08d}"


def landline(index: int) -> str:
    """Of resident `index` of a city, when the last digit of `index` is below 3; E.164."""
    return f"+8623{60_000_000 + index:08d}"


def populate(store: Store, centre: CentreSettings, *, residents: int, merchants: int, city: bool = False) -> None:
    """Fills the migrated, empty SQLite file behind `store`."""
    with store.writing() as session:
        row = seed_centre(
            session,
            code=centre.code,
            name=centre.name,
            time_zone=centre.time_zone,
            country=centre.country,
            area_code=centre.area_code,
            language=centre.language,
        )
        assert row.id is not None
        centre_id = row.id
    county = (_City if city else _County)(random.Random(1), centre_id, MIDDLE, residents)
    with store.engine.connect() as connection:
        for pragma in ("cache_size = -2000000", "synchronous = OFF"):  # of this connection, which nobody else uses
            connection.connection.cursor().execute(f"PRAGMA {pragma}")
        for tables in chain([county.merchants(merchants)], _chunks(county, residents, merchants)):
            begin(connection, "BEGIN IMMEDIATE")
            for table, rows in tables.items():
                if table is SearchToken:  # by far the most
                    connection.exec_driver_sql("INSERT INTO search_token VALUES (?, ?, ?)", sorted(rows))
                elif rows:
                    connection.execute(insert(table), rows)
            connection.commit()


def _chunks(county: "_County", residents: int, merchants: int) -> Iterator[Mapping[type[SQLModel], list[Any]]]:
    for first in range(0, residents, CHUNK):
        yield county.residents(range(first, min(first + CHUNK, residents)), merchants)


class _County:
    radii: tuple[int, ...] = (1000, 2000, 3000, 5000)
    care_levels: tuple[int, ...] = (1, 1, 1, 1, 1)  # how many have which

    def __init__(self, dice: random.Random, centre_id: int, middle: tuple[float, float], residents: int) -> None:
        self.dice = dice
        self.centre_id = centre_id
        self.middle = middle
        self.places = [self._somewhere() for _ in range(max(1, residents // COMMUNITY_SIZE))]

    def merchants(self, count: int) -> dict[type[SQLModel], list[dict[str, Any]]]:
        rows: dict[type[SQLModel], list[dict[str, Any]]] = {
            table: [] for table in (Merchant, MerchantNumber, OpeningHours, Contract, ContractService)
        }
        kinds, shares = list(KINDS), [share for share, _ in KINDS.values()]
        for id_ in range(1, count + 1):
            kind = self.dice.choices(kinds, shares)[0]
            latitude, longitude = self._around(self.dice.choice(self.places), 0.01)
            rows[Merchant].append(
                self._row(
                    id=id_,
                    kind=kind,
                    name=f"{self.dice.choice(COMMUNITIES)}{id_}号店",
                    address=f"{self.dice.choice(COMMUNITIES)}{self.dice.randint(1, 300)}号",
                    latitude=latitude,
                    longitude=longitude,
                    language="zh",
                    licence_number=f"L{id_:08d}",
                    licence_expires=date(2030, 1, 1) if self.dice.random() > 0.02 else date(2026, 2, 1),
                    capacity=self.dice.choice((None, 3, 5, 10)),
                    first_channel=Channel.SMS,
                )
            )
            for channel in Channel:
                rows[MerchantNumber].append(
                    {"merchant_id": id_, "channel": channel, "number": f"+86137{id_:08d}", "rank": 1}
                )
            opens, closes = self.dice.choice(((time(0), time(0)), (time(8), time(22)), (time(9), time(18))))
            for weekday in range(7):
                rows[OpeningHours].append({"merchant_id": id_, "weekday": weekday, "opens": opens, "closes": closes})
            for valid_until in self._contracts():
                contract_id = len(rows[Contract]) + 1
                rows[Contract].append(
                    {
                        "id": contract_id,
                        "merchant_id": id_,
                        "valid_from": date(2026, 1, 1),
                        "valid_until": valid_until,
                        "radius": self.dice.choice(self.radii),
                    }
                )
                for code in KINDS[kind][1]:
                    rows[ContractService].append({"contract_id": contract_id, "service_code": code})
        return rows

    def residents(self, indices: range, merchants: int) -> dict[type[SQLModel], list[Any]]:
        rows: dict[type[SQLModel], list[Any]] = {
            table: [] for table in (Resident, ResidentGroup, Line, Contact, UsualMerchant, SearchToken)
        }
        for index in indices:
            id_ = index + 1
            place = index // COMMUNITY_SIZE % len(self.places)
            community = f"{COMMUNITIES[place % len(COMMUNITIES)]}{place // len(COMMUNITIES) + 1}期"
            building, unit, door = str(index % 40 + 1), str(index % 3 + 1), f"{index % 18 + 1}0{index % 4 + 1}"
            name, contact = self._name(), self._name()
            latitude, longitude = self._around(self.places[place], 0.004)
            rows[Resident].append(
                self._row(
                    id=id_,
                    name=name,
                    gender=self.dice.choice(list(Gender)),
                    born=date(1936, 1, 1) + timedelta(days=self.dice.randrange(9000)),
                    community=community,
                    building=building,
                    unit=unit,
                    door=door,
                    entrance_note="",
                    latitude=latitude,
                    longitude=longitude,
                    language="zh",
                    hearing=self.dice.choice(list(Hearing)),
                    care_level=self.dice.choices(range(5), self.care_levels)[0],
                )
            )
            rows[ResidentGroup].append({"resident_id": id_, "group": self.dice.choice(list(Group))})
            numbers = self._numbers(index)
            rows[Line] += (
                {"resident_id": id_, "number": number, "kind": kind, "created_at": LONG_AGO}
                for number, kind in numbers.items()
            )
            child = f"+86138{index:08d}"
            rows[Contact].append(
                {
                    "resident_id": id_,
                    "rank": 1,
                    "name": contact,
                    "relation": "女儿",
                    "number": child,
                    "has_key": index % 2 == 0,
                    "note": "",
                }
            )
            rows[UsualMerchant].append(
                {"resident_id": id_, "kind": "pharmacy", "merchant_id": self.dice.randint(1, merchants)}
            )
            profile = Profile(
                name=name,
                address=Address(community, building, unit, door),
                numbers=tuple(numbers),
                contacts=((contact, child),),
            )
            rows[SearchToken] += ((token, id_, weight) for token, weight in tokens_of(profile).items())
        return rows

    def _numbers(self, index: int) -> dict[str, LineKind]:
        return {mobile(index): LineKind.MOBILE}

    def _contracts(self) -> list[date]:
        """Until when each of a merchant's contracts runs."""
        return [date(2030, 1, 1)]

    def _row(self, **columns: Any) -> dict[str, Any]:
        return {"centre_id": self.centre_id, "version": 1, "created_at": LONG_AGO, "updated_at": LONG_AGO, **columns}

    def _name(self) -> str:
        return self.dice.choice(SURNAMES) + "".join(self.dice.choices(GIVEN, k=2))

    def _somewhere(self) -> tuple[float, float]:
        half = SIDE_KM / 2 / 111
        return self._around(self.middle, half)

    def _around(self, place: tuple[float, float], degrees: float) -> tuple[float, float]:
        return (
            place[0] + self.dice.uniform(-degrees, degrees),
            place[1] + self.dice.uniform(-degrees, degrees) * 1.15,  # a degree of longitude is shorter up here
        )


class _City(_County):
    """Six residents in ten live in a few dense quarters, three around them, one on the outskirts."""

    radii = (500, 1000, 2000, 3000)
    care_levels = (80, 10, 5, 3, 2)

    def __init__(self, dice: random.Random, centre_id: int, middle: tuple[float, float], residents: int) -> None:
        self.middle, self.dice = middle, dice
        self.quarters = [self._somewhere() for _ in range(QUARTERS)]
        super().__init__(dice, centre_id, middle, residents)
        self.places = [self._in_quarter(km) for km in self.dice.choices(QUARTER_KM, (6, 3, 1), k=len(self.places))]

    def _in_quarter(self, km: float) -> tuple[float, float]:
        """Somewhere around the middle of a quarter: within `km` of it two times in three."""
        latitude, longitude = self.dice.choice(self.quarters)
        return latitude + self.dice.gauss(0, km / 111), longitude + self.dice.gauss(0, km / 96)

    def _numbers(self, index: int) -> dict[str, LineKind]:
        second = {landline(index): LineKind.LANDLINE} if index % 10 < 3 else {}
        return super()._numbers(index) | second

    def _contracts(self) -> list[date]:
        ended = [date(2026, 2, 1)] if self.dice.random() < 0.2 else []
        return [*super()._contracts(), *ended]
