"""EnsembleAuthenticationProvider: clients say which ensemble they mean."""

from typing import final

from pyzoo.server.auth.provider import CLOSE, OK, AuthenticationProvider, AuthOutcome
from pyzoo.server.metrics import ServerMetrics


@final
class EnsembleAuthenticationProvider(AuthenticationProvider):
    """Clients name the ensemble that they mean; a wrong name closes the connection."""

    def __init__(self, names: frozenset[str], metrics: ServerMetrics) -> None:
        self.scheme = "ensemble"
        self.names = names
        self.metrics = metrics

    def authenticate(self, data: bytes | None, address: str, certificate: bytes) -> AuthOutcome:
        if not data or not self.names:
            self.metrics.ensemble_auth_skip += 1
        elif data.decode("utf-8", "replace") in self.names:
            self.metrics.ensemble_auth_success += 1
        else:
            self.metrics.ensemble_auth_fail += 1
            return AuthOutcome(CLOSE, [])
        return AuthOutcome(OK, [])

    def is_authenticated(self) -> bool:
        return False

    def is_valid(self, id: str) -> bool:
        return False

    def matches(self, id: str, acl_id: str) -> bool:
        return False
