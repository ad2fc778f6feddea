"""The account that an operator types into a telephone."""

from pathlib import Path

import pytest

from callbridge.errors import ExchangeProblem
from callbridge.exchange import phone_account
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings


def test_every_extension_has_its_own_password_which_stays_and_is_not_shown_by_chance(tmp_path: Path) -> None:
    settings, secrets = ExchangeSettings(), Secrets(tmp_path)
    first = phone_account(settings, secrets, "801")
    assert (first.server, first.port, first.user, first.transport) == ("127.0.0.1", 5060, "801", "udp")
    assert first == phone_account(settings, secrets, "801")
    assert first.password != phone_account(settings, secrets, "802").password
    assert first.password not in repr(first)


def test_an_extension_that_the_exchange_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExchangeProblem, match=r"exchange\.extensions has no 899"):
        phone_account(ExchangeSettings(), Secrets(tmp_path), "899")
