"""Who sits at a desk: the operator on whose behalf a command runs, with what she may see."""

from dataclasses import dataclass

from dispatch.errors import NotAllowed
from registry.store import Actor, Role, Scope

_RANK = {Role.OPERATOR: 0, Role.SUPERVISOR: 1, Role.ADMINISTRATOR: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    scope: Scope
    operator_id: int
    extension: str | None

    @property
    def centre_id(self) -> int:
        return self.scope.centre_id

    @property
    def actor(self) -> Actor:
        return Actor.operator(self.operator_id)

    def needs(self, role: Role) -> None:
        """Raises NotAllowed unless this desk's role is `role` or above."""
        if _RANK[self.scope.role] < _RANK[role]:
            raise NotAllowed(role=self.scope.role, needed=role)
