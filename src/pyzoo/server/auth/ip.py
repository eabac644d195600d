"""IPAuthenticationProvider: addresses of clients."""

from typing import Final, final

from pyzoo.jute.records import Id
from pyzoo.server.auth.provider import OK, AuthenticationProvider, AuthOutcome


@final
class IPAuthenticationProvider(AuthenticationProvider):
    """Addresses, with an optional number of leading bits."""

    def __init__(self) -> None:
        self.scheme = "ip"
        self._networks: dict[str, tuple[int, int, int] | None] = {}

    def authenticate(self, data: bytes | None, address: str, certificate: bytes) -> AuthOutcome:
        return AuthOutcome(OK, [])

    def authenticate_operator(self, data: bytes | None, address: str, certificate: bytes) -> list[Id]:
        return [Id("ip", address)]

    def is_authenticated(self) -> bool:
        return False

    def is_valid(self, id: str) -> bool:
        return _parse_network(id) is not None

    def matches(self, id: str, acl_id: str) -> bool:
        network = self._network(acl_id)
        own = self._network(id.split("%", 1)[0])
        if network is None or own is None or network[1] != own[1]:
            return False
        drop = own[1] - network[2]
        return own[0] >> drop == network[0] >> drop

    def _network(self, text: str) -> tuple[int, int, int] | None:
        """An address or a network, which is read once for very many checks."""
        if text in self._networks:
            return self._networks[text]
        if len(self._networks) >= _MOST_KNOWN:
            self._networks.clear()
        network = _parse_network(text)
        self._networks[text] = network
        return network


_MOST_KNOWN: Final = 1 << 16


def _java_int(text: str) -> int | None:
    """Integer.parseInt: a sign and digits, of any script, nothing else."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits.isdecimal() or len(digits) > 10:
        return None
    return int(text)


def _parse_address(text: str) -> tuple[int, int] | None:
    """(value, bits) of an address as IPAuthenticationProvider reads it, or None."""
    if ":" in text:
        return _parse_ipv6(text)
    parts = text.split(".")
    if len(parts) != 4:
        return None
    value = 0
    for part in parts:
        octet = _java_int(part)
        if octet is None or not 0 <= octet <= 255:
            return None
        value = value << 8 | octet
    return value, 32


def _parse_ipv6(text: str) -> tuple[int, int] | None:
    halves = text.split("::")
    if len(halves) > 2:
        return None
    groups: list[list[int]] = []
    for half in halves:
        parsed: list[int] = []
        for group in half.split(":") if half else []:
            value = _parse_group(group)
            if value is None:
                return None
            parsed.append(value)
        groups.append(parsed)
    if len(halves) == 2:
        missing = 8 - len(groups[0]) - len(groups[1])
        if missing < 1:
            return None
        groups[0] += [0] * missing + groups[1]
    if len(groups[0]) != 8:
        return None
    value = 0
    for group_value in groups[0]:
        value = value << 16 | group_value
    return value, 128


def _parse_group(text: str) -> int | None:
    """One to four characters of signed hex: the sign is a quirk that Apache accepts."""
    if not 1 <= len(text) <= 4:
        return None
    digits = text[1:] if text[0] in "+-" else text
    if not digits:
        return None
    for character in digits:
        if character not in "0123456789abcdefABCDEF":
            return None
    return int(text, 16) & 0xFFFF


def _parse_network(text: str) -> tuple[int, int, int] | None:
    """(value, bits of the family, bits to compare), or None when it is not valid."""
    address, slash, bits_text = text.partition("/")
    parsed = _parse_address(address)
    if parsed is None:
        return None
    bits: int | None = parsed[1]
    if slash:
        bits = _java_int(bits_text)
    if bits is None or not 0 <= bits <= parsed[1]:
        return None
    return parsed[0], parsed[1], bits
