"""Updates of the keys of TLS 1.3, written down here (RFC 8446, 4.6.3 and 7.2).

Neither Python nor openssl's client sends more than one at a time. They begin with the secret that OpenSSL tells of a
handshake.
"""

import ssl
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from pyzoo.config.tls_settings import TlsSettings
from pyzoo.runtime.tls.contexts import make_context

HANDSHAKE, APPLICATION_DATA = 22, 23
KEY_UPDATE = 24


class Writer:
    """The client's direction of a connection with AES-256 and SHA-384."""

    def __init__(self, secret: bytes) -> None:
        self._use(secret)

    def _use(self, secret: bytes) -> None:
        self._secret = secret
        self._key = AESGCM(self._derived("key", 32))
        self._iv = self._derived("iv", 12)
        self._sequence = 0

    def _derived(self, label: str, length: int) -> bytes:
        name = b"tls13 " + label.encode()
        info = length.to_bytes(2, "big") + bytes([len(name)]) + name + b"\x00"
        return HKDFExpand(SHA384(), length, info).derive(self._secret)

    def record(self, kind: int, content: bytes) -> bytes:
        header = b"\x17\x03\x03" + (len(content) + 17).to_bytes(2, "big")
        nonce = (int.from_bytes(self._iv, "big") ^ self._sequence).to_bytes(12, "big")
        self._sequence += 1
        return header + self._key.encrypt(nonce, content + bytes([kind]), header)

    def key_update(self, asks: bool) -> bytes:
        """A new key from here on; with `asks` the other side is to do the same."""
        record = self.record(HANDSHAKE, bytes([KEY_UPDATE, 0, 0, 1, asks]))
        self._use(self._derived("traffic upd", 48))
        return record


def telling_context(stores: TlsSettings, secrets: Path) -> ssl.SSLContext:
    """Of a client that writes down the secrets of its handshakes."""
    context = make_context(stores, server_side=False)
    context.check_hostname = False
    context.keylog_filename = str(secrets)
    return context


def writer_of(client: ssl.SSLObject | ssl.SSLSocket, secrets: Path) -> Writer:
    """Who writes in place of a client after its handshake."""
    assert ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256) == client.cipher()
    told = dict(line.split()[::2] for line in secrets.read_text().splitlines() if line[:1] != "#")
    return Writer(bytes.fromhex(told["CLIENT_TRAFFIC_SECRET_0"]))
