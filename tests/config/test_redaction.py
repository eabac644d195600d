"""Passwords and digests are not shown, however they stand in a file; everything else is shown as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.config.properties import parse_properties
from pyzoo.config.redaction import is_secret, redacted, redacted_flag, redacted_text

KEYS = (
    "ssl.keyStore.password",
    "SSL.PASSWORD",
    "a.superDigest",
    "pass\\\nword",
    "ssl.keyStore.passwordPath",
    "dataDir",
    "a\\ b",
)
SEPARATORS = ("=", " = ", ":", " ", "\t", " \\\n  =", "=\\\n ")
VALUES = ("", "hidden", "hid\\\n  den", "hid\\u0064en", "hidden\\\\", "#hidden", "super:hidden=")
ENDS = ("\n", "\r\n", "\r", "\n\n", "\n# a comment\n", "\n \\\n#no comment=x\n")

entries = st.tuples(*map(st.sampled_from, (("", " ", "\t"), KEYS, SEPARATORS, VALUES, ENDS))).map("".join)


@given(st.lists(entries).map("".join), st.sampled_from(("", "tickTime=2000", "a.password=hidden", "a.password=hid\\")))
def test_a_text_keeps_all_but_its_secrets(before: str, last: str) -> None:
    found = parse_properties(before + last)
    shown = redacted_text(before + last)
    assert {key: redacted(key, entry.value) for key, entry in found.items()} == {
        key: entry.value for key, entry in parse_properties(shown).items()
    }


def test_what_is_no_secret_stays_as_it_stands() -> None:
    text = "# mine\r\ntickTime = 2000\r\rserver.1=a:2888:3888\\\n  :observer\n! x\n\nssl.keyStore.passwordPath=/p"
    assert text == redacted_text(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ssl.quorum.keyStore.password hidden\nx=1", "ssl.quorum.keyStore.password=***\nx=1"),
        ("a.password=hid\\\n  den\nx=1", "a.password=***\nx=1"),
        ("#a.password=hidden\nx=1", "#a.password=***\nx=1"),
        ("a.password=\nx=1", "a.password=\nx=1"),
        ("a.superDigest=super:hidden", "a.superDigest=***"),
    ],
)
def test_a_secret_takes_one_line(text: str, shown: str) -> None:
    assert shown == redacted_text(text).replace("\n\n", "\n").replace("\n\n", "\n")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("zookeeper.ssl.quorum.trustStore.password", True),
        ("javax.net.ssl.keyStorePassword", True),
        ("zookeeper.DigestAuthenticationProvider.superDigest", True),
        ("ssl.keyStore.passwordPath", False),
        ("DigestAuthenticationProvider.digestAlg", False),
    ],
)
def test_names_tell_what_is_a_secret(name: str, secret: bool) -> None:
    assert secret == is_secret(name)
    assert ("***" if secret else "x") == redacted(name, "x")
    assert "" == redacted(name, "")
    assert f"-D{name}={'***' if secret else 'x=y'}" == redacted_flag(f"-D{name}=x=y")
