"""What servers are set to wherever a framework makes them for tests, pytest or unittest."""

import uuid
from typing import Final

from kazoo.security import make_digest_acl_credential

from pyzoo.config.python_settings import PropertyValue

#: Reports of failed tests show who changed what.
AUDIT: Final[dict[str, PropertyValue]] = {"audit.enable": True}
#: Who may remove what tests leave behind on a server that they share, whatever its ACLs are.
SUPER_AUTH: Final = ("digest", f"super:{uuid.uuid4().hex}")


def super_digest() -> dict[str, str]:
    """The setting that lets in who has SUPER_AUTH."""
    digest = make_digest_acl_credential(*SUPER_AUTH[1].split(":"))
    return {"zookeeper.DigestAuthenticationProvider.superDigest": digest}
