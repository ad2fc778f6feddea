"""Finding a case, also one that is over: by part of its number, of what was said, or of the resident's name."""

from console import times
from console.ask.search import Search
from console.board.rows import short, stage
from console.ledger import Column, Row
from console.people import about
from console.plain import plain
from dispatch.wire.cases import CaseLine


class FindCase(Search[CaseLine]):
    enter = "find_case.choose"
    asks = "find_case"
    columns = (Column(11), Column(9), Column(10), Column(12, share=1), Column(6), Column(10, share=2))

    async def look(self, words: str) -> tuple[int, list[CaseLine]]:
        found = await self.desk.client.find_cases(words)
        return found.total, found.items

    def row(self, found: CaseLine) -> Row:
        speech, world = self.desk.speech, self.desk.world
        cells = (
            (times.day_and_hour(found.opened_at, world.zone, world.now()), "quiet"),
            (short(found.number), "strong"),
            speech.service(found),
            about(found, speech),
            stage(found, speech),
            plain(found.words, 160),
        )
        return Row(found.number, cells)
