"""Whether an address is free to listen on, and who has it when it is not."""

import errno
import os
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Wanted:
    key: str  # of the configuration
    protocol: Literal["udp", "tcp"]
    address: IPv4Address
    port: int


def taken(wanted: Wanted) -> str | None:
    """Why nobody can listen there, in one line; None when it is free."""
    kind = socket.SOCK_DGRAM if wanted.protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if wanted.protocol == "tcp":  # as Asterisk does: an old connection still closing is no holder
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((str(wanted.address), wanted.port))
        except OSError as error:
            place = f"{wanted.address}:{wanted.port} ({wanted.protocol})"
            match error.errno:
                case errno.EADDRINUSE:
                    holder = _holder(wanted)
                    by = f"by {holder}" if holder else "by another program"
                    return f"{wanted.key}: {place} is taken {by}; stop it or choose another port"
                case errno.EADDRNOTAVAIL:
                    return f"{wanted.key}: {wanted.address} is not an address of this machine"
                case errno.EACCES:
                    return f"{wanted.key}: {place} is reserved for root; choose a port above 1023"
            return f"{wanted.key}: {place} cannot be used: {error.strerror}"
    return None


def _holder(wanted: Wanted) -> str | None:
    """Name and process id, as far as this user may see them."""
    inode = _inode(wanted)
    for link in Path("/proc").glob("[0-9]*/fd/*") if inode else ():
        try:
            if os.readlink(link) == f"socket:[{inode}]":
                process = link.parent.parent
                words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
                # The tree's programs are started by a loader; what they are comes after its options.
                program = words[3] if "ld-linux" in words[0] and len(words) > 3 else words[0]
                return f"{Path(program).name} (process {process.name})"
        except OSError:  # gone meanwhile, or somebody else's
            continue
    return None


def _inode(wanted: Wanted) -> str | None:
    addresses = {"00000000", f"{int.from_bytes(wanted.address.packed, 'little'):08X}"}
    listening = "0A" if wanted.protocol == "tcp" else "07"
    for line in Path(f"/proc/net/{wanted.protocol}").read_text().splitlines()[1:]:
        columns = line.split()
        address, port = columns[1].split(":")
        if address in addresses and int(port, 16) == wanted.port and columns[3] == listening:
            return columns[9]
    return None
