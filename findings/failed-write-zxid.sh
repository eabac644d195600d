#!/usr/bin/env bash
# A write that is refused takes a zxid, and is logged.
#
# Guess: only what changes something gets a transaction id.
# Seen with ZooKeeper 3.9.6: a delete of a node that is not there and a create of one that is answer with an error and the zxid
# of a transaction of their own (type error, -1). A read answers with the zxid of the last one.
source "$(dirname "$0")/lib/zookeeper.sh"

port=$(free_port)
start 3.9.6 server "$port" <<< ""
until_serving "$port"
seen=$(raw "$port" << 'END'
zk.call(CREATE, create("/there"))
before = zk.call(EXISTS, path_watch("/there"))[0]
for opcode, body in ((DELETE, path_version("/none")), (CREATE, create("/there")), (EXISTS, path_watch("/none"))):
    zxid, error, _ = zk.call(opcode, body)
    print(f"{zxid - before}:{error}", end=" ")
END
)
expect "zxid more, and error, of a refused delete, a refused create and an exists" "1:-101 2:-110 2:-101 " "$seen"
