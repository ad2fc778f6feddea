"""The codes that merchants answer with: four characters that mean one offer at a telephone for a long time."""

import secrets
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.models import Offer
from registry.models import MerchantNumber
from registry.store import Writing

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without 0 O 1 I
LENGTH = 4
LIFE = timedelta(days=90)  # so long a code means one offer


def new_code(session: Writing, merchant_id: int) -> str:
    """A code that has meant no other offer of this merchant, or of one that shares its telephone, for `LIFE`."""
    used = set(session.rows(_USED, merchant_id=merchant_id, since=session.clock.now() - LIFE).scalars())
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        # With a letter and a figure it is never taken for a bare figure or for a word.
        if code not in used and not code.isdigit() and not code.isalpha():
            return code


_NUMBERS = select(col(MerchantNumber.number)).where(col(MerchantNumber.merchant_id) == bindparam("merchant_id"))
_SHARING = select(col(MerchantNumber.merchant_id)).where(col(MerchantNumber.number).in_(_NUMBERS))
_USED = select(col(Offer.code)).where(
    col(Offer.merchant_id).in_(_SHARING), col(Offer.offered_at) > bindparam("since", type_=UTCDateTime())
)
