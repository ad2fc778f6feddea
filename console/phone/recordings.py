"""The recordings and messages of a call or a case, played on the operator's own telephone."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Static

from console import times
from console.desk import Desk
from console.keys import digit, digit_of
from console.ledger import Column, Ledger, Row
from console.messages import Told
from console.room import Question
from dispatch.wire.recordings import RecordingLine

_COLUMNS = (Column(1), Column(12), Column(12), Column(8, right=True), Column(20, share=1))


class Recordings(Question[None]):
    """A digit, or Enter, rings my telephone and plays that one there; the service knows who may hear which."""

    enter = "phone.play"

    def __init__(self, desk: Desk, calls: Sequence[int]) -> None:
        super().__init__(desk)
        self._calls = tuple(calls)
        self._found: list[RecordingLine] | None = None

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Ledger(_COLUMNS)
        yield Static(classes="question--hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()
        self.load(self._read)

    async def _read(self) -> None:
        found = [line for call in self._calls for line in await self.desk.client.recordings(call)]
        self._found = sorted(found, key=lambda line: line.began_at, reverse=True)
        self.repaint()

    def paint(self) -> None:
        say = self.desk.speech.say
        self.query_one(".question--title", Static).update(say("recordings.title", count=len(self._found or [])))
        nothing = "recordings.reading" if self._found is None else "recordings.nothing"
        rows = [self._row(index, line) for index, line in enumerate(self._found or [])]
        self.query_one(Ledger).show(rows, say(nothing))
        me = self.desk.world.me
        extension = me.extension if me is not None and me.extension else "-"
        self.query_one(".question--hint", Static).update(say("recordings.hint", extension=extension))

    def _row(self, index: int, line: RecordingLine) -> Row:
        speech, world = self.desk.speech, self.desk.world
        at = times.day_and_hour(line.began_at, world.zone, world.now())
        lasts = times.running(line.ended_at - line.began_at)
        why = speech.say("recordings.removed") if line.removed else ""
        why = why or ("" if line.playable else speech.say("recordings.not_yours"))
        return Row(
            str(line.id),
            ((digit_of(index), "strong"), speech.word("recording", line.kind), at, lasts, (why, "quiet")),
        )

    def on_key(self, event: Key) -> None:
        index = digit(event)
        if index is not None and index < len(self._found or []):
            event.stop()
            self._play(str((self._found or [])[index].id))

    def on_ledger_chosen(self, event: Ledger.Chosen) -> None:
        self._play(event.row)

    def _play(self, row: str) -> None:
        line = next((each for each in self._found or [] if str(each.id) == row), None)
        if line is None:
            return
        if line.removed or not line.playable:
            self.post_message(Told("recordings.removed" if line.removed else "recordings.not_yours"))
        else:
            self.give(self._ring, line.id)

    async def _ring(self, recording_id: int) -> None:
        await self.desk.client.play(recording_id)
        self.app.post_message(Told("recordings.rings"))
