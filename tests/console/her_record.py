"""Her record at a desk: a part of it opened, a field filled in, and a colleague who is faster."""

from tests.console import people
from tests.console.conftest import Seat
from tests.console.stand_in import Town

LIN = people.LIN.id


async def open_part(seat: Seat, part: str, *seen: str) -> None:
    """Her card, and that part of her record."""
    await seat.press("f3")
    await seat.finds("林婉芝", "青石里 3栋")
    await seat.press("enter")
    await seat.sees("u 改资料")
    await seat.press("u")
    await seat.sees("改她的哪一项资料")
    await seat.press(part)
    await seat.sees(*seen)


async def fill(seat: Seat, field: str, text: str) -> None:
    """Puts the text in the place of what stands in the field."""
    seat.app.screen.query_one(f"#field-{field}").focus()
    await seat.press("end", "ctrl+u")
    await seat.type(text)


def she_is_changed(town: Town, **changes: object) -> None:
    """By somebody at another desk."""
    card = town.residents[LIN]
    town.residents[LIN] = card.model_copy(update={"version": card.version + 1, **changes})
