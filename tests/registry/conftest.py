"""A seeded centre in Chongqing, on both databases."""

import pytest

from registry.store import Actor, Scope
from registry.vault import Vault

OPERATOR = Actor.operator(7)


@pytest.fixture
def scope(centre_id: int) -> Scope:
    return Scope(centre_id)


@pytest.fixture
def vault() -> Vault:
    return Vault(b"0123456789abcdef0123456789abcdef")
