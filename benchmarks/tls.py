"""Keys and certificates of a load over TLS, made by openssl, and the lines of zoo.cfg that use them."""

import subprocess
from pathlib import Path

from attrs import frozen

ZOO_CFG = """secureClientPort={port}
secureClientPortAddress=127.0.0.1
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
ssl.keyStore.location={directory}/server.pem
ssl.trustStore.location={directory}/ca.pem
"""


@frozen
class TlsFiles:
    """A directory with an authority and what it has signed: RSA keys of 2048 bits, as most have."""

    directory: Path

    @property
    def client(self) -> Path:
        return self.directory / "client.pem"

    def zoo_cfg(self, port: int) -> str:
        return ZOO_CFG.format(port=port, directory=self.directory)

    @classmethod
    def create(cls, directory: Path) -> "TlsFiles":
        directory.mkdir(parents=True, exist_ok=True)
        new_key = ("-newkey", "rsa:2048", "-nodes")
        _openssl(directory, "req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
        for name in ("server", "client"):
            _openssl(
                directory, "req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"
            )
            signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", f"{name}.crt")
            _openssl(directory, "x509", "-req", "-in", f"{name}.csr", *signed)
            _openssl(directory, "pkcs8", "-topk8", "-nocrypt", "-in", f"{name}.key", "-out", f"{name}.p8")
            both = (directory / f"{name}.p8").read_text() + (directory / f"{name}.crt").read_text()
            (directory / f"{name}.pem").write_text(both)
        return cls(directory)


def _openssl(directory: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)
