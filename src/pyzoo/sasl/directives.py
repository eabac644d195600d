"""The directives of DIGEST-MD5's tokens, `name=value, name="value"`, read as strictly as Java's SASL reads them."""

from typing import Final

from pyzoo.errors import SaslFailure

_BLANKS: Final = b" \t\r\n"
_ONCE: Final = frozenset(
    [
        *("username", "realm", "nonce", "cnonce", "nonce-count", "qop", "digest-uri"),
        *("response", "maxbuf", "charset", "cipher", "authzid", "auth-param"),
    ]
)
"""What Java's server reads; it passes over all others, `nc` among them."""


def parse_directives(token: bytes) -> dict[str, bytes]:
    """The values by their names in lower case; of those that Java does not know the first. Raises SaslFailure."""
    found: dict[str, bytes] = {}
    at = _skip_blanks(token, 0)
    while at < len(token):
        if token[at] == ord(","):
            at = _skip_blanks(token, at + 1)
            continue
        name, at = _name(token, at)
        value, at = _value(token, at)
        if name not in found:
            found[name] = value
        elif name in _ONCE:
            raise SaslFailure(f"a token has more than one {name}")
    return found


def quoted(value: str) -> bytes:
    """A value as it stands in a token."""
    return b'"' + value.encode("utf-8", "replace").replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _skip_blanks(token: bytes, at: int) -> int:
    while at < len(token) and token[at] in _BLANKS:
        at += 1
    return at


def _name(token: bytes, begin: int) -> tuple[str, int]:
    """The name of a directive, and where its value begins."""
    at = begin
    while at < len(token) and token[at] not in b",= \t\r\n":
        at += 1
    equals = _skip_blanks(token, at)
    if at == begin or equals == len(token) or token[equals] != ord("="):
        raise SaslFailure("a token has a directive without a name or without a value")
    start = _skip_blanks(token, equals + 1)
    if start == len(token):
        raise SaslFailure("a token ends where a value should begin")
    return token[begin:at].decode("latin-1").lower(), start


def _value(token: bytes, at: int) -> tuple[bytes, int]:
    """A value, and where the next directive begins."""
    if token[at] == ord('"'):
        value, at = _quoted_value(token, at + 1)
        if at < len(token) and token[at] not in b", \t\r\n":
            raise SaslFailure("a token has something behind a quoted value")
    else:
        begin = at
        while at < len(token) and token[at] not in b", \t\r\n":
            at += 1
        value = token[begin:at]
    return value, _skip_blanks(token, at + 1)


def _quoted_value(token: bytes, at: int) -> tuple[bytes, int]:
    value = bytearray()
    while at < len(token):
        byte = token[at]
        at += 1
        if byte == ord('"'):
            return bytes(value), at
        if byte == ord("\\"):
            if at == len(token):
                break
            byte = token[at]
            at += 1
        value.append(byte)
    raise SaslFailure("a token ends in a quoted value")
