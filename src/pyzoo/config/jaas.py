"""JAAS login configurations, as far as DIGEST-MD5 needs them.

QuorumServer {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    user_zk1="secret";
};
"""

import re

from pyzoo.errors import ConfigError

_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/|^\s*#[^\n]*', re.DOTALL | re.MULTILINE)
_SECTION = re.compile(r'([\w.$-]+|"[^"]*")\s*\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}\s*;')
_OPTION = re.compile(r'([\w.$-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')


def parse_jaas(text: str, path: str) -> dict[str, dict[str, str]]:
    """The options of every section by its name; raises ConfigError where there is no section at all."""
    plain = _COMMENT.sub(lambda found: found.group(1) or " ", text)
    sections: dict[str, dict[str, str]] = {}
    for name, body in _SECTION.findall(plain):
        options = {key: re.sub(r"\\(.)", r"\1", quoted) or bare for key, quoted, bare in _OPTION.findall(body)}
        sections[name.strip('"')] = options
    if not sections:
        raise ConfigError("it has no login section of the form NAME { module required ...; };", path)
    return sections


def users_of(section: dict[str, str]) -> dict[str, str]:
    """Names and passwords that a server section knows."""
    return {key.removeprefix("user_"): value for key, value in section.items() if key.startswith("user_")}
