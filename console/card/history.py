"""Who changed what of a resident's record and when, the newest first, and what it was before."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from console import times
from console.card.held import before_and_now
from console.desk import Desk
from console.ledger import Column, Ledger, Row
from console.people import person
from console.plain import plain
from console.room import Room
from console.speech import Speech
from dispatch.wire.history import History, HistoryEntry
from dispatch.wire.people import ResidentLine

_COLUMNS = (Column(16), Column(8), Column(24, share=3), Column(12, share=1))
_TONES = {"resident.ended": "warn", "resident.deleted": "warn", "resident.withdrawn": "warn"}


class HistoryScreen(Room[None]):
    """The row under the cursor stands below in full; at the last row what is older is read."""

    def __init__(self, desk: Desk, resident: ResidentLine) -> None:
        super().__init__(desk)
        self._resident = resident
        self._found: History | None = None

    @property
    def may_be_left(self) -> bool:
        return True

    def furnish(self) -> ComposeResult:
        with Container(id="history"):
            yield Static(id="history-title", markup=False)
            yield Ledger(_COLUMNS, id="history-list")
            yield Static(id="history-whole", markup=False)

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()
        self.load(self._read)

    async def _read(self) -> None:
        """What has been read already and what is older; what has happened meanwhile moves the older down."""
        known = self._found.items if self._found is not None else []
        found = await self.desk.client.history(self._resident.id, len(known))
        names = {each.id for each in known}
        items = [*known, *(each for each in found.items if each.id not in names)]
        self._found = found.model_copy(update={"items": items})
        self.repaint()

    def paint(self) -> None:
        speech, found = self.desk.speech, self._found
        who = person(self._resident, speech)
        title = speech.say("history.title", who=who, total=found.total if found is not None else "")
        self.query_one("#history-title", Static).update(title)
        rows = [self._row(each, found.resident_id) for each in found.items] if found is not None else []
        empty = speech.say("history.nothing" if found is not None else "history.reading")
        self.query_one(Ledger).show(rows, empty)
        self._in_full()

    def _row(self, each: HistoryEntry, hers: int) -> Row:
        speech = self.desk.speech
        at = times.full(each.at, self.desk.world.zone)
        version = speech.say("history.version", number=each.version) if each.version is not None else ""
        cells = ((at, "quiet"), (version, "quiet"), sentence(each, hers, speech), author(each, speech))
        return Row(each.id, cells, _TONES.get(each.what, ""))

    def _in_full(self) -> None:
        current, found, speech = self.query_one(Ledger).current, self._found, self.desk.speech
        for each in found.items if found is not None else []:
            if each.id == current and found is not None:
                head = f"{times.full(each.at, self.desk.world.zone)}  {author(each, speech)}"
                whole = Content.assemble((head, "$text-muted"), "\n", sentence(each, found.resident_id, speech))
                self.query_one("#history-whole", Static).update(whole)

    @on(Ledger.Moved)
    def _moved(self, event: Ledger.Moved) -> None:
        self._in_full()
        found = self._found
        if found is not None and event.row == found.items[-1].id and len(found.items) < found.total:
            self.load(self._read)


def sentence(entry: HistoryEntry, hers: int, speech: Speech) -> str:
    """What happened; whose record it was, where that is not `hers`; the fields in words, and what they were
    before and after, as far as the service tells it.
    """
    took_in = entry.what == "resident.changed" and entry.other_id is not None
    key = "history.took_in" if took_in else f"journal.{entry.what}"
    if speech.knows(key):
        said = speech.say(key, other=entry.other_id or "", why=speech.word("left", entry.why)).rstrip()
    else:
        said = plain(entry.what)  # a step that this console is too young to know
    if entry.resident_id != hers:
        said = speech.say("history.of_record", number=entry.resident_id, what=said)
    if not entry.fields:
        return said
    told = {change.field: before_and_now(change, speech) for change in entry.changes}
    fields = (told.get(field) or speech.word("fact", field) for field in entry.fields)
    return speech.say("history.fields", what=said) + speech.say("history.then" if told else "history.and").join(
        fields
    )


def author(entry: HistoryEntry, speech: Speech) -> str:
    if entry.import_id is not None:
        return speech.say("history.import", number=entry.import_id)
    return plain(entry.actor.name, 80) or speech.word("actor", entry.actor.kind)
