"""One exchange as the rest of the house sees it."""

from pathlib import Path

import structlog

from callbridge.errors import ExchangeProblem
from callbridge.exchange import alaw, configuration, eventlog, examination, installation, running, sounds
from callbridge.exchange.examination import Problem
from callbridge.exchange.installation import Progress
from callbridge.exchange.places import Places
from callbridge.exchange.tree import Tree
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings, SpeechSettings
from callbridge.speech import Language, Speech

log = structlog.get_logger(__name__)


class Exchange:
    """Installs, configures, starts, stops and examines one Asterisk. Everything blocks: from asyncio, use a thread.

    With `system` its configuration is `/etc/asterisk` and the machine's own service starts and stops it.
    """

    def __init__(
        self,
        settings: ExchangeSettings,
        speech: SpeechSettings,
        secrets: Secrets,
        *,
        language: Language = "zh",
        system: bool = False,
    ) -> None:
        self.settings = settings
        self.secrets = secrets
        self.language = language
        self.tree = Tree(settings.root.absolute())
        self.places = Places.of(settings, system=system)
        self.speech = Speech(speech, self.tree)

    @property
    def cel_path(self) -> Path:
        """The exchange's own event log (SQLite in WAL mode, table `cel`, mark of the file in table `generation`)."""
        return self.places.cel

    @property
    def queue_log_path(self) -> Path:
        return self.places.queue_log

    @property
    def pid(self) -> int | None:
        """The running process, None when it does not run."""
        return running.running_pid(self.places)

    def install(self, progress: Progress) -> bool:
        """Bring the programs; False when all were there. `progress` is told each step. Raises ExchangeProblem."""
        return installation.install(self.tree, progress)

    def configure(self) -> list[str]:
        """Write the complete configuration; returns the files that had to change, none the second time."""
        if self.places.system and self.tree.own_asterisk is None:
            raise ExchangeProblem("--system is for the machine's own Asterisk, 20 or newer, and there is none")
        files = self._render()
        changed = configuration.write(files, self.places)
        if self.pid is None and (aside := eventlog.set_aside(self.places.cel)) is not None:
            changed.append(aside.name)
        if eventlog.prepare(self.places.cel):
            changed.append(self.places.cel.name)
        sounds.link_data(self.tree.asterisk_data, self.places.data, self.places.sounds)
        changed += sounds.make_missing(self.places.sounds, self.speech)
        encoded = alaw.refresh(self.places.sounds / self.language)
        if self.places.system and (changed or encoded):
            configuration.hand_over(self.places, files)
        return changed

    def start(self) -> int:
        """Start it and wait until it has booted; returns the process id. Raises ExchangeProblem."""
        self._refuse_system("start")
        if (pid := self.pid) is not None:
            raise ExchangeProblem(f"the exchange {self.settings.name} already runs (process {pid})")
        if not self.places.conf.is_file():
            raise ExchangeProblem("the exchange is not configured: run `townline pbx configure`")
        if (aside := eventlog.set_aside(self.places.cel)) is not None:
            log.warning("cel.set_aside", exchange=self.settings.name, file=aside.name)
        eventlog.prepare(self.places.cel)
        alaw.refresh(self.places.sounds / self.language)
        return running.start(self.settings, self.tree, self.places)

    def stop(self, patience: float = running.LEAVE_SECONDS) -> bool:
        """Stop it; False when it did not run. Calls under way have `patience` seconds to end by themselves."""
        self._refuse_system("stop")
        return running.stop(self.tree, self.places, patience)

    def check(self) -> list[Problem]:
        """Everything that would keep a call from arriving, most basic first; empty when all is well."""
        try:
            rendered = self._render()
        except ExchangeProblem as problem:
            return [Problem("asterisk", str(problem), "townline pbx install, or correct config.toml")]
        secret = self.secrets.get_or_make("AMI")
        return examination.examine(self.settings, self.tree, self.places, self.language, rendered, secret)

    def console_command(self, text: str) -> str:
        """What Asterisk's own console answers; empty when it does not run."""
        return running.console(self.tree, self.places, text)

    def _render(self) -> dict[str, bytes]:
        return configuration.render(self.settings, self.secrets, self.tree, self.places, self.language)

    def _refuse_system(self, verb: str) -> None:
        if self.places.system:
            raise ExchangeProblem(f"this Asterisk is the machine's own: systemctl {verb} asterisk")
