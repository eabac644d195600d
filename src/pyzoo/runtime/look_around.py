"""Looks up what a configuration needs of this machine, and changes nothing: the facts for `config.surroundings`.

Directories are opened, data is loaded, ports are bound and stores are read by the code that a starting server runs,
so that what it would refuse is found with the same words.
"""

import errno
import glob
import os
import shutil
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from attrs import evolve

from pyzoo.config.dynamic_files import dynamic_path, next_path
from pyzoo.config.membership import parse_version
from pyzoo.config.own_ports import CLIENT_PORT, ELECTION_PORT, SECURE_PORT, OwnPort, own_ports
from pyzoo.config.settings import ServerConfig
from pyzoo.config.surroundings import DirectoryFacts, Refusal, Surroundings
from pyzoo.errors import ConfigError, StorageError
from pyzoo.persistence.directories import Directories, open_directories
from pyzoo.persistence.disk import Disk, RealDisk
from pyzoo.persistence.epochs import EpochFiles
from pyzoo.persistence.recovery import load
from pyzoo.persistence.untouched_disk import UntouchedDisk
from pyzoo.runtime.listening import bind, cannot_listen, check_client_address
from pyzoo.runtime.log_output import cannot_write
from pyzoo.runtime.logins.client_logins import client_login, client_login_warnings
from pyzoo.runtime.logins.jaas_file import LOGIN_CONFIG, open_login_file
from pyzoo.runtime.logins.member_logins import quorum_sasl
from pyzoo.runtime.other_process import is_alive
from pyzoo.runtime.recipe_file import read_recipes
from pyzoo.runtime.storage import in_use, server_of
from pyzoo.runtime.tls.certificate_dates import certificates_of, settings_in_use
from pyzoo.runtime.tls.contexts import admin_tls, client_tls, metrics_tls, quorum_tls
from pyzoo.server.database import new_tree, recovery_settings

PID_FILE = "zookeeper_server.pid"
LOOKUPS_AT_ONCE = 16


def look_around(config: ServerConfig, *, is_running: bool = False, quick: bool = False) -> Surroundings:
    """The facts about this machine.

    With `is_running` the server that this is for runs already: its locks and ports are its own. `quick` neither loads
    the data nor looks names up.
    """
    disk = UntouchedDisk(RealDisk())
    around = Surroundings(directories=_directories(config, is_running))
    around = _with_data(around, config, disk, reads_data=not (is_running or quick))
    around = evolve(around, refusals=around.refusals + tuple(_security_refusals(config)))
    around = evolve(_with_certificates(around, config), open_login_file=open_login_file(config))
    around = _with_config_files(around, config)
    if not is_running:
        around = evolve(around, busy_ports=tuple(busy_ports(own_ports(config))))
    return around if quick else evolve(around, unknown_hosts=unknown_hosts(config))


# --- directories and data


def _directories(config: ServerConfig, is_running: bool) -> tuple[DirectoryFacts, ...]:
    facts = [directory_facts("dataDir", config.data_dir, is_running)]
    if config.data_log_dir != config.data_dir:
        facts.append(directory_facts("dataLogDir", config.data_log_dir, is_running))
    return tuple(facts)


def directory_facts(key: str, path: str, is_running: bool) -> DirectoryFacts:
    """What there is to know of a data directory without reading its files."""
    try:
        device = os.stat(path).st_dev
        free = shutil.disk_usage(path).free
    except OSError:
        return DirectoryFacts(key, path, exists=False)
    return DirectoryFacts(
        key,
        path,
        exists=True,
        device=device,
        free_bytes=free,
        holder=None if is_running else holder_of(path),
        pid_of_script=None if is_running else script_pid(path),
    )


def holder_of(directory: str) -> str | None:
    """What a server would say that finds another one there; None where it could lock the directory."""
    pid = server_of(directory)
    return None if pid is None else str(in_use(directory, str(pid or "unknown")))


def script_pid(directory: str) -> int | None:
    """The process that zkServer.sh has started on this directory, where it still runs."""
    try:
        pid = int(Path(directory, PID_FILE).read_text())
        return pid if is_alive(pid) and is_zookeeper(pid) else None
    except (OSError, ValueError, OverflowError):
        return None


def is_zookeeper(pid: int) -> bool:
    """Whether a process looks like a server, of any kind; a number may belong to another one by now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True
    return b"org.apache.zookeeper" in command or b"\0serve\0" in command


def _with_data(around: Surroundings, config: ServerConfig, disk: Disk, reads_data: bool) -> Surroundings:
    """Open the directories and load what they hold; not while another server writes there."""
    try:
        directories = open_directories(disk, config.data_dir, config.data_log_dir, config.datadir_autocreate)
        if not reads_data or any(directory.holder for directory in around.directories):
            return around
        return evolve(around, data_warnings=tuple(load_data(config, disk, directories)))
    except StorageError as error:
        return evolve(around, refusals=(Refusal("dataDir", str(error)),))


def load_data(config: ServerConfig, disk: Disk, directories: Directories) -> list[str]:
    """Load the database as a start does; returns its warnings. Raises StorageError."""
    recovered = load(disk, directories, new_tree(config), recovery_settings(config, is_member=config.distributed))
    if config.distributed:
        EpochFiles(disk, directories.snapshots).read(recovered.last_zxid)
    return recovered.warnings


# --- ports and names


def busy_ports(ports: Iterable[OwnPort]) -> list[tuple[OwnPort, str]]:
    """The ports that cannot be opened, with what a server would say; names of members are asked for until they come."""
    busy = []
    for port in ports:
        try:
            bind(port.host, port.port).close()
        except OSError as error:
            if isinstance(error, socket.gaierror) and (
                port.key.startswith("server.") or port.purpose in (CLIENT_PORT, SECURE_PORT)
            ):
                continue
            of_member = "" if port.at_start and port.purpose != ELECTION_PORT else f"the {port.purpose}"
            busy.append((port, cannot_listen(port.host, port.port, error, of_member)))
    return busy


def unknown_hosts(config: ServerConfig) -> tuple[tuple[str, str, str], ...]:
    """Key, name and reason of each host that cannot be looked up."""
    wanted = {
        (address.host, f"server.{server.id}") for server in config.membership.servers for address in server.addresses
    }
    if config.client_port_address:
        wanted.add((config.client_port_address, "clientPortAddress"))
    if config.secure_client_port_address:
        wanted.add((config.secure_client_port_address, "secureClientPortAddress"))
    hosts = sorted(wanted, key=lambda each: each[1])
    with ThreadPoolExecutor(LOOKUPS_AT_ONCE) as threads:
        reasons = threads.map(why_unknown, (host for host, _ in hosts))
        return tuple((key, host, reason) for (host, key), reason in zip(hosts, reasons, strict=True) if reason)


def why_unknown(host: str) -> str | None:
    """Why a name cannot be looked up, None when it can."""
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return (error.strerror if isinstance(error, OSError) else None) or str(error)
    return None


# --- TLS and SASL


def _security_refusals(config: ServerConfig) -> list[Refusal]:
    """What the stores and the login configuration are refused for."""
    refusals: list[Refusal] = []

    def note(key: str, step: Callable[[], object], vital: bool = True) -> None:
        try:
            step()
        except ConfigError as error:
            line = "" if error.line is None else f":{error.line}"
            place = "" if error.path in (None, config.config_path) else f"{error.path}{line}: "
            refusals.append(Refusal(error.key or key, place + error.message, vital))

    note("clientPortAddress", lambda: check_client_address(config))
    note(LOGIN_CONFIG, lambda: client_login(config))
    note("ssl.keyStore.location", lambda: client_tls(config))
    if config.distributed:
        note("ssl.quorum.keyStore.location", lambda: quorum_tls(config))
        note(LOGIN_CONFIG, lambda: quorum_sasl(config))
    if config.admin.enabled:
        note("admin.forceHttps", lambda: admin_tls(config), vital=False)
        if config.admin.console.enabled:
            note("admin.console.recipes", lambda: read_recipes(config), vital=False)
    note("metricsProvider.httpsPort", lambda: metrics_tls(config))
    note("log.file", lambda: refuse_log_files(config))
    with suppress(ConfigError):
        refusals += [Refusal(LOGIN_CONFIG, warning, vital=False) for warning in client_login_warnings(config)]
    return refusals


def refuse_log_files(config: ServerConfig) -> None:
    """Raise ConfigError where a log file could not be opened; nothing is created."""
    audit = config.logs.audit_file if config.audit_enabled else None
    for key, file in (("log.file", config.logs.file), ("auditlog.file", audit)):
        if file is None:
            continue
        try:
            directory = os.path.dirname(os.path.abspath(file.path))
            if os.path.exists(file.path):
                open(file.path, "ab").close()
            elif os.path.exists(directory) and not os.path.isdir(directory):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            else:
                UntouchedDisk(RealDisk()).make_directory(directory)
        except OSError as error:
            raise cannot_write(key, file.path, error) from error


def _with_certificates(around: Surroundings, config: ServerConfig) -> Surroundings:
    try:
        found = [each for settings in settings_in_use(config) for each in certificates_of(settings)]
    except ImportError:
        return evolve(around, unchecked_stores=True)
    return evolve(around, certificates=tuple(found))


# --- files beside the configuration


def _with_config_files(around: Surroundings, config: ServerConfig) -> Surroundings:
    path = config.config_path
    if path is None:
        return around
    directory = os.path.dirname(os.path.abspath(path))
    upcoming = next_path(path)
    return evolve(
        around,
        next_file=upcoming if os.path.exists(upcoming) else None,
        newest_dynamic_file=newest_dynamic_file(path),
        readonly_config_directory=None if os.access(directory, os.W_OK | os.X_OK) else directory,
    )


def newest_dynamic_file(config_path: str) -> tuple[str, int] | None:
    """The dynamic file of the latest version beside a configuration, with that version."""
    found = []
    beside = Path(config_path)
    for file in beside.parent.glob(f"{glob.escape(beside.name)}.dynamic.*"):
        version = parse_version(file.name.rpartition(".")[2])
        if version is not None and file.name == Path(dynamic_path(beside.name, version)).name:
            found.append((version, str(file)))
    return None if not found else (max(found)[1], max(found)[0])
