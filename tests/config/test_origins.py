"""Effective settings and where each comes from."""

from pyzoo.config.origins import Setting, effective_settings
from pyzoo.config.parse import build_config
from pyzoo.config.properties import parse_properties
from pyzoo.config.reader import ConfigReader


def settings(
    text: str, properties: dict[str, str] | None = None, files: dict[str, str] | None = None
) -> dict[str, Setting]:
    reader = ConfigReader(parse_properties(text), "zoo.cfg", properties or {})
    config, _ = build_config(reader, text, files or {})
    places = dict.fromkeys(properties or {}, "JVMFLAGS")
    return {each.key: each for each in effective_settings(config, reader, places)}


BASE = "dataDir=/d\nclientPort=2181\n"


def test_each_source_is_named() -> None:
    found = settings(BASE + "snapCount=7\n", {"zookeeper.commitLogCount": "600", "zookeeper.snapCount": "9"})
    shown = {key: (found[key].value, found[key].origin) for key in ("snapCount", "commitLogCount", "tickTime")}
    assert {
        "snapCount": ("7", "zoo.cfg:3"),
        "commitLogCount": ("600", "JVMFLAGS"),
        "tickTime": ("3000", "default"),
    } == shown


def test_values_that_follow_from_others_are_shown_as_they_are() -> None:
    found = settings(BASE + "tickTime=1000\n")
    assert ("/d", "2000", "20000") == tuple(
        found[key].value for key in ("dataLogDir", "minSessionTimeout", "maxSessionTimeout")
    )


def test_a_text_that_cannot_be_used_stands_beside_what_is_used() -> None:
    found = settings(BASE + "snapCount=abc\n")["snapCount"]
    assert ("100000", "abc", "zoo.cfg:3") == (found.value, found.given, found.origin)


def test_secrets_are_not_shown() -> None:
    found = settings(BASE + "ssl.quorum.keyStore.password=x\nDigestAuthenticationProvider.superDigest=super:y\n")
    hidden = ("ssl.quorum.keyStore.password", "DigestAuthenticationProvider.superDigest")
    assert {"***"} == {found[key].value for key in hidden}
    assert "" == found["ssl.keyStore.password"].value


def test_members_of_the_dynamic_file_are_shown_with_its_path() -> None:
    members = "server.1=a:1:2;2181\n"
    found = settings("dataDir=/d\ndynamicConfigFile=/dyn\n", files={"/dyn": members})
    assert ("a:1:2:participant;0.0.0.0:2181", "/dyn") == (found["server.1"].value, found["server.1"].origin)
    assert ("2181", "/dyn") == (found["clientPort"].value, found["clientPort"].origin)


def test_the_client_port_of_a_member_line_is_shown_with_that_line() -> None:
    found = settings("dataDir=/d\nserver.1=a:1:2;2181\n")
    assert ("2181", "zoo.cfg:2") == (found["clientPort"].value, found["clientPort"].origin)


def test_unknown_keys_are_shown_as_such() -> None:
    assert settings(BASE + "mine=1\n")["mine"].treatment is None
