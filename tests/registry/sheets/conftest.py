from pathlib import Path

import pytest

from registry.sheets.names import Names
from registry.sheets.residents import Residents
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.sheets.desk import Desk


@pytest.fixture
def desk(store: Store, scope: Scope, vault: Vault, tmp_path: Path) -> Desk:
    return Desk(store, scope, vault, tmp_path)


@pytest.fixture
def residents(store: Store, scope: Scope, vault: Vault) -> Residents:
    return Residents(scope, vault, Names.known(store, scope))
