"""The top of every screen: centre, links, operator, what is late; banners when the service is away, and for help."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console import times
from console.board.needs import need_text
from console.desk import Desk
from console.people import who
from console.phone import emergency, parties, team
from console.plain import plain

Part = str | tuple[str, str]


class Top(Vertical):
    """`strip`: whether what rings here, or else the first need, has a line of its own (the board shows both)."""

    def __init__(self, desk: Desk, *, strip: bool = True) -> None:
        super().__init__()
        self._desk = desk
        self._strip = strip

    def compose(self) -> ComposeResult:
        yield Static(id="top-head", markup=False)
        yield Static(id="top-trouble", markup=False)
        yield Static(id="top-read-out", markup=False)
        yield Static(id="top-strip", markup=False)

    def paint(self, shown: int | None = None) -> None:
        """`shown` is the call whose card is open below."""
        self.query_one("#top-head", Static).update(self._head())
        trouble = self._trouble()
        self.query_one("#top-trouble", Static).update(trouble)
        self.query_one("#top-trouble", Static).display = bool(trouble)
        read_out = emergency.read_out(self._desk.world, self._desk.speech)
        self.query_one("#top-read-out", Static).update(read_out or "")
        self.query_one("#top-read-out", Static).display = read_out is not None
        strip = self._attention(shown) if self._strip else ""
        self.query_one("#top-strip", Static).update(strip)
        self.query_one("#top-strip", Static).display = bool(strip)

    def _head(self) -> Content:
        world, say = self._desk.world, self._desk.speech.say
        parts: list[Part] = [(f" {plain(world.centre_name, 24) or 'Townline'} ", "bold $text on $primary"), " "]
        parts += [times.hour(world.now(), world.zone), "  "]
        for link in world.links.values():
            state = ("link.up", "$text-success") if link.up else ("link.down", "bold $text-error")
            parts += [f"{say('top.exchange')} {link.exchange} ", (say(state[0]), state[1]), "  "]
            if link.log_problem:
                parts += [(f" !! {say('top.log_problem')} ", "bold $text on $error"), " "]
            if link.recording_stopped_at is not None:
                parts += [(f" !! {say('top.recording_stopped')} ", "bold $text on $error"), " "]
        if (me := world.me) is not None:
            phone = ("phone.reachable", "$text-success") if me.phone_reachable else ("phone.away", "$text-error")
            role = "" if me.role == "operator" else f" {say(f'role.{me.role}')}"
            presence, tone = team.own(me, world, self._desk.speech)
            parts += [(plain(me.name, 30), "bold"), f"{role} ", (presence, f"bold $text-{tone}"), "  "]
            parts += [f"{say('top.phone')} {me.extension or '-'} ", (say(phone[0]), phone[1]), "  "]
        if alarms := sum(need.alarm for need in world.needs()):
            parts += [(f" ! {say('top.alarms', count=alarms)} ", "bold $text on $error"), " "]
        if late := len(world.late()):
            parts += [(f" !! {say('top.late', count=late)} ", "bold $text on $error"), " "]
        return Content.assemble(*parts)

    def _trouble(self) -> str:
        world, say = self._desk.world, self._desk.speech.say
        if world.away_since is None:
            return ""
        over = times.running(world.now() - world.away_since)
        return f" !! {say('top.away', since=times.hour(world.away_since, world.zone), time=over)}"

    def _attention(self, shown: int | None) -> Content:
        """Who is on my line, unless the card says so, and the first alarm; each with the key that leads there."""
        world, speech = self._desk.world, self._desk.speech
        parts: list[Part] = []
        call = world.my_call() or world.ringing_here()
        if call is not None and call.id != shown:
            since = call.answered_at if call.state == "talking" else call.arrived_at
            time = times.running(world.now() - (since or call.arrived_at))
            said = speech.say(
                "top.talking" if call.state == "talking" else "top.ringing", who=who(call, speech), time=time
            )
            held = parties.held(call, world, speech)
            ground = "bold $text on $warning 70%" if held else "bold $text on $success"
            parts += [(f" > {' '.join(filter(None, (said, held)))} ", ground), (" F2 ", "$accent bold"), " "]
        if world.silent_call() is not None:
            parts += [(" F12 ", "$accent bold"), speech.say("key.app.clear_silence"), " "]
        need = next((need for need in world.needs() if need.alarm), None)
        if need is not None:
            parts += [(f" ! {need_text(need, speech, world)} ", "bold $text-error"), (" F4 ", "$accent bold")]
        return Content.assemble(*parts)
