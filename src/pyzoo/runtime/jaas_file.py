"""The JAAS file of a server: where it is, and what its sections say."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlparse

from pyzoo.config.jaas import LoginModule, Sections, parse_jaas
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError
from pyzoo.runtime.environment import user_name

LOGIN_CONFIG: Final = "java.security.auth.login.config"

Modules = tuple[LoginModule, ...]


def login_sections(config: ServerConfig) -> Sections:
    """The sections of the JAAS file; raises ConfigError where it cannot be read or understood."""
    path = login_config(config)
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path) from error
    return parse_jaas(text, path, java_properties(config.properties))


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
    """The path of the file; the JDK takes a URL too, and `=` before it."""
    given = (config.sasl_login_config or "").removeprefix("=")
    parsed = urlparse(given)
    return unquote(parsed.path) if parsed.scheme == "file" else given


def section_of(config: ServerConfig, name: str) -> Modules:
    """The modules of a section that has to be there; raises ConfigError."""
    modules = login_sections(config).get(name)
    if modules is None:
        raise ConfigError(f"it has no section {name}", login_config(config))
    return modules
