"""The exchange's complete configuration, rendered from `config.toml` and the secrets into its own folder."""

import os
import re
import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from callbridge.errors import ExchangeProblem
from callbridge.exchange.tree import Tree
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings

MODULES = (
    # the ground
    "res_timing_timerfd",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "pbx_config",
    "res_cdrel_custom",  # what cel_sqlite3_custom stands on from 22.6 or so; older versions do not have it
    "cel_sqlite3_custom",
    # SIP and what is heard
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_sdp_rtp",
    "res_pjsip_registrar",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_caller_id",
    "res_pjsip_dtmf_info",
    "res_pjsip_nat",
    "res_pjsip_pubsub",
    "res_pjsip_rfc3326",
    "chan_pjsip",
    "res_rtp_asterisk",
    "codec_alaw",
    "codec_ulaw",
    "codec_a_mu",
    "codec_resample",
    "format_pcm",
    "format_wav",
    "res_musiconhold",
    "bridge_simple",
    "bridge_native_rtp",
    "bridge_builtin_features",
    # what the dialplan says
    "app_celgenuserevent",
    "app_dial",
    "app_exec",
    "app_playback",
    "app_queue",
    "app_read",
    "app_stack",
    "app_userevent",
    "func_callerid",
    "func_channel",
    "func_db",
    "func_env",
    "func_logic",
    "func_strings",
    "func_timeout",
    "func_uri",
)

CEL_COLUMNS = (
    ("eventtype", "${eventtype}"),
    ("eventtime", "${eventtime}"),
    ("cidnum", "${CALLERID(num)}"),
    ("exten", "${CHANNEL(exten)}"),
    ("context", "${CHANNEL(context)}"),
    ("channame", "${CHANNEL(channame)}"),
    ("appname", "${CHANNEL(appname)}"),
    ("appdata", "${CHANNEL(appdata)}"),
    ("uniqueid", "${CHANNEL(uniqueid)}"),
    ("linkedid", "${CHANNEL(linkedid)}"),
    ("peer", "${BRIDGEPEER}"),
    ("userdeftype", "${userdeftype}"),
    ("eventextra", "${eventextra}"),
)

# Raised only by our own dialplan, or about channels whose caller id it has cleaned, or about our own telephones.
AMI_EVENTS = (
    "UserEvent",
    "FullyBooted",
    "Shutdown",
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueCallerAbandon",
    "QueueMember[A-Za-z]+",
    "AgentCalled",
    "AgentConnect",
    "AgentComplete",
    "AgentDump",
    "AgentRingNoAnswer",
    "ContactStatus",
    "OriginateResponse",
)

# A call can end before the dialplan's first step has cleaned its caller id, so Hangup passes only when it has exactly
# Asterisk's own lines in Asterisk's own order: a forged line would be one too many.
_LINE = "[[:cntrl:]]{2}"
_TEXT = "[^[:cntrl:]]*"
_HANGUP = (
    "Channel ChannelState ChannelStateDesc CallerIDNum CallerIDName ConnectedLineNum ConnectedLineName Language "
    "AccountCode Context Exten Priority Uniqueid Linkedid Cause Cause-txt"
).split()
HANGUP_FILTER = (
    f"^Event: Hangup({_LINE}(Privilege|SequenceNumber|Timestamp|SystemName|File|Line|Func): {_TEXT})*"
    + "".join(f"{_LINE}{name}: {_TEXT}" for name in _HANGUP)
    + f"({_LINE}TechCause: {_TEXT})?[[:cntrl:]]*$"
)

# What a caller hears while he waits: these files one after the other, over and over.
WAITING = {
    "hotline": ("hotline-greeting", "music", "hotline-waiting", "music"),
    "emergency": ("emergency-greeting", "music", "emergency-waiting", "music"),
}

RESERVED = ("110", "119", "120", "122")  # police, fire, ambulance, traffic accidents (GB/T national short numbers)
SOCKET_LIMIT = 107  # bytes of a Unix socket's path on Linux


@dataclass(frozen=True)
class Places:
    """Where one exchange keeps its things; `etc` alone moves with `--system`."""

    directory: Path
    etc: Path

    @classmethod
    def of(cls, settings: ExchangeSettings, *, system: bool = False) -> "Places":
        directory = settings.directory.absolute()
        return cls(directory, Path("/etc/asterisk") if system else directory / "etc")

    @property
    def run(self) -> Path:
        return self.directory / "run"

    @property
    def log(self) -> Path:
        return self.directory / "log"

    @property
    def spool(self) -> Path:
        return self.directory / "spool"

    @property
    def lib(self) -> Path:
        return self.directory / "lib"

    @property
    def sounds(self) -> Path:
        return self.directory / "sounds"

    @property
    def conf(self) -> Path:
        return self.etc / "asterisk.conf"

    @property
    def pid(self) -> Path:
        return self.run / "asterisk.pid"

    @property
    def socket(self) -> Path:
        return self.run / "asterisk.ctl"

    @property
    def cel(self) -> Path:
        return self.log / "master.db"

    @property
    def queue_log(self) -> Path:
        return self.log / "queue_log"

    def make(self) -> None:
        for folder in (self.directory, self.etc, self.run, self.log, self.spool, self.lib, self.sounds):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def render(
    settings: ExchangeSettings, secrets: Secrets, tree: Tree, places: Places, language: str
) -> dict[str, bytes]:
    """Every configuration file by its name. Raises ExchangeProblem for what Asterisk could not live with."""
    _refuse_what_breaks_files(settings, places, tree)
    environment = Environment(
        loader=PackageLoader("callbridge.exchange"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML; what could break these files is refused above
    )
    facts = {
        "exchange": settings,
        "trunk": settings.trunk,
        "places": places,
        "tree": tree,
        "language": language,
        "sounds": places.sounds / language,
        "waiting": WAITING,
        "modules": [module for module in MODULES if (tree.asterisk_modules / f"{module}.so").is_file()],
        "cel_columns": CEL_COLUMNS,
        "ami_events": AMI_EVENTS,
        "hangup_filter": HANGUP_FILTER,
        "secret": secrets.get_or_make,
    }
    names = [name for name in environment.list_templates() if name.endswith(".j2")]
    return {name.removesuffix(".j2"): environment.get_template(name).render(facts).encode() for name in names}


def write(files: dict[str, bytes], places: Places) -> list[str]:
    """Write what differs, each file whole and readable by its owner only; returns the names of those written."""
    places.make()
    changed = []
    for name, content in sorted(files.items()):
        target = places.etc / name
        if target.is_file() and target.read_bytes() == content:
            continue
        if target.exists() and places.etc.parent == Path("/etc"):
            keep = target.with_name(f"{name}.before-townline")
            if not keep.exists():
                target.rename(keep)
        aside = target.with_name(f".{name}.new")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        aside.replace(target)
        changed.append(name)
    return changed


def prepare_cel(path: Path) -> bool:
    """Put the event log into WAL mode and mark its generation; whether anything had to be done.

    In WAL mode another process reads while Asterisk writes; without it a reader of 6 s made Asterisk lose rows. The
    mark tells a new file from the old one, whose row numbers start again at 1.
    """
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as database:
        path.chmod(0o600)
        before = database.execute("PRAGMA journal_mode").fetchone()[0]
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE IF NOT EXISTS generation (id TEXT NOT NULL PRIMARY KEY)")
        marked = database.execute("SELECT count(*) FROM generation").fetchone()[0]
        if not marked:
            database.execute("INSERT INTO generation VALUES (?)", (uuid.uuid4().hex,))
        return bool(before != "wal" or not marked)


def _refuse_what_breaks_files(settings: ExchangeSettings, places: Places, tree: Tree) -> None:
    for key, path in (("exchange.directory", places.directory), ("exchange.root", tree.root.absolute())):
        if not re.fullmatch(r"[\w/.+@ -]+", str(path)):
            raise ExchangeProblem(
                f"{key} is {path}: Asterisk's files need a path of letters, digits and / . _ - only"
            )
    if len(os.fsencode(places.socket)) > SOCKET_LIMIT:
        raise ExchangeProblem(
            f"exchange.directory is {places.directory}: too long, {SOCKET_LIMIT - 17} bytes at most"
        )
    if not re.fullmatch(r"[A-Za-z0-9.-]+:\d+", settings.trunk.provider):
        raise ExchangeProblem(
            f"exchange.trunk.provider is {settings.trunk.provider}: it must be a host name or address"
        )
    if taken := [number for number in RESERVED if number in settings.extensions]:
        raise ExchangeProblem(f"exchange.extensions has {taken[0]}: an operator dialling it must reach that service")
