"""What was done to a resident's record, as clients see it, with what the changed fields were before and after."""

from dispatch.wire.base import Moment, Wire
from dispatch.wire.ladders import ActorLine
from dispatch.wire.pages import Page

Word = str | int | float | bool | None
Held = Word | list[str] | list[dict[str, Word]] | dict[str, Word]


class FieldChange(Wire):
    """As the card has it: a list of her lines, contacts, groups or usual merchants as a whole, of a position both
    degrees and who said so. An area is told by its name.
    """

    field: str
    before: Held = None
    after: Held = None


class HistoryEntry(Wire):
    """One step: registered, changed, confirmed, ended, come back, merged, …"""

    id: str  # the journal's, as in a case's timeline
    at: Moment
    what: str  # resident.created, resident.changed, …
    resident_id: int  # whose record it was: her own, or one that went into hers
    fields: list[str] = []  # which were changed, or confirmed
    # What they were, as far as it was kept. Never what is sealed in her record: her health, her identity number.
    changes: list[FieldChange] = []
    version: int | None = None  # the record's afterwards
    why: str | None = None  # it ended: died, moved, deleted
    other_id: int | None = None  # the record that it took in, went into, or is not the same as
    import_id: int | None = None  # the spreadsheet that said so
    actor: ActorLine


class History(Page):
    resident_id: int  # the record asked for, or the one that it went into
    items: list[HistoryEntry]
