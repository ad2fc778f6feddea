"""A seeded centre in Chongqing, on both databases."""

import pytest

from registry.seed import seed_centre
from registry.store import Actor, Scope, Store
from registry.vault import Vault

OPERATOR = Actor.operator(7)


@pytest.fixture
def centre_id(store: Store) -> int:
    with store.writing() as session:
        centre = seed_centre(
            session,
            code="TL",
            name="邻里热线",
            time_zone="Asia/Shanghai",
            country="CN",
            area_code="023",
            language="zh",
        )
        assert centre.id is not None
        return centre.id


@pytest.fixture
def scope(centre_id: int) -> Scope:
    return Scope(centre_id)


@pytest.fixture
def vault() -> Vault:
    return Vault(b"0123456789abcdef0123456789abcdef")
