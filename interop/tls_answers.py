"""What pyzoo makes of stores, names and settings of TLS: a program that answers the questions of TlsProbe.java.

It is run as a process of its own, for nothing else here imports pyzoo.
"""

import ssl
import sys
from collections.abc import Iterable

from attrs import evolve
from cryptography import x509

from pyzoo.config.reader import ConfigReader
from pyzoo.config.tls_settings import QUORUM_TLS_DEFAULTS, TlsStore, read_tls
from pyzoo.runtime.tls.contexts import make_context
from pyzoo.runtime.tls.key_stores import load_keys, load_trusted
from pyzoo.runtime.transport.certificate_names import jdk_accepts, zookeeper_accepts

VERSIONS = {"TLSv1.3": ssl.TLSVersion.TLSv1_3, "TLSv1.2": ssl.TLSVersion.TLSv1_2}


def main() -> None:
    """A line of answer for each line of question."""
    for line in sys.stdin:
        try:
            answer = f"ok\t{answer_to(line.rstrip(chr(10)).split(chr(9)))}"
        except Exception as error:
            answer = f"error\t{error}"
        print(answer.replace("\n", " "), flush=True)


def answer_to(words: list[str]) -> str:
    match words:
        case ["key", location, password, kind]:
            store = TlsStore(location, kind, password, key="ssl.keyStore")
            make_context(evolve(QUORUM_TLS_DEFAULTS, key_store=store), True)
            identity = next(iter(load_keys(store)))
            return f"{identity.algorithm} {subjects(identity.pem)}"
        case ["trust", location, password, kind]:
            return subjects(load_trusted(TlsStore(location, kind, password, key="ssl.trustStore")).encode())
        case ["client" | "quorum" as port, *lines]:
            return chosen({"client": "ssl.", "quorum": "ssl.quorum."}[port], lines)
        case ["zk" | "jdk" as rules, host, path]:
            accepts = {"zk": zookeeper_accepts, "jdk": jdk_accepts}[rules]
            decode = ssl._ssl._test_decode_cert  # type: ignore[attr-defined]  # what getpeercert returns
            return str(accepts(decode(path), host)).lower()
    raise ValueError(words)


def subjects(pem: bytes) -> str:
    return " | ".join(each.subject.rfc4514_string() for each in x509.load_pem_x509_certificates(pem))


def chosen(prefix: str, lines: Iterable[str]) -> str:
    """Protocols, and suites by OpenSSL's names."""
    properties = dict(("zookeeper." + line).split("=", 1) for line in lines)
    context = make_context(read_tls(ConfigReader({}, None, properties), prefix), True)
    versions = [
        v for v in ("TLSv1_3", "TLSv1_2") if context.minimum_version <= ssl.TLSVersion[v] <= context.maximum_version
    ]
    suites = [each["name"] for each in context.get_ciphers()]
    return ",".join(v.replace("_", ".") for v in versions) + " " + ",".join(suites)


if __name__ == "__main__":
    main()
