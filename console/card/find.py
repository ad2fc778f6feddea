"""Finding a resident by name, pinyin, number or door, while typing."""

from console.ask.search import Search
from console.ledger import Column, Row
from console.people import flags, person
from console.plain import plain
from dispatch.wire.people import ResidentLine


class Find(Search[ResidentLine]):
    enter = "find.choose"
    columns = (Column(16, share=1), Column(20, share=2), Column(12, share=1))

    async def look(self, words: str) -> tuple[int, list[ResidentLine]]:
        found = await self.desk.client.find_residents(words)
        return found.total, found.items

    def row(self, found: ResidentLine) -> Row:
        speech = self.desk.speech
        cells = (person(found, speech), plain(found.address), (flags(found, speech), "warn"))
        return Row(str(found.id), cells, "quiet" if found.left is not None else "")
