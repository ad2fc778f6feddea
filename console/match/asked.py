"""What both screens ask in the same way."""

from collections.abc import Callable
from datetime import datetime

from console.ask.line import Line
from console.case.moment import some_moment
from console.messages import Told
from console.room import Room


def ask_moment(
    room: Room[None], near: datetime, then: Callable[[datetime | None], None], *, title: str, hint: str
) -> None:
    """Asks for any time as `some_moment` reads it; `then` gets None for an empty text; a wrong one is said."""

    def typed(text: str | None) -> None:
        if text is None:
            return
        try:
            at = some_moment(text, near, room.desk.world.zone)
        except ValueError:
            room.post_message(Told("match.bad_time"))
        else:
            then(at)

    room.app.push_screen(Line(room.desk, title, hint, longest=40), typed)
