"""The exchange's complete configuration, rendered from `config.toml` and the secrets into its own folder."""

import os
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress

from jinja2 import Environment, PackageLoader, StrictUndefined

from callbridge import emergency
from callbridge.errors import ExchangeProblem
from callbridge.exchange.eventlog import CEL_COLUMNS
from callbridge.exchange.places import Places
from callbridge.exchange.tree import Tree
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings
from callbridge.speech import Language

MODULES = (
    # the ground
    "res_timing_timerfd",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "pbx_config",
    "res_cdrel_custom",
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
    "res_pjsip_header_funcs",
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
    "bridge_softmix",
    # what the dialplan says
    "app_celgenuserevent",
    "app_chanspy",
    "app_confbridge",
    "app_dial",
    "app_exec",
    "app_mixmonitor",
    "app_playback",
    "app_playtones",
    "app_queue",
    "app_read",
    "app_record",
    "app_senddtmf",
    "app_stack",
    "app_userevent",
    "func_callerid",
    "func_channel",
    "func_db",
    "func_devstate",
    "func_env",
    "func_groupcount",
    "func_logic",
    "func_pjsip_aor",
    "func_pjsip_contact",
    "func_strings",
    "func_talkdetect",
    "func_timeout",
    "func_uri",
    "res_clioriginate",
    "res_tonedetect",
)

CODES = {"ready": "*11", "break": "*12", "off": "*10"}  # dialled on an operator's own telephone

NOT_IN_EVERY_VERSION = frozenset(
    {"res_cdrel_custom"}
)  # cel_sqlite3_custom of 22.10 stands on it, that of 20 does not

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
    "ChannelTalkingSt[a-z]+",
    "ContactStatus",
    "OriginateResponse",
)

# A call can end before the dialplan's first step has cleaned its caller id, so Hangup passes only when it has exactly
# Asterisk's own lines in Asterisk's own order: a forged line would be one too many.
_LINE = "[[:cntrl:]]{2}"
_TEXT = "[^[:cntrl:]]*"
_HANGUP = (
    *("Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum"),
    *("ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid"),
    *("Cause", "Cause-txt"),
)
HANGUP_FILTER = (
    f"^Event: Hangup({_LINE}(Privilege|SequenceNumber|Timestamp|SystemName|File|Line|Func): {_TEXT})*"
    + "".join(f"{_LINE}{name}: {_TEXT}" for name in _HANGUP)
    + f"({_LINE}TechCause: {_TEXT})?[[:cntrl:]]*$"
)

# What a caller hears while he waits: these files one after the other, over and over.
WAITING = {
    "hotline": ("hotline-greeting", "queue-choices", "music", "hotline-waiting", "queue-choices", "music"),
    "emergency": ("emergency-greeting", "music", "emergency-waiting", "music"),
}

# Seconds that somebody outside rings for a caller whom no operator answers, and that all of them are waited for: who
# lifts the telephone at the last moment has time to hear what it is about and to press a key.
OUTSIDE = {"one": 35, "all": 60}
# Seconds from the phrase that answers a key in a menu until the caller is in the queue again, unless we go on before.
ANSWER_SECONDS = 5

SYSTEM_ACCOUNT = "asterisk"  # Debian's and Ubuntu's packages run it under this name
SOCKET_LIMIT = 107  # bytes of a Unix socket's path on Linux


def render(
    settings: ExchangeSettings, secrets: Secrets, tree: Tree, places: Places, language: Language
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
    absent = {name for name in NOT_IN_EVERY_VERSION if not (tree.asterisk_modules / f"{name}.so").is_file()}
    facts = {
        "exchange": settings,
        "trunk": settings.trunk,
        "places": places,
        "tree": tree,
        "language": language,
        "sounds": places.sounds / language,
        "waiting": WAITING,
        "outside": OUTSIDE,
        "answer_seconds": ANSWER_SECONDS,
        "emergency_services": emergency.NUMBERS,
        "modules": [name for name in MODULES if name not in absent],
        "cel_columns": CEL_COLUMNS,
        "ami_events": AMI_EVENTS,
        "hangup_filter": HANGUP_FILTER,
        "codes": CODES,
        "secret": secrets.get_or_make,
    }
    names = [name for name in environment.list_templates() if name.endswith(".j2")]
    return {name.removesuffix(".j2"): environment.get_template(name).render(facts).encode() for name in names}


def write(files: dict[str, bytes], places: Places) -> list[str]:
    """Write what differs, each file whole and readable by its owner only; returns the names of those written."""
    places.make()
    changed = []
    for name, content in sorted(files.items()):
        if is_written(places, name, content):
            continue
        target = places.etc / name
        if target.exists() and places.system:
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


def hand_over(places: Places, files: Iterable[str]) -> None:
    """Make the account of the machine's own Asterisk the owner of what it has to read and write."""
    with suppress(LookupError):  # no such account: then it runs as we do
        for path in (places.directory, *places.directory.rglob("*"), *(places.etc / name for name in files)):
            if not path.is_symlink():  # it leads to what is Asterisk's already
                shutil.chown(path, SYSTEM_ACCOUNT, SYSTEM_ACCOUNT)


def is_written(places: Places, name: str, content: bytes) -> bool:
    target = places.etc / name
    return target.is_file() and target.read_bytes() == content


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
    if taken := [number for number in emergency.NUMBERS if number in settings.extensions]:
        raise ExchangeProblem(f"exchange.extensions has {taken[0]}: an operator dialling it must reach that service")
