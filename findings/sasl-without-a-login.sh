#!/bin/sh
# A client that begins a SASL login (opcode 102) with a server that has no login section.
#
# Seen with Apache ZooKeeper 3.9.5 (OpenJDK 17): no error and no end. Every such request is answered with success and a null token,
# whatever token it brings; the session goes on without the identity. By its code Java's client takes the null token for a failure and stops.
# A guess would be AUTHFAILED and a closed connection, as after a login that fails.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

jars() { # jars VERSION: the server of that release with what it needs at run time, in $work/VERSION
    mkdir -p "$work/pom-$1"
    cat >"$work/pom-$1/pom.xml" <<EOF
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>findings</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.zookeeper</groupId><artifactId>zookeeper</artifactId><version>$1</version></dependency>
    <dependency><groupId>io.dropwizard.metrics</groupId><artifactId>metrics-core</artifactId><version>4.1.12.1</version></dependency>
    <dependency><groupId>org.xerial.snappy</groupId><artifactId>snappy-java</artifactId><version>1.1.10.5</version></dependency>
    <dependency><groupId>commons-cli</groupId><artifactId>commons-cli</artifactId><version>1.5.0</version></dependency>
    <dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.15.2</version></dependency>
    <dependency><groupId>org.eclipse.jetty</groupId><artifactId>jetty-servlet</artifactId><version>9.4.58.v20250814</version></dependency>
  </dependencies>
</project>
EOF
    (cd "$work/pom-$1" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$work/$1")
}

jars 3.9.5
python3 - "$work" <<'EOF'
import os, shutil, socket, struct, subprocess, sys, time
from pathlib import Path

work = Path(sys.argv[1])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(version, home, lines, *flags):
    home.mkdir(parents=True, exist_ok=True)
    (home / "data").mkdir(exist_ok=True)
    lines = {"tickTime": 500, "dataDir": home / "data", "clientPortAddress": "127.0.0.1", "4lw.commands.whitelist": "*", **lines}
    (home / "zoo.cfg").write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    out = open(home / "out.txt", "wb")
    flags = flags or ["-Dzookeeper.admin.enableServer=false"]
    command = ["java", "-Xmx256m", *flags, "-cp", f"{work}/{version}/*", "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg"]
    return subprocess.Popen(command, cwd=home, stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def mode(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as one:
            one.sendall(b"srvr")
            text = b""
            while piece := one.recv(4096):
                text += piece
    except OSError:
        return ""
    return text.partition(b"Mode: ")[2].split(b"\n")[0].decode()


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.1)


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.xid = 0
        self.send(struct.pack(">iqiqi16s?", 0, 0, 10000, 0, 16, bytes(16), False))
        self.frame()

    def send(self, frame):
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)

    def read(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            assert piece, "the connection ends"
            data += piece
        return data

    def frame(self):
        return self.read(struct.unpack(">i", self.read(4))[0])

    def call(self, opcode, body=b""):
        """zxid, error and body of the reply."""
        self.xid += 1
        self.send(struct.pack(">ii", self.xid, opcode) + body)
        frame = self.frame()
        _, zxid, error = struct.unpack_from(">iqi", frame)
        return zxid, error, frame[16:]


def text(value):
    return struct.pack(">i", len(value)) + value.encode()


def create(path, flags=0):
    return text(path) + text("") + struct.pack(">ii", 1, 31) + text("world") + text("anyone") + struct.pack(">i", flags)


def multi(*parts):
    return b"".join(struct.pack(">i?i", kind, False, -1) + body for kind, body in parts) + struct.pack(">i?i", -1, True, -1)


def results(body):
    """Type of each result, with its path or its error."""
    found, at = [], 0
    while True:
        kind, done, error = struct.unpack_from(">i?i", body, at)
        at += 9
        if done:
            return found
        if kind == -1:
            found.append((kind, error))
            at += 4
        else:
            (length,) = struct.unpack_from(">i", body, at)
            found.append((kind, body[at + 4 : at + 4 + length].decode()))
            at += 4 + length + (68 if kind == 15 else 0)


def ensemble(versions, lines, observer=None):
    """Members 1, 2, ... of these releases; the last voter leads. Returns processes and client ports."""
    count = len(versions)
    ports = [[free_port() for _ in range(3)] for _ in versions]
    members = {f"server.{n + 1}": f"127.0.0.1:{p[0]}:{p[1]}" for n, p in enumerate(ports)}
    running = []
    for n, version in enumerate(versions):
        home = work / f"member{n + 1}"
        (home / "data").mkdir(parents=True)
        (home / "data" / "myid").write_text(str(n + 1))
        own = {"clientPort": ports[n][2], "initLimit": 20, "syncLimit": 10, **members, **lines}
        running.append(start(version, home, own))
    clients = [p[2] for p in ports]
    wait_for(lambda: sorted(map(mode, clients)) == ["follower"] * (count - 1) + ["leader"])
    return running, clients


def expect(what, expected, found):
    print(f"{what}: {found}")
    assert expected == found, f"{what} was {expected} in these releases"


running = []
try:
    port = free_port()
    running = [start("3.9.5", work / "alone", {"clientPort": port})]
    wait_for(lambda: mode(port))
    client = Client(port)
    for token in ("", "token", ""):
        zxid, error, body = client.call(102, text(token))
        expect(f"sasl with {token!r}: zxid, error, token", (0, 0, b"\xff\xff\xff\xff"), (zxid, error, body))
    expect("a create afterwards", 0, client.call(1, create("/a"))[1])
finally:
    for process in running:
        process.kill()
        process.wait()
EOF
echo "as seen before: success and a null token, each time"
