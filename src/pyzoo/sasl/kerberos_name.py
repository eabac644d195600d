"""Names of Kerberos, `service/host@REALM`, and the short names that rules make of them (auth.KerberosName)."""

import re
from typing import Final, final

from attrs import frozen

from pyzoo.errors import ProtocolViolation

_NAME: Final = re.compile(r"([^/@]*)(?:/([^/@]*))?@([^/@]*)")
_RULE: Final = re.compile(r"\s*(?:(DEFAULT)|RULE:\[(\d*):([^\]]*)\](?:\(([^)]*)\))?(?:s/([^/]*)/([^/]*)/(g)?)?)")
_PARAMETER: Final = re.compile(r"\$(\d*)")
_GROUP: Final = re.compile(r"\\(.)|\$(\d)")
_NOT_SHORT: Final = re.compile(r"[/@]")


@frozen
class KerberosName:
    """The parts of a name; without a realm all of it is the service."""

    service: str
    host: str | None = None
    realm: str | None = None


def parse_name(text: str) -> KerberosName | None:
    """None for text with a realm and anything else that a name does not have."""
    found = _NAME.fullmatch(text)
    if found is not None:
        return KerberosName(*found.groups())
    return None if "@" in text else KerberosName(text)


@frozen
class Rule:
    """One rule of auth_to_local; the rule DEFAULT has no pattern of a name."""

    components: int = -1
    form: str = ""
    match: re.Pattern[str] | None = None
    wanted: re.Pattern[str] | None = None
    instead: str = ""
    repeats: bool = False

    def apply(self, name: KerberosName, default_realm: str) -> str | None:
        """The short name, None where this rule is not for that name."""
        if self.components < 0:
            return name.service if name.realm == default_realm else None
        parts = [name.realm or "", name.service, *([] if name.host is None else [name.host])]
        if len(parts) - 1 != self.components:
            return None
        base = _PARAMETER.sub(lambda found: parts[int(found.group(1))] if found.group(1) else "", self.form)
        if self.match is not None and self.match.fullmatch(base) is None:
            return None
        return base if self.wanted is None else self.wanted.sub(self.instead, base, 0 if self.repeats else 1)


def parse_rules(text: str) -> tuple[Rule, ...]:
    """The rules of security.auth_to_local; raises ValueError that names the first one that is wrong."""
    rules = []
    rest = text.strip()
    while rest:
        found = _RULE.match(rest)
        if found is None:
            raise ValueError(f"there is no rule in {rest!r}")
        rules.append(_rule(found))
        rest = rest[found.end() :]
    return tuple(rules)


def _rule(found: re.Match[str]) -> Rule:
    default, count, form, match, wanted, instead, repeats = found.groups()
    if default:
        return Rule()
    try:
        components = int(count or "x")
        if any(int(number) > components for number in _PARAMETER.findall(form) if number):
            raise ValueError("it names a part that is not there")
        replaced = None if wanted is None else re.compile(wanted)
        if replaced is not None and any(int(number or 0) > replaced.groups for _, number in _GROUP.findall(instead)):
            raise ValueError("its replacement names a group that is not there")
        return Rule(
            components,
            form,
            None if match is None else re.compile(match),
            replaced,
            "" if instead is None else _GROUP.sub(_python_group, instead),
            repeats is not None,
        )
    except (re.error, ValueError) as error:
        raise ValueError(f"{found.group().strip()!r}: {error}") from error


def _python_group(found: re.Match[str]) -> str:
    """A group in Java's replacement, `$1`, as Python writes it."""
    escaped, number = found.groups()
    return f"\\g<{number}>" if number else escaped.replace("\\", "\\\\")


@final
class ClientNames:
    """Which id a client has who has logged in under a name (auth.SaslServerCallbackHandler)."""

    def __init__(self, rules: tuple[Rule, ...], default_realm: str, drops_host: bool, drops_realm: bool) -> None:
        self._rules = rules
        self._default_realm = default_realm
        self._drops_host = drops_host
        self._drops_realm = drops_realm

    def authorize(self, authentication_id: str, authorization_id: str) -> str:
        """The id for a name that is proved; what else a client wants to be is passed over.

        Where no rule is for the name, the id is the name that is proved. Raises ProtocolViolation for a name that
        cannot be.
        """
        name = parse_name(authentication_id)
        if name is None:
            raise ProtocolViolation(f"{authentication_id!r} is not a name of Kerberos")
        short = self._short_name(name)
        if short is None:
            return authentication_id
        host = "" if name.host is None or self._drops_host else f"/{name.host}"
        realm = "" if name.realm is None or self._drops_realm else f"@{name.realm}"
        return short + host + realm

    def _short_name(self, name: KerberosName) -> str | None:
        if name.realm is None:
            return name.service
        for rule in self._rules:
            short = rule.apply(name, self._default_realm)
            if short is not None:
                return None if _NOT_SHORT.search(short) else short
        return None
