#!/usr/bin/env bash
# Who waits at a semaphore of kazoo, and what it calls itself.
#
# Guess: it has a node below that of the semaphore, as who holds has, with its identifier as the data.
# Seen with kazoo 2.11.0, ZooKeeper 3.9.6: it has one in a lock beside, whose path is that of the semaphore with `-__lock__` behind it; and
# its identifier there is the text of a Python bytes object, quotes and all: "b'bob'".
source "$(dirname "$0")/lib/zookeeper.sh"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet kazoo==2.11.0
cat > "$work/semaphore.py" << 'END'
import logging, sys, threading, time
logging.disable(logging.CRITICAL)
from kazoo.client import KazooClient

clients = [KazooClient(sys.argv[1]) for _ in range(2)]
for client in clients:
    client.start()
clients[0].Semaphore("/semaphore", "alice", max_leases=1).acquire()
waiting = clients[1].Semaphore("/semaphore", "bob", max_leases=1)
threading.Thread(target=waiting.acquire, daemon=True).start()
top = clients[0]
while not (top.exists("/semaphore-__lock__") and top.get_children("/semaphore-__lock__")):
    time.sleep(0.05)
for path in ("/semaphore", "/semaphore-__lock__"):
    print(*(top.get(f"{path}/{name}")[0].decode() for name in top.get_children(path)))
sys.stdout.flush()
import os; os._exit(0)
END
port=$(free_port)
start 3.9.6 server "$port" < /dev/null
until_serving "$port"
seen=$(timeout 60 "$work/venv/bin/python" "$work/semaphore.py" "127.0.0.1:$port")
expect "identifiers below the semaphore, and beside it" $'alice\nb\'bob\'' "$seen"
