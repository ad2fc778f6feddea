"""Which merchants of one kind may come into question for a place, kept in memory: a city has ten thousand such."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, exists, select
from sqlmodel import col

from registry.models import Contract, ContractArea, Merchant, MerchantKind
from registry.places import Places
from registry.store import Reading, Writing


class Reach:
    """As the session that reads it sees them."""

    def __init__(self, session: Reading | Writing, centre_id: int, kind: MerchantKind) -> None:
        of_kind = {"centre_id": centre_id, "kind": kind}
        self._places = Places()
        self._nowhere: set[int] = set()  # without a position
        self._of_area: dict[int | None, set[int]] = {}  # where they are
        for merchant_id, area_id, latitude, longitude in session.rows(_WHERE, **of_kind):
            self._of_area.setdefault(area_id, set()).add(merchant_id)
            if latitude is None or longitude is None:
                self._nowhere.add(merchant_id)
            else:
                self._places.put(merchant_id, latitude, longitude)
        self._everywhere = set(session.rows(_EVERYWHERE, **of_kind).scalars())
        self._named: dict[int, set[int]] = {}  # by the areas of their contracts
        for merchant_id, area_id in session.rows(_NAMED, **of_kind):
            self._named.setdefault(area_id, set()).add(merchant_id)
        self.largest: int = session.rows(_LARGEST, **of_kind).scalar() or 0

    def anyhow(self, areas: Sequence[int]) -> set[int]:
        """Those whose contract names one of these areas or no place at all, and those without a position."""
        return self._nowhere.union(self._everywhere, *(self._named.get(area_id, ()) for area_id in areas))

    def of_area(self, area_id: int | None) -> set[int]:
        return self._of_area.get(area_id, set())

    def around(self, latitude: float, longitude: float, metres: float) -> list[tuple[float, int]]:
        """Those that are so near, each with its `nearness`; in no order."""
        return self._places.within(latitude, longitude, metres)


_OF_KIND = (
    col(Merchant.centre_id) == bindparam("centre_id"),
    col(Merchant.kind) == bindparam("kind"),
    col(Merchant.ended_at).is_(None),
)
_WHERE: Select[*tuple[Any, ...]] = select(
    col(Merchant.id), col(Merchant.area_id), col(Merchant.latitude), col(Merchant.longitude)
).where(*_OF_KIND)
_EVERYWHERE = (
    select(col(Contract.merchant_id))
    .join(Merchant, col(Merchant.id) == col(Contract.merchant_id))
    .where(
        *_OF_KIND,
        col(Contract.radius).is_(None),
        ~exists().where(col(ContractArea.contract_id) == Contract.id),
    )
)
_NAMED = (
    select(col(Contract.merchant_id), col(ContractArea.area_id))
    .select_from(ContractArea)
    .join(Contract, col(Contract.id) == col(ContractArea.contract_id))
    .join(Merchant, col(Merchant.id) == col(Contract.merchant_id))
    .where(*_OF_KIND)
)
_LARGEST = (  # read from the largest on, until one is of that kind: all of them are a whole city's
    select(col(Contract.radius))
    .where(
        col(Contract.radius).is_not(None), exists().where(col(Merchant.id) == col(Contract.merchant_id), *_OF_KIND)
    )
    .order_by(col(Contract.radius).desc())
    .limit(1)
)
