"""Requests to an AdminServer, and its answers with what differs between any two servers blanked."""

import http.client
import json
import re
from typing import Any

from attrs import frozen

from interop.server import Server

SECONDS = 60
AUTH = {"Authorization": "digest root:secret"}
#: Values that are no matter of behaviour: times, sizes, addresses, counts of packets between members.
BLANKED = re.compile(
    r'"(version|uptime|timestamp|established|last_response_time|\w*_latency|\w*_?port|datadir_size|logdir_size|'
    r"data_dir_size|log_dir_size|packets_\w+|data_dir|data_log_dir|initial_configuration|leader_ip|interest_ops|"
    r'last_processed_zxid|zab_\w+|last_zxid|queued_packets_size|requests|outstanding_requests)" : ("[^"]*"|[-\d.E]+)'
)
ADDRESS = re.compile(r"(127\.0\.0\.1|0\.0\.0\.0):\d+")
SESSION_ID = re.compile(r"\b\d{17,19}\b")
#: The expiry times that are keys.
EXPIRY = re.compile(r'"\d{5,16}" : \[')
#: A bucket that sessions have left stays for a while: how many there are depends on when each server began to count.
EMPTY_BUCKET = re.compile(r',\n +"T" : \[ \](?=,?\n)|(?<=\{)(?:\n +"T" : \[ \],?)+')


@frozen
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def zxid(self) -> str | None:
        return self.headers["last_zxid"]

    def blanked(self) -> str:
        """Status, content type and text, the same for servers that behave the same."""
        text = SESSION_ID.sub("S", self.body.decode())
        text = EXPIRY.sub('"T" : [', ADDRESS.sub(r"\1:P", BLANKED.sub(r'"\1" : N', text)))
        text = EMPTY_BUCKET.sub("", text)
        text = re.sub(r'"all_ports" : \[ \d+ \]', '"all_ports" : [ P ]', text)
        return f"{self.status} {self.headers['Content-Type']}\n{_unordered(text)}"


def _unordered(text: str) -> str:
    """The fields of server_stats stand in the order of Java's reflection, which changes from start to start."""

    def in_order(found: re.Match[str]) -> str:
        return "\n".join(sorted(line.rstrip(",") for line in found[0].splitlines()))

    return re.sub(r'"server_stats" : \{.*?\n  \}', in_order, text, flags=re.DOTALL)


def ask_admin(
    server: Server, path: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """One request; a path without a slash is the name of a command."""
    connection = http.client.HTTPConnection("127.0.0.1", server.admin_port, timeout=SECONDS)
    try:
        url = path if path.startswith("/") else f"/commands/{path}"
        connection.request(method, url, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def take_snapshot(server: Server) -> bytes:
    answer = ask_admin(server, "snapshot", headers=AUTH)
    assert answer.status == 200, answer
    return answer.body


def restore(server: Server, snapshot: bytes) -> Answer:
    return ask_admin(server, "restore", "POST", snapshot, AUTH)
