"""Where to go, said by a screen or widget and done by the app."""

from textual.message import Message


class OpenCall(Message):
    """Show the card of a call."""

    def __init__(self, call_id: int) -> None:
        super().__init__()
        self.call_id = call_id


class OpenResident(Message):
    """Show the card of a resident who is not on the line."""

    def __init__(self, resident_id: int) -> None:
        super().__init__()
        self.resident_id = resident_id


class OpenCase(Message):
    """Show a case."""

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class Told(Message):
    """Something to say in passing: a message key and its values. `warns`: not what was hoped for; it stays longer."""

    def __init__(self, key: str, *, warns: bool = False, **values: str | int) -> None:
        super().__init__()
        self.key = key
        self.warns = warns
        self.values = values


class Failed(Message):
    """A command or a reading did not succeed; the app says why in the reader's language."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class CaseOpened(Message):
    """A new case is open: show it, and who could serve it (or its closing, when nobody has to go)."""

    def __init__(self, number: str, *, needs_visit: bool) -> None:
        super().__init__()
        self.number = number
        self.needs_visit = needs_visit
