#!/usr/bin/env bash
# The order in which getChildren names the children of a node that nobody touches changes when a snapshot is loaded.
#
# Guess: it is the order of creation, or of names, or at least always the same.
# Seen with ZooKeeper 3.9.6: it is that of Java's HashSet, whose table has grown with the most children that there have been and never
# shrinks; from a snapshot it becomes as large as the children that are left need (a log that is replayed makes it grow again). Two members of an ensemble may differ for that reason.
source "$(dirname "$0")/lib/zookeeper.sh"

list='
at = zk.call(GET_CHILDREN, path_watch("/crowd"))[2]
names, position = [], 4
for _ in range(struct.unpack_from(">i", at)[0]):
    (length,) = struct.unpack_from(">i", at, position)
    names.append(at[position + 4 : position + 4 + length].decode())
    position += 4 + length
print(*names)
'
port=$(free_port)
start 3.9.6 server "$port" <<< ""
until_serving "$port"
raw "$port" << 'END'
zk.call(CREATE, create("/crowd"))
for number in range(1000):
    zk.call(CREATE, create(f"/crowd/child-{number}"))
for number in range(1000):
    if number % 100 != 7:
        zk.call(DELETE, path_version(f"/crowd/child-{number}"))
END
before=$(raw "$port" <<< "$list")
for _ in replays-the-log-and-takes-a-snapshot loads-that; do
    stop "$started"
    start 3.9.6 server "$port" <<< ""
    until_serving "$port"
done
after=$(raw "$port" <<< "$list")
expect "before" "child-707 child-507 child-307 child-107 child-907 child-807 child-607 child-407 child-7 child-207" "$before"
expect "from the snapshot" "child-107 child-307 child-207 child-507 child-407 child-707 child-607 child-7 child-907 child-807" "$after"
