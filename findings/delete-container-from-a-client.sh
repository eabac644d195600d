#!/usr/bin/env bash
# A client that sends deleteContainer gets no reply: 3.9.6 closes its connection, and keeps its session and the node.
#
# Guess: an error such as Unimplemented or NoAuth, as for every other request that is refused.
# Seen with ZooKeeper 3.9.6: the connection ends without a reply, no zxid is used, the session can be taken up again with its ephemerals.
source "$(dirname "$0")/lib/zookeeper.sh"

port=$(free_port)
start 3.9.6 server "$port" <<< ""
until_serving "$port"
seen=$(raw "$port" << 'END'
zk.call(CREATE, create("/container", flags=0))
before = zk.call(CREATE, create("/mine", flags=1))[0]
reply = zk.call(DELETE_CONTAINER, text("/container"))
again = Session(int(sys.argv[1]), zk.session, zk.password)
zxid, container, _ = again.call(EXISTS, path_watch("/container"))
print(reply, again.session == zk.session, container, again.call(EXISTS, path_watch("/mine"))[1], zxid - before)
END
)
expect "reply, same session, node, ephemeral, zxids used" "None True 0 0 0" "$seen"
