"""The world around the exchange: a second Asterisk that is the public network, its subscribers and our telephones.

What a number or a telephone does when it is called is written as dialplan steps; the callers are originated here. All
of it reaches the exchange as ordinary SIP and RTP from other addresses.
"""

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from callbridge.exchange import Exchange, phone_account, running
from callbridge.exchange.configuration import MODULES
from callbridge.exchange.places import Places
from tests.patience import SOON

NETWORK, TELEPHONES = "127.0.0.3", "127.0.0.4"

EXTRA = (
    "res_pjsip_outbound_registration",
    "res_clioriginate",
    "app_record",
    "app_senddtmf",
    "app_originate",
    "pbx_config",
    "func_pjsip_endpoint",
)

PJSIP = """
[global]
type = global
[network]
type = transport
protocol = udp
bind = {network}:{network_port}
[telephones]
type = transport
protocol = udp
bind = {telephones}:{telephones_port}
[exchange]
type = endpoint
transport = network
context = subscribers
aors = exchange
disallow = all
allow = alaw
dtmf_mode = rfc4733
media_address = {network}
bind_rtp_to_media_address = yes
[exchange]
type = aor
contact = sip:{trunk}
[exchange]
type = identify
endpoint = exchange
match = {trunk_address}
[telephone]
type = endpoint
transport = telephones
context = telephones
disallow = all
allow = alaw
media_address = {telephones}
bind_rtp_to_media_address = yes
[telephone]
type = identify
endpoint = telephone
match = {sip_address}
"""

REGISTRATION = """
[{user}]
type = auth
auth_type = userpass
username = {user}
password = {password}
[telephone-{user}]
type = endpoint
transport = telephones
context = telephones
aors = telephone-{user}
outbound_auth = {user}
from_user = {user}
disallow = all
allow = alaw
media_address = {telephones}
[telephone-{user}]
type = aor
contact = sip:{server}:{port}
[{user}]
type = registration
transport = telephones
outbound_auth = {user}
server_uri = sip:{server}:{port}
client_uri = sip:{user}@{server}:{port}
contact_user = {user}
retry_interval = 1
max_random_initial_delay = 0
"""


@dataclass
class Town:
    exchange: Exchange
    folder: Path
    network_port: int
    telephones_port: int
    rtp: tuple[int, int]
    subscribers: dict[str, list[str]] = field(default_factory=dict)
    telephones: dict[str, list[str]] = field(default_factory=dict)

    def start(self) -> None:
        """Boot, with the telephones registered."""
        self._write()
        running.boot(self.exchange.tree, self.places)
        for telephone in self.telephones:
            self.wait_registered(telephone)

    def stop(self) -> None:
        """End the world; a second time does nothing."""
        kill(self.places)

    @property
    def places(self) -> Places:
        return Places(self.folder, self.folder / "etc")

    def console(self, text: str) -> str:
        return running.console(self.exchange.tree, self.places, text)

    def call(self, caller: str, dialled: str, seconds: float, name: str = "", *, listens: bool = False) -> None:
        """`caller` dials; he hangs up `seconds` after having been answered, unless the other side was quicker.

        What one who `listens` hears is the wav file `heard`.
        """
        application, data = ("Record", f"{self.heard},0,{seconds},qk") if listens else ("Wait", str(seconds))
        self._order(caller, dialled, f"Application: {application}\nData: {data}\n", name)

    def _order(self, caller: str, dialled: str, then: str, name: str = "") -> None:
        (self.folder / "callers").mkdir(exist_ok=True)
        aside = self.folder / "callers" / f"{time.monotonic_ns()}.call"
        aside.write_text(
            f"Channel: Local/s@callers/n\nSetvar: __DIALLED={dialled}\nSetvar: __CALLER={caller}\n"
            f"Setvar: __NAME={name}\nSetvar: SPEECH={self.folder}/speech\n{then}WaitTime: 60\n"
        )
        aside.rename(self.places.spool / "outgoing" / aside.name)

    def call_and_do(self, caller: str, dialled: str, steps: list[str]) -> None:
        """`caller` dials and, once answered, does these dialplan steps (keys, speech); then he hangs up."""
        context = f"does-{time.monotonic_ns()}"
        first, *others = [*steps, "Hangup()"]
        self.console(f"dialplan add extension s,1,{_quoted(first)} into {context}")
        for priority, step in enumerate(others, 2):
            self.console(f"dialplan add extension s,{priority},{_quoted(step)} into {context}")
        self._order(caller, dialled, f"Context: {context}\nExtension: s\nPriority: 1\n")

    def dial_from_telephone(self, extension: str, number: str) -> None:
        """Somebody picks up the telephone and dials."""
        self.console(f"channel originate PJSIP/{number}@telephone-{extension} application Wait 10")

    @property
    def heard(self) -> Path:
        return self.folder / "heard.wav"

    @property
    def log(self) -> str:
        return (self.places.log / "messages.log").read_text(errors="replace")

    def wait_log(self, text: str, seconds: float = SOON) -> None:
        until = time.monotonic() + seconds
        while text not in self.log:
            assert time.monotonic() < until, f"{text} did not happen within {seconds} s"
            time.sleep(0.05)

    def wait_registered(self, extension: str) -> None:
        until = time.monotonic() + SOON
        while f"/sip:{extension}@" not in self.exchange.console_command("pjsip show contacts"):
            assert time.monotonic() < until, f"telephone {extension} did not register"
            time.sleep(0.05)

    def _write(self) -> None:
        self.places.make()
        (self.places.spool / "outgoing").mkdir(exist_ok=True)
        settings, tree, places = self.exchange.settings, self.exchange.tree, self.places
        modules = [*MODULES, *EXTRA, "pbx_spool"]
        present = [name for name in modules if (tree.asterisk_modules / f"{name}.so").is_file()]
        trunk = settings.trunk
        pjsip = PJSIP.format(
            network=NETWORK,
            network_port=self.network_port,
            telephones=TELEPHONES,
            telephones_port=self.telephones_port,
            trunk=f"{trunk.address}:{trunk.port}",
            trunk_address=trunk.address,
            sip_address=settings.sip_address,
        )
        for extension in self.telephones:
            account = phone_account(settings, self.exchange.secrets, extension)
            pjsip += REGISTRATION.format(
                user=account.user,
                password=account.password,
                server=account.server,
                port=account.port,
                telephones=TELEPHONES,
            )
        files = {
            "asterisk.conf": "[directories]\n"
            + "".join(
                f"{key} => {value}\n"
                for key, value in {
                    "astetcdir": places.etc,
                    "astmoddir": tree.asterisk_modules,
                    "astdatadir": tree.asterisk_data,
                    "astvarlibdir": places.lib,
                    "astdbdir": places.lib,
                    "astspooldir": places.spool,
                    "astrundir": places.run,
                    "astlogdir": places.log,
                }.items()
            )
            + "[options]\nsystemname = town\n",
            "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in present),
            "logger.conf": "[general]\n[logfiles]\nmessages.log => notice,warning,error,verbose(4)\n",
            "rtp.conf": f"[general]\nrtpstart = {self.rtp[0]}\nrtpend = {self.rtp[1]}\nstrictrtp = no\n",
            "cel.conf": "[general]\nenable = no\n",
            "pjsip.conf": pjsip,
            "extensions.conf": "[callers]\n"
            + _steps(
                "s",
                ["Set(CALLERID(num)=${CALLER})", "Set(CALLERID(name)=${NAME})", "Dial(PJSIP/${DIALLED}@exchange)"],
            )
            + "[subscribers]\n"
            + "".join(_steps(number, steps) for number, steps in self.subscribers.items())
            + "[telephones]\n"
            + "".join(_steps(number, steps) for number, steps in self.telephones.items()),
        }
        for name, text in files.items():
            (places.etc / name).write_text(text)


def kill(places: Places) -> None:
    """End an Asterisk whose last words nobody needs: a polite stop right after its start takes a second."""
    if (pid := running.running_pid(places)) is not None:
        os.kill(pid, signal.SIGKILL)
        while running.running_pid(places) is not None:
            time.sleep(0.01)


def _quoted(step: str) -> str:
    """A step as Asterisk's console takes it: `SendDTMF,1`."""
    application, _, data = step.removesuffix(")").partition("(")
    return f'{application},"{data}"' if data else application


def _steps(number: str, steps: list[str]) -> str:
    first, *others = steps
    return f"exten => {number},1,{first}\n" + "".join(f" same => n,{step}\n" for step in others)


def sipp(exchange: Exchange, dialled: str, calls: int, rate: int, seconds: float, folder: Path) -> str:
    """That many calls, `rate` a second, each hanging up `seconds` after it was answered; sipp's output."""
    trunk = exchange.settings.trunk
    port = trunk.provider.rpartition(":")[2]
    words = ("-sn", "uac", "-s", dialled, "-i", NETWORK, "-p", port, "-m", str(calls), "-r", str(rate))
    done = subprocess.run(
        exchange.tree.command(
            "sipp",
            f"{trunk.address}:{trunk.port}",
            *words,
            "-d",
            str(int(1000 * seconds)),
            "-nostdin",
            "-timeout",
            "60s",
        ),
        env=exchange.tree.environment({"TERM": "dumb"}),
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
        cwd=folder,
    )
    return done.stdout
