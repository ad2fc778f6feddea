"""What a sheet names and the register knows by number: areas by code or name, merchants and services by name."""

from dataclasses import dataclass, field

from sqlmodel import col, select

from registry import centres
from registry.models import Area, Merchant, MerchantKind, Service
from registry.numbers import NumberPlan
from registry.sheets.area_names import AreaNames
from registry.sheets.cells import Wrong
from registry.store import Scope, Store
from registry.text import folded


@dataclass(slots=True)
class Names:
    """As they were when the file was opened."""

    plan: NumberPlan
    areas: AreaNames = field(default_factory=AreaNames)
    merchants: dict[str, list[tuple[int, MerchantKind]]] = field(default_factory=dict)  # by name and by number
    merchant_names: dict[int, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)  # folded code or name → code
    offered: list[tuple[str, str]] = field(default_factory=list)  # what a merchant may serve, in both languages

    @classmethod
    def known(cls, store: Store, scope: Scope) -> "Names":
        with store.reading() as session:
            names = cls(centres.plan(session, scope.centre_id))
            for area in session.exec(select(Area).where(Area.centre_id == scope.centre_id)):
                if area.id is not None and scope.sees(area.path):
                    names.areas.add(area.id, area.code, area.name)
            living = select(Merchant.name, Merchant.id, Merchant.kind).where(
                scope.covers(Merchant), col(Merchant.ended_at).is_(None)
            )
            for name, merchant_id, kind in session.exec(living):
                names.merchant_names[merchant_id or 0] = name
                for word in (folded(name, 80), str(merchant_id)):
                    names.merchants.setdefault(word, []).append((merchant_id or 0, MerchantKind(kind)))
            for code in session.exec(select(Service.code).where(Service.centre_id == scope.centre_id).distinct()):
                names.services[folded(code, 40)] = code
            for service in centres.current_services(session, scope.centre_id):
                for word in (service.name_zh, service.name_en):
                    names.services[folded(word, 40)] = service.code
                if service.active and service.merchant_kinds:
                    names.offered.append((service.name_zh, service.name_en))
            return names

    def area(self, text: str) -> int:
        return self.areas.find(text)

    def merchant(self, text: str) -> tuple[int, MerchantKind]:
        found = self.merchants.get(folded(text, 80), [])
        if len(found) != 1:
            raise Wrong("merchant_ambiguous" if found else "merchant_unknown", ids=[one for one, _ in found][:5])
        return found[0]

    def merchant_text(self, merchant_id: int) -> str:
        """Its name, its number where several are called so, nothing where there is none any more."""
        name = self.merchant_names.get(merchant_id, "")
        return name if len(self.merchants.get(folded(name, 80), [])) == 1 else str(merchant_id) if name else ""

    def service(self, text: str) -> str:
        found = self.services.get(folded(text, 40))
        if found is None:
            zh, en = (list(words) for words in zip(*self.offered, strict=True)) if self.offered else ([], [])
            raise Wrong("service_unknown", zh=zh, en=en)
        return found
