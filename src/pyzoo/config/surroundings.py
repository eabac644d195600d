"""Rules about a configuration and the machine that it is for: directories, ports, names, stores, files.

What there is has been looked up by the caller (`runtime.look_around`) and comes as plain facts; here is only what it
means. Refusals are texts of the code that a starting server runs.
"""

from typing import Final

from attrs import frozen

from pyzoo.config.dynamic_files import needs_backup
from pyzoo.config.own_ports import OwnPort
from pyzoo.config.problems import Findings
from pyzoo.config.settings import ServerConfig

SOON_DAYS: Final = 30
LITTLE_SPACE_BYTES: Final = 1 << 30
FIRST_UNPRIVILEGED: Final = 1024


@frozen
class DirectoryFacts:
    """A data directory: `key` names it, `holder` says who uses it, `pid_of_script` is what zkServer.sh runs there."""

    key: str
    path: str
    exists: bool
    device: int | None = None
    free_bytes: int | None = None
    holder: str | None = None
    pid_of_script: int | None = None


@frozen
class CertificateFacts:
    """The first certificate of a key store, or one of a trust store; days count from now, and are below 0 before."""

    key: str
    path: str
    subject: str
    begins: str
    ends: str
    days_to_begin: float
    days_to_end: float


@frozen
class Refusal:
    """What a server would say and end, or, where it is not `vital`, go on without; `key` is what it is about."""

    key: str | None
    message: str
    vital: bool = True


@frozen
class Surroundings:
    """All that was looked up; what was not is empty."""

    directories: tuple[DirectoryFacts, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    data_warnings: tuple[str, ...] = ()
    busy_ports: tuple[tuple[OwnPort, str], ...] = ()
    unknown_hosts: tuple[tuple[str, str, str], ...] = ()  # key, host, reason
    certificates: tuple[CertificateFacts, ...] = ()
    unchecked_stores: bool = False
    next_file: str | None = None
    newest_dynamic_file: tuple[str, int] | None = None  # path, version
    readonly_config_directory: str | None = None
    open_login_file: str | None = None


def check_surroundings(config: ServerConfig, around: Surroundings, findings: Findings) -> None:
    """Say what the facts mean for a server with this configuration."""
    for refusal in around.refusals:
        (findings.error if refusal.vital else findings.warn)(refusal.message, refusal.key)
    _check_directories(config, around, findings)
    for warning in around.data_warnings:
        findings.warn(warning, "dataDir")
    _check_ports(config, around, findings)
    for key, host, reason in around.unknown_hosts:
        # Only a member of another name may be known later.
        note = findings.error if key == "clientPortAddress" else findings.hint
        note(f"{host} is not known on this machine: {reason}; is it spelled right, and in the DNS?", key)
    if around.open_login_file is not None:
        findings.hint(
            f"everybody on this machine can read the passwords in {around.open_login_file}: chmod o-r",
            "java.security.auth.login.config",
        )
    _check_certificates(around, findings)
    _check_dynamic_files(config, around, findings)


def _check_directories(config: ServerConfig, around: Surroundings, findings: Findings) -> None:
    for directory in around.directories:
        if directory.holder is not None:
            findings.error(directory.holder, directory.key)
        elif directory.pid_of_script is not None:
            findings.warn(
                f"{directory.path} seems to be in use: zookeeper_server.pid names the running process "
                f"{directory.pid_of_script}; "
                "stop that server first",
                directory.key,
            )
        if directory.free_bytes is not None and directory.free_bytes < LITTLE_SPACE_BYTES:
            findings.warn(
                f"{directory.path} has {directory.free_bytes >> 20} MB left: a full disk stops all writes",
                directory.key,
            )
    devices = [directory.device for directory in around.directories if directory.device is not None]
    if config.data_log_dir == config.data_dir:
        if config.distributed:
            findings.hint(
                "transaction logs and snapshots are in one directory: with dataLogDir on a disk of its own the logs do "
                "not wait for snapshots",
                "dataLogDir",
            )
    elif len(devices) > 1 and len(set(devices)) == 1:
        findings.hint(
            "dataLogDir is on the same disk as dataDir, so writing a snapshot slows the logs down", "dataLogDir"
        )


def _check_ports(config: ServerConfig, around: Surroundings, findings: Findings) -> None:
    for port, reason in around.busy_ports:
        if port.vital and port.at_start:
            findings.error(reason, port.key)
        elif port.vital:
            findings.warn(f"{reason}: without its {port.purpose} the server does not do all of its part", port.key)
        else:
            findings.warn(f"{reason}: the server goes on without the {port.purpose}", port.key)
    low = config.client_port
    if low is not None and 0 < low < FIRST_UNPRIVILEGED:
        findings.hint(f"clientPort={low} can be opened by root only", "clientPort")


def _check_certificates(around: Surroundings, findings: Findings) -> None:
    if around.unchecked_stores:
        findings.hint("whether certificates have expired is not checked: that needs pip install cryptography")
    for certificate in around.certificates:
        fault = certificate_fault(certificate)
        if fault is not None:
            findings.warn(fault, certificate.key)
        elif certificate.days_to_end < SOON_DAYS:
            findings.warn(f"{_named(certificate)} expires on {certificate.ends}: renew it soon", certificate.key)


def certificate_fault(certificate: CertificateFacts) -> str | None:
    """Why nobody accepts a certificate now, None where its time is."""
    if certificate.days_to_end < 0:
        return f"{_named(certificate)} has expired on {certificate.ends}, so others refuse it: renew it"
    if certificate.days_to_begin > 0:
        return f"{_named(certificate)} is not valid before {certificate.begins}"
    return None


def _named(certificate: CertificateFacts) -> str:
    return f"the certificate of {certificate.subject} in {certificate.path}"


def _check_dynamic_files(config: ServerConfig, around: Surroundings, findings: Findings) -> None:
    newest = around.newest_dynamic_file
    if newest is not None and newest[1] > config.membership.version:
        if needs_backup(config.initial_config):
            findings.warn(
                f"the members that a reconfiguration has left in {newest[0]} are forgotten here: "
                f"write dynamicConfigFile={newest[0]} in place of server lines",
                "dynamicConfigFile",
            )
        else:
            findings.warn(
                f"there are newer members in {newest[0]}: dynamicConfigFile should name it, or it should go",
                "dynamicConfigFile",
            )
    if around.next_file is not None:
        findings.hint(
            f"{around.next_file} is there: a reconfiguration was under way when the server stopped, and goes on",
            "dynamicConfigFile",
        )
    if around.readonly_config_directory is not None and config.reconfig_enabled:
        findings.warn(
            f"{around.readonly_config_directory} cannot be written: reconfigEnabled=true keeps the members there",
            "reconfigEnabled",
        )
