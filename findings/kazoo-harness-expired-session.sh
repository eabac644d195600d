#!/usr/bin/env bash
# An ephemeral of a session that KazooTestHarness.expire_session, "Force ZK to expire a client session", has ended.
#
# Guess: it is gone when that returns, as with every session that the server has let expire.
# Seen with ZooKeeper 3.9.6, kazoo 2.11.0: it stays, for the client alone forgets its session; the server does so at the time-out.
source "$(dirname "$0")/lib/zookeeper.sh"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet kazoo==2.11.0 pyopenssl==25.3.0 pyjks==20.0.0
cat > "$work/expire.py" << 'END'
import logging, sys, threading, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from kazoo.client import KazooClient
from kazoo.testing import KazooTestHarness

harness, other = KazooTestHarness(), KazooClient(sys.argv[1])
harness.client = KazooClient(sys.argv[1], timeout=10)
harness.client.start()
other.start()
harness.client.create("/ephemeral", ephemeral=True)
before = harness.client.client_id[0]
harness.expire_session(threading.Event)
print("another" if harness.client.client_id[0] != before else "the same", end=" ")
print("there" if other.exists("/ephemeral") else "gone", end=" ")
gone = threading.Event()
if not other.exists("/ephemeral", watch=lambda event: gone.set()):
    gone.set()
print("gone" if gone.wait(30) else "there")
for client in (harness.client, other):
    client.stop()
END
port=$(free_port)
start 3.9.6 server "$port" < /dev/null
until_serving "$port"
seen=$(timeout 120 "$work/venv/bin/python" "$work/expire.py" "127.0.0.1:$port")
expect "session of the client, the ephemeral at once, the ephemeral after the time-out" "another there gone" "$seen"
