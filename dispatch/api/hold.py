"""The hold after a restore (`dispatch.hold`): what it keeps back stands on the board; here it ends."""

from fastapi import APIRouter, Response

from dispatch import hold
from dispatch import release as work
from dispatch.api.access import Commands
from dispatch.desk import Desk
from dispatch.errors import Conflict
from dispatch.wire.board import Release, Released
from registry.store import Role, Subject, Writing

router = APIRouter(prefix="/hold", tags=["hold"])


@router.post("/release", response_model=Released)
def release(seen: Release, commands: Commands) -> Response:
    """Everything goes out that has been held since the restore and still makes sense. Needs a supervisor."""

    def write(session: Writing, desk: Desk) -> Released:
        desk.needs(Role.SUPERVISOR)
        held = hold.current(session, desk.centre_id)
        if held is not None and held.since != seen.since:  # restored once more: that has to be looked at anew
            raise Conflict(subject=Subject.CENTRE, now="held", since=held.since)
        released = work.release(session, desk.centre_id, desk.actor)
        return Released(messages=released.messages, ladders=released.ladders)

    return commands.do(write)
