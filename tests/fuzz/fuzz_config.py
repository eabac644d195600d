"""Texts of configurations: zoo.cfg, dynamic files and what clients ask of a reconfiguration, JAAS files."""

from attrs import evolve

from pyzoo.config.diagnosis import diagnose
from pyzoo.config.dynamic_files import dynamic_text, edited_static, needs_backup, next_text
from pyzoo.config.jaas import parse_jaas, users_of
from pyzoo.config.membership import Membership, is_membership_key, members_of_text
from pyzoo.config.parse import files_needed, parse_config_text
from pyzoo.config.problems import Severity
from pyzoo.config.properties import decode_properties, parse_properties
from pyzoo.config.redaction import REDACTED, is_secret, redacted_text
from pyzoo.errors import BADARGUMENTS, MARSHALLINGERROR, ConfigError, KeeperError
from pyzoo.quorum.reconfig import proposed_members
from pyzoo.quorum.verifier import make_verifier
from tests.fuzz.mutators import stepped
from tests.fuzz.pieces import join_steps, steps
from tests.fuzz.target import Target

THREE = "server.1=a:1:2;5\nserver.2=[::1]:1:2:participant;6\nserver.3=c:1:2:observer;h:7\n"
GROUPS = "group.1=1:2\ngroup.2=3\nweight.1=2\nweight.3=0\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n"
FILES = {"/d/myid": "1", "/d/zoo.cfg.dynamic.a": THREE, "zoo.cfg.dynamic.next": THREE + "version=b"}
POINTER = "/d/next file"


def fuzz_zoo_cfg(data: bytes) -> None:
    """A start and `config check` come to the same verdict; no secret is shown; a rewritten file means the same."""
    text = decode_properties(data)
    refused: ConfigError | None = None
    try:
        files_needed(text, "zoo.cfg")
        config, _ = parse_config_text(text, "zoo.cfg", {}, FILES)
        assert str(config)
    except ConfigError as error:
        refused = error
    diagnosis = diagnose(text, "zoo.cfg", {}, FILES)
    errors = [problem for problem in diagnosis.problems if problem.severity is Severity.ERROR]
    assert bool(errors) == (refused is not None)
    assert refused is None or str(refused)
    try:
        given = parse_properties(text)
    except ConfigError:
        redacted_text(text)
        return
    for key, entry in parse_properties(redacted_text(text)).items():
        assert not is_secret(key) or entry.value in ("", REDACTED)
    needs_backup(text)
    edited = parse_properties(edited_static(text, POINTER, members_of_text(THREE), 1))
    assert edited.pop("dynamicConfigFile").value == POINTER
    kept = {key: entry.value for key, entry in given.items() if not _goes(key)}
    assert kept == {key: entry.value for key, entry in edited.items()}


def _goes(key: str) -> bool:
    return is_membership_key(key) or key in ("dynamicConfigFile", "peerType", "clientPort", "clientPortAddress")


def fuzz_members(data: bytes) -> None:
    """Members that can be read are written so that they can be read again; a request for others is judged."""
    for code, piece in steps(data):
        text = piece.decode("utf-8", "replace")
        try:
            _check_members(members_of_text(text, bool(code & 1)))
        except ConfigError as error:
            assert str(error)
        last = make_verifier(members_of_text(GROUPS if code & 8 else THREE))
        joining, leaving, whole = (text if code >> 1 & 3 == which else None for which in range(3))
        try:
            _check_members(proposed_members(last, joining, leaving, whole, bool(code & 16), bool(code & 1)))
        except KeeperError as error:
            assert error.code in (BADARGUMENTS, MARSHALLINGERROR)


def _check_members(members: Membership) -> None:
    text = members.text()
    assert "\n\n" not in text
    again = members_of_text(text)
    assert again.same_members(members)
    assert again.text() == text
    assert members_of_text(dynamic_text(members)).same_members(members)
    assert members_of_text(next_text(evolve(members, version=7))).version == 7
    verifier = make_verifier(members)
    voters = {one.id for one in members.voters}
    assert not verifier.contains_quorum(set())
    assert verifier.contains_quorum(voters) or not voters or members.hierarchical


def fuzz_jaas(data: bytes) -> None:
    """Sections and their options, or an error."""
    try:
        sections = parse_jaas(data.decode("utf-8", "replace"), "jaas.conf", {"user.home": "/home"})
    except ConfigError as error:
        assert str(error)
        return
    for modules in sections.values():
        assert modules
        assert len(users_of(modules)) <= sum(len(module.options) for module in modules)


def _cfg_seeds() -> list[bytes]:
    basics = "dataDir=/d\nclientPort=2181\ntickTime=2000\ninitLimit=5\nsyncLimit=2\n"
    more = (
        "admin.serverPort=8080\nmaxClientCnxns=60\nautopurge.purgeInterval=1\n4lw.commands.whitelist=*\n"
        "snapshot.compression.method=gz\nminSessionTimeout=4000\nextendedTypesEnabled=true\n"
    )
    tls = "secureClientPort=2281\nssl.keyStore.location=/k.pem\nssl.keyStore.password=secret\nsslQuorum=true\n"
    odd = "a\\ b : c\\\n   d\n#x=1\n! y\n\\u0041=\\u00e9\nk\\\\:v\r\n\\\n"
    return [
        part.encode("latin-1")
        for part in (
            basics,
            basics + more,
            basics + tls,
            basics + THREE,
            basics + GROUPS,
            basics + "dynamicConfigFile=/d/zoo.cfg.dynamic.a\n",
            odd,
            "dataDir=\ntickTime=abc\nclientPort=99999999999999999999\n",
            "#ssl.keyStore.password=x\nssl.trustStore.pass\\word=\\\n  y\n",
        )
    ]


MEMBER_TEXTS = [
    THREE.encode(),
    GROUPS.encode(),
    (THREE + "version=10000000a").encode(),
    b"server.4=d:3:4;8",
    b"server.4=d:3:4;8,server.5=[fe80::1]:3:4:observer;[::]:9",
    b"2,3",
    b"server.1=a:1:2|b:3:4;5,server.2=c:1:2;6",
]


def _member_seeds() -> list[bytes]:
    return [join_steps([(code, text)]) for text in MEMBER_TEXTS for code in (0, 1, 2, 5, 8, 20)]


def _jaas_seeds() -> list[bytes]:
    digest = 'Server {\n  org.apache.zookeeper.server.auth.DigestLoginModule required\n  user_bob="b\\"c";\n};\n'
    kerberos = (
        "/* a */ QuorumServer {\n com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true\n"
        ' keyTab="/k" storeKey=true principal="zk/h@R"; // b\n};\n'
    )
    return [
        digest.encode(),
        kerberos.encode(),
        (digest + "# c\n" + kerberos).encode(),
        b"A { b optional; c required d=1; };",
    ]


TARGETS = (
    Target(
        fuzz_zoo_cfg,
        _cfg_seeds,
        words=[b"\\u0041", b"password=", b"server.1=", b"\\\n", b"zookeeper.", b"ssl.quorum.", b"=true"],
        most=1500,
    ),
    Target(fuzz_members, _member_seeds, words=[b":observer", b";", b"|", b"server."], mutator=stepped(0, MEMBER_TEXTS)),
    Target(
        fuzz_jaas,
        _jaas_seeds,
        words=[b" required", b"};", b"${user.home}", b'"', b"\\", b"/*", b"*/", b"//"],
        most=1500,
    ),
)
