"""A centre's machine as its administrator meets it: a configuration, a folder of secrets, the verbs."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy.engine import URL

from dispatch.cli import cli
from dispatch.models import Recording, RecordingKind
from tests.dispatch.town import Town

MASTER_KEY = "0123456789abcdef0123456789abcdef"  # the town's vault has it too
PASSPHRASE = "four tall trees in the yard"


@dataclass
class Installation:
    folder: Path
    database: URL

    @classmethod
    def of(cls, town: Town, folder: Path) -> "Installation":
        made = cls(folder, town.store.url)
        made.write()
        made.secret("MASTER_KEY", MASTER_KEY)
        made.secret("GATEWAY_PHONE_PASSWORD", "a password of the phone")
        return made

    def write(self, code: str = "TL") -> Path:
        url = self.database.render_as_string(hide_password=False)
        if self.database.get_backend_name() == "sqlite":
            url = f"sqlite:///{self.database.database}"
        self.folder.mkdir(exist_ok=True)
        file = self.folder / "config.toml"
        file.write_text(
            f'[centre]\ncode = "{code}"\n[database]\nurl = "{url}"\n[service]\nsecrets = "secrets"\n'
            '[exchange]\ndirectory = "pbx"\n'
        )
        return file

    # The administrator's verbs

    def ask(self, *words: str) -> Result:
        """In this process."""
        return CliRunner().invoke(cli, ["--config", str(self.folder / "config.toml"), *words])

    def does(self, *words: str) -> Any:
        """What a verb that succeeds tells a program."""
        said = self.ask(*words, "--json")
        assert said.exit_code == 0, said.output
        return json.loads(said.stdout)

    def is_refused(self, *words: str) -> str:
        """The one line that says why."""
        said = self.ask(*words)
        assert said.exit_code == 1, said.output
        # Beside it a busy machine may log that a write took long.
        (line,) = (line for line in said.stderr.splitlines() if "store.write_held_long" not in line)
        return line

    def begins(self, *words: str) -> subprocess.Popen[str]:
        """In a process of its own."""
        program = "from dispatch.cli import main; main()"
        command = [sys.executable, "-c", program, "--config", str(self.folder / "config.toml"), *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def backup(self, *words: str) -> Path:
        """In a folder of its own: two of one second have the same name."""
        folder = mkdtemp(prefix="backup-", dir=self.folder)
        return Path(self.does("backup", folder, *words)["file"])

    # What stands around

    def secret(self, name: str, value: str) -> None:
        (self.folder / "secrets").mkdir(exist_ok=True)
        (self.folder / "secrets" / name).write_text(value + "\n")

    @property
    def recordings(self) -> Path:
        return self.folder / "pbx" / "recordings"

    def record(self, town: Town, uniqueid: str, content: bytes) -> Path:
        """The conversation of that call was recorded."""
        self.recordings.mkdir(parents=True, exist_ok=True)
        file = self.recordings / f"{uniqueid}.wav"
        file.write_bytes(content)
        call = town.call(uniqueid)
        with town.store.writing() as session:
            session.add(
                Recording(
                    centre_id=town.centre_id,
                    call_id=call.id or 0,
                    exchange="main",
                    kind=RecordingKind.CONVERSATION,
                    file=file.name,
                    began_at=call.arrived_at,
                    ended_at=call.arrived_at + timedelta(minutes=1),
                )
            )
        return file
