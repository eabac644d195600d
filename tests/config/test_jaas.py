"""JAAS files, as far as DIGEST-MD5 needs them."""

import pytest

from pyzoo.config.jaas import parse_jaas, users_of
from pyzoo.errors import ConfigError

TEXT = """
// who may come
QuorumServer {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    user_zk1="a // \\"quoted\\" word"   /* not a comment above */
    user_zk2=plain;
};
# as Hadoop writes comments
QuorumLearner { Module required username="zk1" password="x;y{z}"; };
"""


def test_sections_have_their_options() -> None:
    sections = parse_jaas(TEXT, "jaas.conf")
    assert {"zk1": 'a // "quoted" word', "zk2": "plain"} == users_of(sections["QuorumServer"])
    assert {"username": "zk1", "password": "x;y{z}"} == sections["QuorumLearner"]


def test_a_file_without_a_section_is_refused() -> None:
    with pytest.raises(ConfigError, match="no login section"):
        parse_jaas("nothing here", "jaas.conf")
