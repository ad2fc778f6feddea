"""The sample community gets into the database the way people do: one by one, through the HTTP API."""

from datetime import date

from dispatch.rehearsal.clerk import Clerk
from dispatch.rehearsal.community import Community


async def sow(community: Community, clerk: Clerk, today: date) -> bool:
    """Registers merchants and then residents, as an administrator; False when they are there already."""
    if (await clerk.merchants()).total >= len(community.merchants):
        return False
    merchants = {
        merchant.key: await clerk.register_merchant(merchant.entry(today)) for merchant in community.merchants
    }
    for resident in community.residents:
        await clerk.register_resident(resident.entry(merchants))
    return True
