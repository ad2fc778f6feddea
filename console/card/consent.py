"""She has consented to what is kept about her; or she withdraws it, and what is noted of her health goes with it."""

from console.ask.line import Line
from console.ask.pick import Choice, Pick
from console.desk import Desk
from console.room import Ask
from dispatch.wire.people import ResidentCard, ResidentChange


async def ask(desk: Desk, card: ResidentCard, ask_one: Ask) -> ResidentCard | None:
    """Her card afterwards; None when nothing was said. The first choice changes nothing: what is withdrawn takes away
    what cannot be brought back.
    """
    say = desk.speech.say
    if card.consented_on is not None:
        choices = [
            Choice("nothing", say("consent.nothing")),
            Choice("withdraw", say("consent.withdraw"), say("consent.withdraw_hint")),
        ]
        if await ask_one(Pick(desk, "consent.title", choices)) != "withdraw":
            return None
        change = ResidentChange(version=card.version, consented_on=None, consented_by="")
    else:
        by = await ask_one(Line(desk, "consent.by", "consent.by_hint", longest=40))
        if by is None:
            return None
        change = ResidentChange(version=card.version, consented_on=desk.world.today(), consented_by=by)
    return await desk.client.change_resident(card.id, change)
