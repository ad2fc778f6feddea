"""Who has the port: asked before Asterisk is started, because Asterisk itself would start without it."""

import os
import socket
from ipaddress import IPv4Address
from typing import Literal

import pytest

from callbridge.exchange.ports import Wanted, taken

HERE = IPv4Address("127.0.0.1")


@pytest.mark.parametrize(("protocol", "kind"), [("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)])
def test_a_taken_port_names_its_key_and_its_holder(protocol: Literal["udp", "tcp"], kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind((str(HERE), 0))
        if protocol == "tcp":
            holder.listen()
        said = taken(Wanted("exchange.ami_port", protocol, HERE, holder.getsockname()[1]))
    assert said is not None
    assert said.startswith(f"exchange.ami_port: 127.0.0.1:{said.split(':')[2].split()[0]} ({protocol}) is taken by ")
    assert f"(process {os.getpid()})" in said


def test_a_free_port_is_no_problem() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((str(HERE), 0))
        port = probe.getsockname()[1]
    assert taken(Wanted("exchange.sip_port", "udp", HERE, port)) is None


def test_an_address_of_another_machine_is_named() -> None:
    said = taken(Wanted("exchange.sip_port", "udp", IPv4Address("192.0.2.1"), 5060))
    assert said == "exchange.sip_port: 192.0.2.1 is not an address of this machine"
