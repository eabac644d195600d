#!/usr/bin/env bash
# setWatches for a node that has changed and that the client may not read succeeds, tells nothing and watches nothing.
#
# Guess: an error, or a watch that fires as soon as the node may be read.
# Seen with ZooKeeper 3.9.6: the reply is without an error, there is no event, and after the ACL is opened a change of the node tells
# nothing either: the watch has been used up. A node that is gone is told of whatever its ACL was.
source "$(dirname "$0")/lib/zookeeper.sh"

port=$(free_port)
start 3.9.6 server "$port" <<< ""
until_serving "$port"
seen=$(raw "$port" << 'END'
returning = Session(int(sys.argv[1]))
secret = ((31, "digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="),)
zk.call(AUTH, auth("digest", "u:p"))
zk.call(CREATE, create("/secret", acl=secret))
_, error, _ = returning.call(SET_WATCHES, set_watches(0, ["/secret", "/gone"], [], []))
print(error, [path for _, _, path in returning.events], end=" ")
returning.events.clear()
zk.call(SET_ACL, set_acl("/secret", OPEN))
zk.call(SET_DATA, set_data("/secret", b"x"))
returning.call(PING)
print(returning.events)
END
)
expect "error, told at once, told after the ACL was opened" "0 ['/gone'] []" "$seen"
