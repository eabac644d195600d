#!/usr/bin/env bash
# Behind two proxies the `ip` scheme of the AdminServer never matches: the address keeps the blank before it.
#
# Guess: X-Forwarded-For is a list, and blanks around its commas mean nothing (as the proxies write it).
# Seen with ZooKeeper 3.9.6 and IPAuthenticationProvider.usexforwardedfor: the last address counts as it stands, `a, b` is ` b`.
source "$(dirname "$0")/lib/zookeeper.sh"

port=$(free_port) admin=$(free_port)
start 3.9.6 server "$port" -Dzookeeper.admin.enableServer=true -Dzookeeper.IPAuthenticationProvider.usexforwardedfor=true \
    -Dzookeeper.admin.rateLimiterIntervalInMS=0 << END
admin.serverPort=$admin
admin.serverAddress=127.0.0.1
END
until_serving "$port"
raw "$port" << 'END'
assert zk.call(SET_ACL, set_acl("/", ((31, "ip", "10.1.2.3"),)))[1] == 0
END
seen=$(
    for forwarded in "10.1.2.3" "10.9.9.9,10.1.2.3" "10.9.9.9, 10.1.2.3" "10.1.2.3,10.9.9.9"; do
        curl -s -o /dev/null -w '%{http_code} ' -H "Authorization: ip " -H "X-Forwarded-For: $forwarded" \
            "http://127.0.0.1:$admin/commands/snapshot?streaming=false"
    done
)
expect "one address, two, two with a blank, the other way round" "200 200 403 403 " "$seen"
