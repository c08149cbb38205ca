"""What test clients cannot say: raw requests to a real web process."""

import socket

from django.db import connection

from tenants.tests.isolation.marks import marks_of
from tenants.tests.isolation.rows import canary_of
from tenants.tests.isolation.visitors import visitors_of


def test_only_the_host_header_says_which_clinic_it_is(settled, daphnes):
    riverside, harbor = settled
    cookies = visitors_of(riverside)["owner"].cookies
    (address,) = daphnes(1)
    connection.close()
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def ask(target: str, *hosts: str) -> str:
        lines = [f"GET {target} HTTP/1.1", *(f"Host: {host}" for host in hosts)]
        lines += [f"Cookie: {cookie}", "Connection: close", "", ""]
        return _sent(address, "\r\n".join(lines))

    assert canary_of(riverside) in ask("/account/", "riverside.localhost")
    for target in (
        "http://riverside.localhost/account/",
        "//riverside.localhost/account/",
    ):
        there = ask(target, "harbor.localhost")
        assert marks_of(riverside).seen_in(there.replace(target, "")) == []
        assert canary_of(riverside) not in there
    for target in ("http://harbor.localhost/account/", "//harbor.localhost/account/"):
        assert canary_of(harbor) not in ask(target, "riverside.localhost")
    for hosts in (
        ("harbor.localhost", "riverside.localhost"),
        ("riverside.localhost", "harbor.localhost"),
        ("riverside.localhost, harbor.localhost",),
        ("harbor.localhost\trivers",),
        (),
    ):
        answer = ask("/account/", *hosts)
        assert answer.split()[1] in ("400", "404"), hosts
        assert "CANARY" not in answer
    for host in ("HARBOR.LOCALHOST", "harbor.localhost.", "harbor.localhost:81"):
        answer = ask("/account/", host)
        assert "/account/login/" in answer
        assert "CANARY" not in answer


def _sent(address: str, request: str) -> str:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        wire.sendall(request.encode("latin1"))
        parts = []
        while part := wire.recv(65536):
            parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")
