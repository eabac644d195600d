"""`pyzoo cli`: the shell. Its words are read as zkCli reads them, not as click does."""

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pyzoo.shell.security import Security, ServerTls


class ForeignCommand(click.Command):
    """A command that gets all its words as they are."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        context.args = list(args)
        return []


@click.command("cli", cls=ForeignCommand, short_help="The shell of zkCli.sh, and more.")
@click.pass_context
def cli(context: click.Context) -> None:
    """The shell of zkCli.sh, and more."""
    from pyzoo.shell.main import main

    sys.exit(main(context.args, client_security))


def client_security(properties: dict[str, str], path: str | None) -> "Security":
    """What a client configuration asks for; raises ConfigError."""
    from pyzoo.runtime.logins.shell_login import shell_login
    from pyzoo.shell.security import Security

    return Security(server_tls(properties, path), shell_login(properties))


def server_tls(properties: dict[str, str], path: str | None) -> "ServerTls | None":
    """TLS with servers, None unless zookeeper.client.secure is true; raises ConfigError."""
    from pyzoo.config.java_numbers import parse_boolean

    if not parse_boolean(properties.get("zookeeper.client.secure")):
        return None
    from pyzoo.config.reader import ConfigReader
    from pyzoo.config.tls_settings import read_tls
    from pyzoo.errors import ConfigError
    from pyzoo.runtime.tls.contexts import make_context, refuse_revoked
    from pyzoo.shell.security import ServerTls

    settings = read_tls(ConfigReader({}, path, properties), "ssl.")
    if not settings.trust_store.location:
        raise ConfigError("zookeeper.client.secure=true needs zookeeper.ssl.trustStore.location too", path)
    return ServerTls(make_context(settings, server_side=False), refuse_revoked(settings))
