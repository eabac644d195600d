"""PEM stores of one authority, with a certificate for loopback, made by openssl."""

import subprocess
from pathlib import Path


def openssl(*words: str, cwd: Path) -> None:
    """Run openssl; its output belongs to the failure, if there is one."""
    subprocess.run(["openssl", *words], cwd=cwd, check=True, capture_output=True)


def make_stores(home: Path) -> tuple[Path, Path]:
    """The key store and the trust store."""
    new_key = ("-newkey", "rsa:2048", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", cwd=home)
    openssl("req", *new_key, "-keyout", "node.key", "-out", "node.csr", "-subj", "/CN=localhost", cwd=home)
    (home / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    authority = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    openssl("x509", "-req", "-in", "node.csr", *authority, "-out", "node.crt", "-extfile", "names", cwd=home)
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", "node.key", "-out", "node.p8", cwd=home)
    (home / "node.pem").write_text((home / "node.p8").read_text() + (home / "node.crt").read_text())
    return home / "node.pem", home / "ca.pem"
