"""Finding the area that she lives in by part of its name or the beginning of its code, while typing."""

from console.ask.search import Search
from console.ledger import Column, Row
from console.plain import plain
from dispatch.wire.areas import AreaView


class FindArea(Search[AreaView]):
    """Only what lies in the operator's own area is found."""

    enter = "find_area.choose"
    asks = "find_area"
    columns = (Column(20, share=1), Column(14))

    async def look(self, words: str) -> tuple[int, list[AreaView]]:
        found = await self.desk.client.find_areas(words)
        return found.total, found.items

    def row(self, found: AreaView) -> Row:
        return Row(str(found.id), ((plain(found.name, 80), "strong"), (plain(found.code, 20), "quiet")))
