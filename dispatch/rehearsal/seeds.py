"""The sample community gets into the database the way people do: one by one, through the HTTP API."""

from datetime import date

from dispatch.rehearsal.clerk import Clerk
from dispatch.rehearsal.community import Community


async def sow(community: Community, clerk: Clerk, today: date) -> None:
    """Registers, as an administrator, merchants and then residents, in the order of the file.

    Goes on where an earlier sowing broke off.
    """
    there = {line.name: line.id for line in (await clerk.merchants()).items}
    merchants = {
        merchant.key: there.get(merchant.name) or await clerk.register_merchant(merchant.entry(today))
        for merchant in community.merchants
    }
    for resident in community.residents[(await clerk.residents()).total :]:
        await clerk.register_resident(resident.entry(merchants, today))
