#!/usr/bin/env bash
# The header of a watch event has the zxid of the change, unless setWatches tells of it.
#
# Guess: the header of an event is xid -1, zxid -1, as clients have taken it for years.
# Seen with ZooKeeper 3.8.0: the zxid is -1, always. With 3.9.6: it is that of the transaction that fired the watch, and -1 for what
# setWatches tells a returning client.
source "$(dirname "$0")/lib/zookeeper.sh"

for version in 3.8.0 3.9.6; do
    port=$(free_port)
    start "$version" "server-$version" "$port" <<< ""
    until_serving "$port"
    seen=$(raw "$port" << 'END'
zk.call(CREATE, create("/watched"))
zk.call(GET_DATA, path_watch("/watched", True))
written = zk.call(SET_DATA, set_data("/watched", b"x"))[0]
zk.call(SET_WATCHES, set_watches(0, ["/watched"], [], []))
print(*["that of the change" if zxid == written else zxid for zxid, _, _ in zk.events], sep=", ")
END
    )
    case $version in
        3.8.0) expect "$version, zxid of a fired event, of one of setWatches" "-1, -1" "$seen" ;;
        3.9.6) expect "$version, zxid of a fired event, of one of setWatches" "that of the change, -1" "$seen" ;;
    esac
done
