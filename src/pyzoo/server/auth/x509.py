"""X509AuthenticationProvider: clients are who their certificates say.

That a certificate is good the TLS handshake has found out; here it only gets its id.
"""

import logging
from typing import Final, final

from pyzoo.certificates.certificate import subject
from pyzoo.certificates.client_ids import AlternativeNameRule
from pyzoo.certificates.name_syntax import is_distinguished_name
from pyzoo.errors import MalformedRecord
from pyzoo.jute.records import Id
from pyzoo.server.auth.provider import OK, REFUSED, SUPER, AuthenticationProvider, AuthOutcome

logger: Final = logging.getLogger(__name__)

MOST_KNOWN: Final = 64
"""So many certificates are kept with their ids."""


@final
class X509AuthenticationProvider(AuthenticationProvider):
    """The subject of a certificate as X500Principal.getName() writes it, or what `rule` takes of its other names."""

    def __init__(self, super_user: str | None, rule: AlternativeNameRule | None = None) -> None:
        self.scheme = "x509"
        self.super_user = super_user
        self.rule = rule
        self._known: dict[bytes, str] = {}

    def authenticate(self, data: bytes | None, address: str, certificate: bytes) -> AuthOutcome:
        if not certificate:
            logger.warning("%s has no certificate to authenticate with", address)
            return REFUSED
        try:
            id = self._id_of(certificate)
        except MalformedRecord as error:
            logger.error("The certificate of %s gives it no id: %s", address, error)
            return REFUSED
        ids = [Id("x509", id)]
        if id == self.super_user:
            ids.insert(0, Id(SUPER, id))
        return AuthOutcome(OK, ids)

    def _id_of(self, certificate: bytes) -> str:
        """Raises MalformedRecord; clients of one application often share a certificate, so it is kept for the next."""
        id = self._known.get(certificate)
        if id is None:
            id = subject(certificate) if self.rule is None else self.rule.client_id(certificate)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[certificate] = id
        return id

    def authenticate_operator(self, data: bytes | None, address: str, certificate: bytes) -> list[Id]:
        return self.authenticate(data, address, certificate).ids

    def is_valid(self, id: str) -> bool:
        # Alternative names are no distinguished names.
        return self.rule is not None or is_distinguished_name(id)

    def matches(self, id: str, acl_id: str) -> bool:
        return id == acl_id or id == self.super_user

    def table(self, ids: list[str]) -> set[str] | None:
        return None if self.super_user is not None and self.super_user in ids else set(ids)
