"""Finding a merchant by part of its name or address, or by its number, while typing."""

from console.ask.search import Search
from console.ledger import Column, Row
from console.plain import plain, reading
from dispatch.wire.people import MerchantLine


class FindMerchant(Search[MerchantLine]):
    enter = "find_merchant.choose"
    asks = "find_merchant"
    columns = (Column(16, share=1), Column(6), Column(16, share=2), Column(13))

    async def look(self, words: str) -> tuple[int, list[MerchantLine]]:
        found = await self.desk.client.find_merchants(words)
        return found.total, found.items

    def row(self, found: MerchantLine) -> Row:
        kind = self.desk.speech.word("merchant", found.kind)
        number = reading(found.number) if found.number else ""
        return Row(str(found.id), ((plain(found.name, 80), "strong"), kind, plain(found.address, 120), number))
