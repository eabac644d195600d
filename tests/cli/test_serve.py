"""Every way to start a server: where its data goes, what it says, and how it ends when something is wrong."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from pyzoo.runtime.free_ports import free_port
from tests.support.server_process import RawClient, ServerProcess, clean_environment, command, four_letters, wait_until

Serve = Callable[..., ServerProcess]
Pyzoo = Callable[..., "subprocess.CompletedProcess[str]"]

LOOPBACK = ("--host", "127.0.0.1", "--port", 0)

TAKEN = "Address already in use; end what listens there, or choose another port"


def conf(server: ServerProcess) -> dict[str, str]:
    """What the running server says of its settings."""
    lines = four_letters(server.port, b"conf").decode().splitlines()
    return dict(line.split("=", 1) for line in lines)


def zoo_cfg(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "zoo.cfg"
    path.write_text("\n".join([f"dataDir={tmp_path / 'data'}", "clientPort=2181", *lines]) + "\n")
    return path


# --- the forms


def test_no_argument_keeps_data_in_the_home(serve: Serve, tmp_path: Path) -> None:
    server = serve("--port", 0, JVMFLAGS="-Dzookeeper.4lw.commands.whitelist=conf")
    settings = conf(server)
    data_dir = tmp_path / ".local" / "share" / "pyzoo"
    assert server.lines[0].endswith(f": data in {data_dir}")
    assert any(line.endswith(f": ready on 127.0.0.1:{server.port}") for line in server.lines)
    assert ("2000", "60") == (settings["tickTime"], settings["maxClientCnxns"])
    assert (data_dir / "version-2" / "snapshot.0").exists()
    assert 0 == server.stop()


def test_no_argument_follows_xdg_data_home(serve: Serve, tmp_path: Path) -> None:
    server = serve("--port", 0, XDG_DATA_HOME=str(tmp_path / "xdg"))
    assert server.port
    assert server.lines[0].endswith(f": data in {tmp_path / 'xdg' / 'pyzoo'}")


def test_a_relative_xdg_data_home_does_not_count(serve: Serve, tmp_path: Path) -> None:
    server = serve("--port", 0, XDG_DATA_HOME="relative")
    assert server.port
    assert server.lines[0].endswith(f": data in {tmp_path / '.local' / 'share' / 'pyzoo'}")


def test_port_2181_is_the_default(pyzoo: Pyzoo) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Whoever has it already does as well.
        with suppress(OSError):
            holder.bind(("127.0.0.1", 2181))
            holder.listen()
        ended = pyzoo("serve")
    assert (1, 1) == (ended.returncode, ended.stderr.count("pyzoo: "))
    assert ended.stderr.endswith(f"cannot listen on 127.0.0.1:2181: {TAKEN}\n")


def test_a_configuration_file(serve: Serve, tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "zoo.cfg"
    config.write_text(
        f"tickTime=1500\ndataDir={tmp_path}/data\ndataLogDir={tmp_path}/logs\nclientPort={port}\n"
        "clientPortAddress=127.0.0.1\n4lw.commands.whitelist=*\n"
    )
    server = serve(config)
    settings = conf(server)
    assert port == server.port
    assert server.lines[0].endswith(f": data in {tmp_path}/data, transaction logs in {tmp_path}/logs")
    assert ("1500", f"{tmp_path}/logs/version-2") == (settings["tickTime"], settings["dataLogDir"])


def test_port_and_directory_with_ticks_and_limit(serve: Serve, tmp_path: Path) -> None:
    port = free_port()
    server = serve(port, tmp_path / "data", 1234, 7, "-Dzookeeper.4lw.commands.whitelist=*")
    settings = conf(server)
    assert port == server.port
    assert any(line.endswith(f": ready on 0.0.0.0:{port}") for line in server.lines)
    assert ("1234", "7") == (settings["tickTime"], settings["maxClientCnxns"])


def test_port_and_directory_alone_have_no_limit_of_connections(serve: Serve, tmp_path: Path) -> None:
    server = serve(0, tmp_path / "data", "-Dzookeeper.4lw.commands.whitelist=*")
    settings = conf(server)
    assert ("3000", "0") == (settings["tickTime"], settings["maxClientCnxns"])


def test_options_win_over_the_file(serve: Serve, tmp_path: Path) -> None:
    config = zoo_cfg(tmp_path, f"dataLogDir={tmp_path / 'logs'}", "4lw.commands.whitelist=conf")
    server = serve(config, *LOOPBACK, "--data-dir", tmp_path / "elsewhere")
    settings = conf(server)
    assert server.lines[0].endswith(f": data in {tmp_path / 'elsewhere'}")
    assert settings["dataDir"] == settings["dataLogDir"] == f"{tmp_path / 'elsewhere'}/version-2"
    assert not (tmp_path / "data").exists()


def test_in_memory_keeps_nothing(serve: Serve, tmp_path: Path) -> None:
    server = serve("--in-memory", "--port", 0)
    RawClient(server.port).create("/n")
    assert server.lines[0].endswith(": nothing on disk")
    assert 0 == server.stop()
    assert [] == list(tmp_path.iterdir())


def test_an_ipv6_address_stands_in_brackets(serve: Serve, tmp_path: Path) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    server = serve("--in-memory", "--host", "::1", "--port", 0)
    assert server.port
    assert any(line.endswith(f": ready on [::1]:{server.port}") for line in server.lines)


# --- properties and JVM flags


def test_the_later_place_of_a_property_wins(serve: Serve, tmp_path: Path) -> None:
    words = "-Dzookeeper.4lw.commands.whitelist="
    server = serve("--in-memory", "--port", 0, f"{words}conf", SERVER_JVMFLAGS=f"{words}ruok", JVMFLAGS=f"{words}mntr")
    answers = [four_letters(server.port, word) for word in (b"conf", b"ruok", b"mntr")]
    assert [False, True, True] == [b"not executed" in answer for answer in answers]

    server = serve("--in-memory", "--port", 0, SERVER_JVMFLAGS=f"{words}ruok", JVMFLAGS=f"{words}mntr")
    answers = [four_letters(server.port, word) for word in (b"conf", b"ruok", b"mntr")]
    assert [True, True, False] == [b"not executed" in answer for answer in answers]


def test_jvm_flags_are_ignored_with_a_debug_line(serve: Serve) -> None:
    flags = {"SERVER_JVMFLAGS": "-Xmx1g -XX:+UseG1GC", "JVMFLAGS": "-Dcom.sun.management.jmxremote"}
    server = serve("--in-memory", "--port", 0, "--log-level", "debug", "-Dfoo=bar", **flags)
    assert server.port
    ignored = [line.rpartition(": ")[2] for line in server.lines if "means something to a JVM only" in line]
    assert ["-Xmx1g", "-XX:+UseG1GC", "-Dcom.sun.management.jmxremote", "-Dfoo=bar"] == ignored

    quiet = serve("--in-memory", "--port", 0, **flags)
    assert quiet.port
    assert "JVM" not in quiet.output


def test_an_open_quote_in_jvm_flags_names_the_variable(pyzoo: Pyzoo) -> None:
    ended = pyzoo("serve", "--in-memory", "--port", 0, JVMFLAGS="-Da='b")
    assert (2, "") == (ended.returncode, ended.stdout)
    assert "JVMFLAGS: cannot be split into words" in ended.stderr


def test_a_setting_that_means_something_else_here_gets_a_warning(serve: Serve, tmp_path: Path) -> None:
    server = serve(zoo_cfg(tmp_path, "snapCoutn=7"), *LOOPBACK)
    assert server.port
    assert any("WARN" in line and "zoo.cfg:3: snapCoutn" in line for line in server.lines)


# --- wrong values


def test_a_wrong_value_is_one_line_with_file_and_line(pyzoo: Pyzoo, tmp_path: Path) -> None:
    ended = pyzoo("serve", zoo_cfg(tmp_path, "tickTime=abc"))
    assert (2, "") == (ended.returncode, ended.stdout)
    assert 1 == ended.stderr.count("\n")
    reason = "zoo.cfg:3: tickTime=abc: it must be a whole number"
    assert ended.stderr.startswith(f"pyzoo: Invalid config, exiting abnormally: {tmp_path}/{reason}")
    assert not (tmp_path / "data").exists()


def test_an_election_port_in_use_has_an_exit_code_of_its_own(pyzoo: Pyzoo, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        members = [f"server.{n}=127.0.0.1:{free_port()}:{port if n == 1 else free_port()}" for n in (1, 2, 3)]
        config = zoo_cfg(tmp_path, "initLimit=5", "syncLimit=2", "electionPortBindRetry=1", *members)
        config.write_text(config.read_text().replace("clientPort=2181", "clientPort=0"))
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "myid").write_text("1\n")
        ended = pyzoo("serve", config)
    assert 14 == ended.returncode
    assert ended.stderr.splitlines()[-1] == (
        "pyzoo: Unable to bind to election port, exiting abnormally: "
        f"cannot listen on the election port 127.0.0.1:{port}: {TAKEN}"
    )


@pytest.mark.parametrize(
    ("my_id", "words", "reason"),
    [
        ("", (), "the server id '' is not a number"),
        ("1", ("--in-memory",), "a member of an ensemble needs a disk: leave --in-memory away"),
    ],
)
def test_a_member_that_cannot_be_one_is_refused_with_what_to_do(
    pyzoo: Pyzoo, tmp_path: Path, my_id: str, words: tuple[str, ...], reason: str
) -> None:
    members = [f"server.{n}=127.0.0.1:{2888 + n}:{3888 + n}" for n in (1, 2, 3)]
    config = zoo_cfg(tmp_path, "initLimit=5", "syncLimit=2", *members)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "myid").write_text(my_id)
    ended = pyzoo("serve", config, *words)
    assert (2, "", 1) == (ended.returncode, ended.stdout, ended.stderr.count("\n"))
    assert reason in ended.stderr


def test_a_member_may_do_without_a_client_port(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "myid").write_text("1")
    line = f"server.1=127.0.0.1:{free_port()}:{free_port()}"
    (tmp_path / "zoo.cfg").write_text(
        f"dataDir={tmp_path}\ninitLimit=5\nsyncLimit=5\nstandaloneEnabled=false\n{line}\n"
    )
    assert "ready, without a client port" in first_lines(tmp_path)


def first_lines(tmp_path: Path) -> str:
    """What a server says up to the line that it is ready, which tells of no port."""
    process = subprocess.Popen(
        command("serve", "zoo.cfg"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env=clean_environment(tmp_path),
    )
    assert process.stdout is not None
    try:
        lines = ""
        while "ready" not in lines and (line := process.stdout.readline()):
            lines += line
        return lines
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_one_member_alone_is_a_standalone_server(serve: Serve, tmp_path: Path) -> None:
    server = serve(zoo_cfg(tmp_path, "server.1=127.0.0.1:2888:3888"), *LOOPBACK)
    assert b"Mode: standalone" in four_letters(server.port, b"srvr")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["missing.cfg"], "missing.cfg: file is missing; give a zoo.cfg, or a port and a data directory"),
        (["."], ".: cannot be read: Is a directory"),
        (["abc", "data"], "clientPort=abc: it must be a whole number"),
        (["2181", "data", "fast"], "tickTime=fast: it must be a whole number"),
        (["1", "2", "3", "4", "5"], "5 arguments are wrong: give one configuration file, or: port datadir"),
        (["--port", "99999"], "'99999' is not a port: give a number from 0 to 65535"),
        (["--verbose"], "No such option"),
        (["--data-dir", "zoo.cfg"], "zoo.cfg' is a file"),
    ],
)
def test_wrong_words_end_with_code_2(pyzoo: Pyzoo, tmp_path: Path, words: list[str], reason: str) -> None:
    zoo_cfg(tmp_path)
    ended = pyzoo("serve", *words)
    assert (2, "") == (ended.returncode, ended.stdout)
    assert reason in ended.stderr
    assert "Traceback" not in ended.stderr


# --- directories and ports


def test_a_directory_that_cannot_be_made_ends_with_code_3(pyzoo: Pyzoo, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = pyzoo("serve", 0, tmp_path / "file" / "data")
    assert (3, 1) == (ended.returncode, ended.stderr.count("\n"))
    assert ended.stderr.startswith(
        "pyzoo: Unable to access datadir, exiting abnormally: Unable to create log directory"
    )


def test_a_data_directory_that_is_a_file_ends_with_code_3(pyzoo: Pyzoo, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("file", "file/below"):
        (tmp_path / "zoo.cfg").write_text(f"dataDir={tmp_path / place}\nclientPort=0\n")
        ended = pyzoo("serve", "zoo.cfg")
        assert (3, 1) == (ended.returncode, ended.stderr.count("\n"))


def test_a_missing_directory_may_not_be_made_when_that_is_off(pyzoo: Pyzoo, tmp_path: Path) -> None:
    ended = pyzoo("serve", 0, tmp_path / "data", ZOO_DATADIR_AUTOCREATE_DISABLE="1")
    assert 3 == ended.returncode
    assert "automatic data directory creation is disabled" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_taken_port_ends_with_code_1(pyzoo: Pyzoo, serve: Serve, tmp_path: Path) -> None:
    first = serve("--in-memory", "--port", 0)
    ended = pyzoo("serve", "--in-memory", "--port", first.port)
    assert 1 == ended.returncode
    assert f"pyzoo: The server cannot go on: cannot listen on 127.0.0.1:{first.port}: {TAKEN}\n" == (ended.stderr)


def test_an_unknown_host_is_named(pyzoo: Pyzoo) -> None:
    ended = pyzoo("serve", "--in-memory", "--port", 0, "--host", "nowhere.invalid")
    assert 2 == ended.returncode
    assert "exiting abnormally: clientPortAddress=nowhere.invalid is not known on this machine: " in ended.stderr
    assert 1 == ended.stderr.count("\n")


# --- output that nobody reads


def start_with_shell(tmp_path: Path, redirection: str, port: int) -> "subprocess.Popen[bytes]":
    words = " ".join(command("serve", str(port), str(tmp_path / "data")))
    return subprocess.Popen(
        ["/bin/sh", "-c", f"exec {words} {redirection}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(tmp_path),
    )


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", "| true"])
def test_closed_or_full_output_does_not_disturb_the_server(tmp_path: Path, redirection: str) -> None:
    port = free_port()
    if redirection == "| true":
        process = start_with_shell(tmp_path, "", port)
        assert process.stdout is not None
        process.stdout.close()
    else:
        process = start_with_shell(tmp_path, redirection, port)
    try:
        wait_until_listening(process, port)
        RawClient(port).create("/n")
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()
    logged = (tmp_path / "data" / "version-2" / "log.1").read_bytes()
    assert b"/n" in logged
    assert b"INFO" not in logged


def wait_until_listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    def listens() -> bool:
        assert process.poll() is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens)


def test_a_signal_while_starting_ends_the_server_well(tmp_path: Path, serve: Serve) -> None:
    # The start reads the first bytes of this file, which do not come.
    fifo = tmp_path / "key.pem"
    os.mkfifo(fifo)
    (tmp_path / "myid").write_text("1")
    (tmp_path / "zoo.cfg").write_text(
        f"dataDir={tmp_path}\nclientPort=0\ninitLimit=5\nsyncLimit=5\nstandaloneEnabled=false\nsslQuorum=true\n"
        f"server.1=127.0.0.1:{free_port()}:{free_port()}\n"
        f"ssl.quorum.keyStore.location={fifo}\nssl.quorum.trustStore.location={fifo}\n"
    )
    server = serve(tmp_path / "zoo.cfg")
    ends: list[int] = []

    def is_being_read() -> bool:
        with suppress(OSError):
            ends.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return bool(ends)

    wait_until(is_being_read)
    server.process.send_signal(signal.SIGTERM)
    # A read that begins right after the signal does not notice it, but its end does.
    os.close(ends[0])
    assert 0 == server.wait()
    assert "Stopped while starting" in server.output


def test_a_store_that_cannot_be_read_is_named_with_the_line_that_names_it(pyzoo: Pyzoo, tmp_path: Path) -> None:
    lines = [f"dataDir={tmp_path}", "clientPort=0", "secureClientPort=0", "ssl.keyStore.location=none.pem"]
    (tmp_path / "zoo.cfg").write_text("\n".join([*lines, "ssl.trustStore.location=none.pem"]))
    ended = pyzoo("serve", tmp_path / "zoo.cfg")
    assert 2 == ended.returncode
    assert f"{tmp_path}/zoo.cfg:4: ssl.keyStore.location=none.pem cannot be read: " in ended.stderr


@pytest.mark.parametrize("words", [["--data-dir", "data", "--port", "0"], ["0", "data"]])
def test_a_directory_where_nothing_would_be_kept_is_refused(pyzoo: Pyzoo, tmp_path: Path, words: list[str]) -> None:
    ended = pyzoo("serve", "--in-memory", *words)
    assert 2 == ended.returncode
    assert "--in-memory keeps nothing, so data would stay empty: leave one of them away" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_property_without_its_prefix_is_pointed_out(serve: Callable[..., ServerProcess]) -> None:
    server = serve("--in-memory", "--port", 0, "-DsnapCount=5", "-DtickTime=5", "-Dsomething=5")
    assert server.port
    server.wait_for("-DsnapCount has no effect: write -Dzookeeper.snapCount")
    server.wait_for("-DtickTime has no effect: write it into a zoo.cfg")
    assert "-Dsomething" not in server.output
