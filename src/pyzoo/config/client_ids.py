"""From keys to the rule that takes the ids of clients from the alternative names of their certificates."""

import re
from typing import Final

from pyzoo.certificates.client_ids import AlternativeNameRule
from pyzoo.config.java_regex import java_pattern
from pyzoo.config.reader import ConfigReader
from pyzoo.errors import ConfigError

_TYPE: Final = "X509AuthenticationProvider.clientCertIdType"
_KIND: Final = "X509AuthenticationProvider.clientCertIdSanMatchType"
_MATCH: Final = "X509AuthenticationProvider.clientCertIdSanMatchRegex"
_EXTRACT: Final = "X509AuthenticationProvider.clientCertIdSanExtractRegex"
_GROUP: Final = "X509AuthenticationProvider.clientCertIdSanExtractMatcherGroupIndex"
_LARGEST_KIND: Final = 8


def read_client_ids(reader: ConfigReader) -> AlternativeNameRule | None:
    """The rule, None where clients are called by the subject; raises ConfigError where it can give nobody an id."""
    wanted, kind, group = reader.text(_TYPE), reader.integer(_KIND), reader.bounded_integer(_GROUP)
    match, extract = _pattern(reader, _MATCH), _pattern(reader, _EXTRACT)
    if not wanted:
        return None
    if wanted.upper() != "SAN":
        raise reader.error(f"{_TYPE}={wanted} is unknown: choose SAN, or leave it out for the subject", _TYPE)
    if reader.given(_KIND) is None or not 0 <= kind <= _LARGEST_KIND:
        raise reader.error(
            f"{_KIND} has to be one of 0 to {_LARGEST_KIND}: 1 for mail addresses, 2 for host names, 6 for URIs", _KIND
        )
    if group > extract.groups:
        raise reader.error(f"{_GROUP}={group}: {_EXTRACT} has only {extract.groups} groups", _GROUP)
    return AlternativeNameRule(kind, match, extract, group)


def _pattern(reader: ConfigReader, name: str) -> re.Pattern[str]:
    try:
        return java_pattern(reader.text(name))
    except ConfigError as error:
        raise reader.error(f"{name}: {error}", name) from error
