"""The commands of the documentation, and a sandbox that they run in as they stand.

Commands are what stands in fences tagged `sh`. In the sandbox the directories of the examples (/var/lib/zookeeper and
so on) are below one of its own, and their ports are free ones.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from attrs import Factory, define, frozen

from pyzoo.runtime.free_ports import free_port
from tests.support import forked_command
from tests.support.command_relay import CommandRelay

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 240.0
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DIRECTORIES = re.compile(r"(?<![\w./-])/(?=(?:var|etc/zookeeper|opt|run|srv|backup)(?:/|\b))")
PORTS = re.compile(r"(?<![\w.])(2181|2182|2183|21810|2281|2888|3888|8080|7000)(?![\w.])")
CLIENT_PORT = re.compile(r"(?:--port|serve) (\d+)")
SERVERS = ("pyzoo serve", "pyzoo ensemble")

ZOO_CFG = """dataDir=/var/lib/zookeeper
clientPort=2181
4lw.commands.whitelist=*
admin.enableServer=false
"""
PYZOO = """#!/bin/sh
# Where a command leaves the port away, it is the one that stands for 2181.
case "$*" in
    serve|"serve -D "*) shift && set -- serve --port 2181 "$@" ;;
    "cli -server"*) ;;
    cli*) shift && set -- cli -server 127.0.0.1:2181 --admin 127.0.0.1:8080 "$@" ;;
esac
exec {python} -I -S {command} {socket} "$@"
"""
NETCAT = """#!{python}
import socket, sys
with socket.create_connection((sys.argv[-2], int(sys.argv[-1])), 30) as sock:
    sock.sendall(sys.stdin.buffer.read().strip())
    while data := sock.recv(65536):
        sys.stdout.buffer.write(data)
"""

CURL = """#!{python}
import getopt, sys, urllib.request
options, (url,) = getopt.gnu_getopt(sys.argv[1:], "sfH:o:", ["data-binary="])
given = dict(options)
request = urllib.request.Request(url)
for name, value in options:
    if name == "-H":
        request.add_header(*value.split(": ", 1))
if "--data-binary" in given:
    request.data = open(given["--data-binary"].removeprefix("@"), "rb").read()
body = urllib.request.urlopen(request, timeout=30).read()
(open(given["-o"], "wb") if "-o" in given else sys.stdout.buffer).write(body)
"""
"""For machines without curl: as much of it as the documentation uses."""


@frozen
class Fence:
    """A block of a page: its language tag and its text."""

    language: str
    text: str


def fences(page: Path) -> list[Fence]:
    return [Fence(language, text) for language, text in FENCE.findall(page.read_text())]


def pages() -> list[Path]:
    """What users and contributors read; those about the tests beside others say how they are run themselves."""
    names = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/README.md")
    docs = [page for page in (REPOSITORY / "docs").rglob("*.md") if page.parent.name != "decisions"]
    return [*(REPOSITORY / name for name in names), *sorted(docs)]


def name_of(page: Path) -> str:
    """As from the root of the repository."""
    return page.relative_to(REPOSITORY).as_posix()


def commands_of(text: str) -> list[str]:
    """The commands of a fence, without what a comment says of them; lines that end in a backslash go on."""
    lines = text.replace("\\\n", " ").splitlines()
    stripped = [re.sub(r"\s+# .*", "", line).strip() for line in lines]
    return [line for line in stripped if line and not line.startswith("#")]


def page_commands(page: Path) -> list[str]:
    return [command for fence in fences(page) if fence.language == "sh" for command in commands_of(fence.text)]


@frozen
class Transcript:
    """A command with what it prints; `files` are the ones that it is about, by name."""

    command: str
    output: str
    files: dict[str, str]


def transcripts(page: Path) -> list[Transcript]:
    """Fences tagged `console`: `$ cat FILE` shows a file that is there, another `$ ` line a command with its output."""
    found = []
    for fence in fences(page):
        files: dict[str, str] = {}
        for part in re.split(r"^\$ ", fence.text, flags=re.MULTILINE)[1:] if fence.language == "console" else []:
            command, _, output = part.partition("\n")
            if command.startswith("cat "):
                files[command.removeprefix("cat ")] = output
            else:
                found.append(Transcript(command, output, dict(files)))
    return found


class CommandFailed(Exception):
    """A documented command did not do what it is there for; `output` is what it said."""

    def __init__(self, what: str, output: str) -> None:
        super().__init__(f"{what}\n{output}")
        self.output = output


@define
class Server:
    """A server in the background, and the file with what it says."""

    output: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")


@define
class Sandbox:
    """A place of its own for the commands of one page."""

    root: Path
    ports: dict[str, int] = Factory(dict)
    variables: dict[str, str] = Factory(dict)
    servers: dict[str, Server] = Factory(dict)
    relay: CommandRelay | None = None

    @property
    def work(self) -> Path:
        return self.root / "work"

    def prepare(self, directories: Iterable[str]) -> None:
        """Make the directories that the examples suppose, a zoo.cfg, and a PATH that begins with this pyzoo."""
        for directory in ("work", "bin", "home", *(name.lstrip("/") for name in directories)):
            (self.root / directory).mkdir(parents=True, exist_ok=True)
        if shutil.which("curl") is None:
            self.write("bin/curl", CURL.format(python=sys.executable), 0o755)
        self.write("bin/nc", NETCAT.format(python=sys.executable), 0o755)
        path = self.root / "relay"
        self.relay = CommandRelay(path)
        pyzoo = self.adapted(PYZOO).format(python=sys.executable, command=forked_command.__file__, socket=path)
        self.write("bin/pyzoo", pyzoo, 0o755)
        self.write("work/zoo.cfg", self.adapted(ZOO_CFG))

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def adapted(self, text: str) -> str:
        """Text of the documentation with the directories and ports of the sandbox."""

        def port(found: "re.Match[str]") -> str:
            return str(self.ports.setdefault(found[0], free_port()))

        return PORTS.sub(port, DIRECTORIES.sub(f"{self.root}/", text))

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "ZOO" not in name and "JVMFLAGS" not in name}
        path = f"{self.root / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return kept | {"HOME": str(self.root / "home"), "PATH": path, "XDG_DATA_HOME": "", **self.variables}

    def run(self, command: str) -> str:
        """Run a command as it stands in the documentation; a server goes on beside the next ones."""
        words = self.adapted(command)
        if command.startswith(SERVERS) and "--help" not in command:
            self.serve(words)
            return ""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", words],
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
        )
        if done.returncode != 0:
            said = "\n".join(server.said for server in self.servers.values())
            raise CommandFailed(f"{command} ended with {done.returncode}; {said}", done.stdout)
        return done.stdout

    def serve(self, words: str) -> None:
        """Start a server, in place of one with the same port; returns when it is ready."""
        port = found[1] if (found := CLIENT_PORT.search(words)) else str(self.ports["2181"])
        self.stop(port)
        server = self.servers[port] = Server(self.root / f"server-{len(self.servers)}.out")
        with server.output.open("wb") as output:
            server.process = subprocess.Popen(
                ["bash", "-c", f"exec {words}"],
                cwd=self.work,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + PATIENCE_S
        while ": ready on " not in server.said:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise CommandFailed(f"{words} is not ready", server.said)
            time.sleep(0.02)

    def stop(self, port: str) -> None:
        """End a server, as Ctrl-C does."""
        server = self.servers.pop(port, None)
        if server is not None and server.process is not None and server.process.poll() is None:
            server.process.send_signal(signal.SIGINT)
            try:
                server.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()

    def stop_all(self) -> None:
        """End what still runs."""
        for port in list(self.servers):
            self.stop(port)
        if self.relay is not None:
            self.relay.close()
