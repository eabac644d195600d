"""JAAS files: where that of a server is, and what sections give: users of DIGEST-MD5, or keys of Kerberos."""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlparse

from pyzoo.config.jaas import DIGEST_MODULE, KERBEROS_MODULE, LoginModule, Sections, parse_jaas, users_of
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError
from pyzoo.runtime.environment import user_name
from pyzoo.runtime.logins.kerberos import Keys, use_krb5_conf

LOGIN_CONFIG: Final = "java.security.auth.login.config"

Modules = tuple[LoginModule, ...]


def login_sections(config: ServerConfig) -> Sections:
    """The sections of a server's file; raises ConfigError where it cannot be read or understood."""
    return sections_in(login_config(config), config.properties, config.kerberos.krb5_conf)


def sections_in(path: str, properties: Mapping[str, str], krb5_conf: str | None) -> Sections:
    """The sections of a file that may name these properties; raises ConfigError as above.

    Kerberos is told where its configuration is, for what stands in the file may ask it.
    """
    use_krb5_conf(krb5_conf)
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path) from error
    return parse_jaas(text, path, java_properties(properties))


def java_properties(given: Mapping[str, str]) -> dict[str, str]:
    """System properties that a file may name: those given, and those that every JVM has and that make sense here."""
    own = {
        "file.separator": "/",
        "java.io.tmpdir": "/tmp",
        "path.separator": ":",
        "user.dir": os.getcwd(),
        "user.home": os.path.expanduser("~"),
        "user.name": user_name(),
    }
    return {**own, **given}


def login_config(config: ServerConfig) -> str:
    """The path of a server's file."""
    return path_of(config.sasl_login_config or "")


def path_of(given: str) -> str:
    """The path that a property means; the JDK takes a URL too, and `=` before it."""
    given = given.removeprefix("=")
    parsed = urlparse(given)
    return unquote(parsed.path) if parsed.scheme == "file" else given


def section_of(config: ServerConfig, name: str) -> Modules:
    """The modules of a section that has to be there; raises ConfigError."""
    modules = login_sections(config).get(name)
    if modules is None:
        raise ConfigError(f"it has no section {name}", login_config(config))
    return modules


def open_login_file(config: ServerConfig) -> str | None:
    """The file, where it has passwords that everybody may read."""
    if config.sasl_login_config is None:
        return None
    path = login_config(config)
    with suppress(OSError, ConfigError):
        passwords = any(
            name == "password" or name.startswith("user_")
            for modules in login_sections(config).values()
            for module in modules
            for name in module.options
        )
        return path if passwords and os.stat(path).st_mode & stat.S_IROTH else None
    return None


def is_kerberos(modules: Modules) -> bool:
    """Whether a login is by Kerberos; one module for that is enough."""
    return any(module.name == KERBEROS_MODULE for module in modules)


def refuse_other_modules(path: str, modules: Modules) -> None:
    """Raise ConfigError for classes that are not here."""
    for module in modules:
        if module.name not in (DIGEST_MODULE, KERBEROS_MODULE):
            raise ConfigError(
                f"there is no login module {module.name} here, only {DIGEST_MODULE} and {KERBEROS_MODULE}",
                path,
            )


def users_in(path: str, modules: Modules, name: str) -> dict[str, str]:
    """The users of a section with their passwords; raises ConfigError where there are none."""
    refuse_other_modules(path, modules)
    users = users_of(modules)
    if not users:
        raise ConfigError(f"{name} names no user_NAME, so that nobody could log in", path)
    return users


def server_keys(path: str, modules: Modules, name: str) -> Keys:
    """The keys of a service; raises ConfigError where the section could not give them."""
    options = _kerberos_options(path, modules)
    principal = _principal(path, options, name)
    service, slash, host = principal.partition("@")[0].partition("/")
    if not (service and slash and host):
        raise ConfigError(f"{name}: principal={principal} has to be service/host", path)
    for option in ("useKeyTab", "storeKey"):
        if not _is_true(options, option):
            raise ConfigError(f"{name}: a server needs {option}=true", path)
    return Keys(principal, keytab=_path(options.get("keyTab", "")))


def client_keys(path: str, modules: Modules, name: str) -> Keys:
    """The keys or the tickets of somebody who logs in; raises ConfigError as `server_keys`."""
    options = _kerberos_options(path, modules)
    if _is_true(options, "useTicketCache"):
        # Without a principal it is whoever has the tickets.
        return Keys(options.get("principal", ""), ticket_cache=options.get("ticketCache", ""))
    if not _is_true(options, "useKeyTab"):
        raise ConfigError(f"{name}: useKeyTab=true or useTicketCache=true is needed", path)
    return Keys(_principal(path, options, name), keytab=_path(options.get("keyTab", "")))


def user_and_password(path: str, modules: Modules, name: str) -> tuple[str, str]:
    """Who logs in by DIGEST-MD5; raises ConfigError where that is missing."""
    refuse_other_modules(path, modules)
    options = {option: value for module in modules for option, value in module.options.items()}
    if "username" not in options or "password" not in options:
        raise ConfigError(f"{name} needs username and password", path)
    return options["username"], options["password"]


def _kerberos_options(path: str, modules: Modules) -> Mapping[str, str]:
    refuse_other_modules(path, modules)
    return next(module.options for module in modules if module.name == KERBEROS_MODULE)


def _principal(path: str, options: Mapping[str, str], name: str) -> str:
    principal = options.get("principal", "*")
    if principal == "*":
        raise ConfigError(f"{name}: principal is needed", path)
    return principal


def _is_true(options: Mapping[str, str], name: str) -> bool:
    return options.get(name, "").lower() == "true"


def _path(keytab: str) -> str:
    """A keytab as the library takes it; Java's login module takes `file:` before it."""
    return keytab[5:] if keytab.lower().startswith("file:") else keytab
