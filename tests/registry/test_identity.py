"""Identity numbers at the door of the register: what cannot be one does not come in."""

import pytest

from registry.errors import Refused
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.town import resident


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("510102194708021235", "identity_check"),
        ("51010219471302123X", "identity_birthday"),
        ("5101021947080212", "identity_length"),
        ("不详", "identity_length"),
    ],
)
def test_an_identity_number_that_cannot_be_one_is_refused(
    store: Store, scope: Scope, vault: Vault, number: str, key: str
) -> None:
    with pytest.raises(Refused) as refused:
        resident(store, scope, vault, name="周桂芳", identity_number=number)
    assert [(each.field, each.key) for each in refused.value.problems] == [("identity_number", key)]
