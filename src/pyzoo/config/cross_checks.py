"""Rules over several settings at once that a server starts with, and its author may not have meant.

What keeps it from starting is in `refusals`.
"""

from typing import Final

from pyzoo.config.own_ports import clashes, own_ports
from pyzoo.config.problems import Findings
from pyzoo.config.settings import ServerConfig

_SLOWEST_TICK_MS: Final = 30_000
_FASTEST_TICK_MS: Final = 100
_SHORTEST_SYNC_MS: Final = 2000
_LARGE_RECORD: Final = 16 << 20


def check_settings(config: ServerConfig, findings: Findings) -> None:
    """Everything but the member list, which has a module of its own."""
    _check_times(config, findings)
    _check_ports(config, findings)
    _check_storage(config, findings)
    _check_access(config, findings)
    _check_tls(config, findings)
    if config.admin.enabled and config.admin.console.enabled:
        _check_console(config, findings)


def _check_times(config: ServerConfig, findings: Findings) -> None:
    tick = config.tick_time_ms
    if not _FASTEST_TICK_MS <= tick <= _SLOWEST_TICK_MS:
        findings.hint(f"tickTime={tick} is an unusual tick: 2000 ms is the usual one", "tickTime")
    if config.min_session_timeout_ms < tick:
        findings.warn(
            f"minSessionTimeout={config.min_session_timeout_ms} is less than a tick ({tick} ms): sessions expire at "
            f"ticks, so make it at least {2 * tick}, or tickTime smaller",
            "minSessionTimeout",
        )
    if config.max_session_timeout_ms < 2 * tick:
        findings.warn(
            f"maxSessionTimeout={config.max_session_timeout_ms} is less than 2 ticks ({2 * tick} ms): clients "
            "are given less time than a pause of the network takes",
            "maxSessionTimeout",
        )
    if config.distributed:
        _check_limits(config, findings)


def _check_limits(config: ServerConfig, findings: Findings) -> None:
    tick, init, sync = config.tick_time_ms, config.init_limit, config.sync_limit
    if init < sync:
        findings.warn(
            f"initLimit={init} is less than syncLimit={sync}: to catch up takes longer than to stay in step",
            "initLimit",
        )
    if sync * tick < _SHORTEST_SYNC_MS:
        findings.warn(
            f"syncLimit={sync} is {sync * tick} ms: a short pause makes members leave the ensemble; "
            f"make it at least {-(-_SHORTEST_SYNC_MS // tick)}",
            "syncLimit",
        )
    connect = config.quorum.connect_to_learner_master_limit
    if connect > init:
        findings.warn(
            f"connectToLearnerMasterLimit={connect} is more than initLimit={init}, which ends the attempt before",
            "connectToLearnerMasterLimit",
        )


def _check_ports(config: ServerConfig, findings: Findings) -> None:
    ports = own_ports(config)
    for one, other in clashes(ports):
        findings.warn(
            f"the {one.purpose} and the {other.purpose} are both on {other.port}: give each its own port", other.key
        )
    for port in ports:
        if port.port == 0 and port.purpose == "client port":
            findings.hint("clientPort=0 lets the system choose a port: clients cannot know it beforehand", port.key)


def _check_storage(config: ServerConfig, findings: Findings) -> None:
    if config.autopurge_purge_interval_hours == 0:
        findings.hint(
            "old snapshots and logs are never removed and fill the disk: set autopurge.purgeInterval=24, or run "
            "pyzoo purge regularly",
            "autopurge.purgeInterval",
        )
    if not config.force_sync:
        findings.warn("forceSync=no acknowledges writes that a power cut loses: leave it away", "forceSync")
    if config.snapshot_trust_empty:
        findings.warn(
            "snapshot.trust.empty=true starts from logs without a snapshot, also where the snapshots were lost: remove "
            "it after the one start that needs it",
            "snapshot.trust.empty",
        )
    if config.log_trust_cut:
        findings.warn(
            "log.trust.cut=true starts without what a newest log held that has lost its header: remove it after the "
            "one start that needs it",
            "log.trust.cut",
        )
    if not config.digest_enabled:
        findings.hint("digest.enabled=false: members do not notice when their data differs", "digest.enabled")
    if config.jute_max_buffer > _LARGE_RECORD:
        findings.hint(
            f"jute.maxbuffer={config.jute_max_buffer}: nodes this large make all clients wait; all members and clients "
            "need the same value",
            "jute.maxbuffer",
        )


def _check_access(config: ServerConfig, findings: Findings) -> None:
    if config.skip_acl:
        findings.warn("skipACL=yes lets every client read and write everything", "skipACL")
    digest = config.super_digest
    if digest is not None and (digest.count(":") != 1 or not all(digest.split(":"))):
        findings.warn(
            "DigestAuthenticationProvider.superDigest does not have the form user:base64(hash), so nobody can use it",
            "DigestAuthenticationProvider.superDigest",
        )
    if config.reconfig_enabled and not (config.skip_acl or digest or config.sasl_super_users):
        findings.hint(
            "reconfigEnabled=true: only a super user may change the members at first, and none is set; see "
            "DigestAuthenticationProvider.superDigest",
            "reconfigEnabled",
        )
    if len(config.four_letter_word_whitelist) > 1 and "wchc" in config.four_letter_word_whitelist:
        findings.hint(
            "4lw.commands.whitelist allows wchc and wchp, which are slow with many watches: name those that you need",
            "4lw.commands.whitelist",
        )


def _check_tls(config: ServerConfig, findings: Findings) -> None:
    quorum, tls = config.quorum, config.quorum_tls
    if quorum.ssl and quorum.port_unification:
        findings.hint(
            "portUnification=true lets members in that speak no TLS: remove it when all of them have sslQuorum=true",
            "portUnification",
        )
    if quorum.port_unification and not quorum.ssl:
        findings.hint(
            "portUnification=true accepts TLS, but this member dials without: the next step is sslQuorum=true",
            "portUnification",
        )
    if not (quorum.ssl or quorum.port_unification):
        return
    if not tls.hostname_verification:
        findings.warn(
            "ssl.quorum.hostnameVerification=false: any certificate of the trust store may pose as any member",
            "ssl.quorum.hostnameVerification",
        )
    if tls.client_auth != "need":
        findings.warn(
            f"ssl.quorum.clientAuth={tls.client_auth} lets members in without a certificate", "ssl.quorum.clientAuth"
        )


def _check_console(config: ServerConfig, findings: Findings) -> None:
    admin, console = config.admin, config.admin.console
    if not admin.has_console:
        findings.warn(
            f"admin.commandURL={admin.command_url} leaves no place for the console: choose another, or set "
            "admin.console=false",
            "admin.commandURL",
        )
    known = {"world", "super", *config.auth_providers, *(each.scheme for each in config.custom_auth_providers)}
    for name, listed in (("readers", console.readers), ("writers", console.writers)):
        for scheme in sorted({scheme for scheme, _ in listed} - known):
            findings.warn(
                f"admin.console.{name} names the scheme {scheme}, which no provider is for: nobody has such an id",
                f"admin.console.{name}",
            )
    if ("world", "anyone") in console.writers:
        findings.warn(
            "admin.console.writers has world:anyone: whoever reaches the console may change what ACLs leave open",
            "admin.console.writers",
        )
    if console.remote and not admin.force_https:
        findings.hint(
            "admin.console.remote=true without admin.forceHttps=true: passwords can be read on their way",
            "admin.console.remote",
        )
