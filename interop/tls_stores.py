"""The stores that tests of TLS share: one authority that servers trust, and identities good and bad."""

from pathlib import Path

from attrs import frozen

from interop.certificates import EXPIRED, NOT_YET_VALID, Authority, Identity

GOOD, WRONG_CA, EXPIRED_ONE, EARLY, WRONG_HOST = "good", "wrong-ca", "expired", "not-yet-valid", "wrong-host"


@frozen
class TlsStores:
    """A directory of them. `identities` has one for each thing that may be wrong; each has a PEM file of its name."""

    home: Path
    authority: Authority
    stranger: Authority
    identities: dict[str, Identity]

    @classmethod
    def create(cls, home: Path) -> "TlsStores":
        authority, stranger = Authority(), Authority("stranger")
        identities = {
            GOOD: authority.issue("client"),
            WRONG_CA: stranger.issue("client"),
            EXPIRED_ONE: authority.issue("client", days=EXPIRED),
            EARLY: authority.issue("client", days=NOT_YET_VALID),
            WRONG_HOST: authority.issue("client", hosts=("192.0.2.1", "elsewhere.example")),
        }
        for name, identity in identities.items():
            identity.write_pem(home / f"{name}.pem")
        authority.issue("server").write_pem(home / "server.pem")
        authority.write_pem(home / "ca.pem")
        stranger.write_pem(home / "stranger.pem")
        return cls(home, authority, stranger, identities)

    def pem(self, name: str) -> Path:
        """The key and certificates of an identity, or `ca` and `stranger`, which are authorities."""
        return self.home / f"{name}.pem"

    def lines(self, prefix: str = "ssl", key_store: str = "server", **settings: str) -> dict[str, str]:
        """Lines of zoo.cfg: both stores, and settings by the rest of their names."""
        return {
            f"{prefix}.keyStore.location": str(self.pem(key_store)),
            f"{prefix}.trustStore.location": str(self.pem("ca")),
            **{f"{prefix}.{name}": value for name, value in settings.items()},
        }


def client_settings(stores: TlsStores, key_store: str = "good.pem", trust_store: str = "ca.pem") -> dict[str, str]:
    """What the Java client is told to do TLS with files of these; an empty one is left out."""
    return {
        "zookeeper.client.secure": "true",
        "zookeeper.clientCnxnSocket": "org.apache.zookeeper.ClientCnxnSocketNetty",
        "zookeeper.ssl.keyStore.location": str(stores.home / key_store) if key_store else "",
        "zookeeper.ssl.trustStore.location": str(stores.home / trust_store),
    }
