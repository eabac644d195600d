"""A KDC on loopback with a realm of its own: MIT's, started by k5test, for both kinds of servers and all clients."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from interop.conftest import external_subject
from interop.java import Missing
from interop.ports import free_port

REALM = "EXAMPLE.COM"
PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")
SKEW_SECONDS = 1


@define
class Kdc:
    """The running KDC; principals are without their realm."""

    realm: Any
    home: Path

    @property
    def krb5_conf(self) -> Path:
        return self.home / "krb5.conf"

    def keytab(self, *principals: str, name: str = "keytab") -> Path:
        """A new keytab with new keys of these principals."""
        path = self.home / name
        for principal in principals:
            self.realm.extract_keytab(principal, str(path))
        return path

    def add(self, *principals: str) -> None:
        for principal in principals:
            self.realm.addprinc(principal, None if "/" in principal else "secret")

    def shorten(self, seconds: int, *principals: str) -> None:
        """Tickets of these principals are over after so many seconds."""
        for principal in principals:
            self.realm.run_kadminl(f'modprinc -maxlife "{seconds} seconds" {principal}')

    def log_in(self, principal: str) -> None:
        """A ticket for the clients of this process that look into its cache."""
        self.realm.kinit(principal, "secret")

    def properties(self) -> dict[str, str]:
        """Where a server finds the realm."""
        return {"java.security.krb5.conf": str(self.krb5_conf)}

    def strict_krb5_conf(self) -> Path:
        """The same realm for whoever does not take a ticket that is over by a second."""
        path = self.home / "strict.conf"
        text = self.krb5_conf.read_text().replace("[libdefaults]", f"[libdefaults]\n\tclockskew = {SKEW_SECONDS}", 1)
        path.write_text(text)
        return path


@contextmanager
def running_kdc(realm_name: str = REALM) -> Iterator[Kdc]:
    """A realm for as long as the block. The process is in it too, so that its own clients find it. Raises Missing."""
    if external_subject() is not None:
        pytest.skip("servers that run elsewhere are in no realm")
    missing = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if missing:
        raise Missing(f"no {', '.join(missing)} found: run `python -m interop.install` (Debian package krb5-kdc)")
    import k5test

    environment = dict(os.environ)
    realm = k5test.K5Realm(
        realm=realm_name,
        portbase=free_port(),
        create_user=False,
        create_host=False,
        get_creds=False,
        krb5_conf={"libdefaults": {"rdns": "false", "dns_lookup_realm": "false", "udp_preference_limit": "1"}},
    )
    os.environ.update({name: realm.env[name] for name in ("KRB5_CONFIG", "KRB5CCNAME", "KRB5RCACHEDIR")})
    try:
        yield Kdc(realm, Path(realm.tmpdir))
    finally:
        realm.stop()
        shutil.rmtree(realm.tmpdir, ignore_errors=True)
        os.environ.clear()
        os.environ.update(environment)
