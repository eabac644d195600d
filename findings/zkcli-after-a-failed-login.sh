#!/usr/bin/env bash
# A command of zkCli whose SASL login fails.
#
# Guess: an error, and a code that is not 0, by which scripts see that nothing was done.
# Seen with ZooKeeper 3.9.6: `whoami` prints its heading alone and the code is 0.
source "$(dirname "$0")/lib/zookeeper.sh"

module=org.apache.zookeeper.server.auth.DigestLoginModule
echo "Server { $module required user_bob=\"a password\"; };" > "$work/server.conf"
port=$(free_port)
start 3.9.6 server "$port" -Dzookeeper.fips-mode=false -Djava.security.auth.login.config="$work/server.conf" \
    <<< "authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
until_serving "$port"
try() { # PASSWORD
    echo "Client { $module required username=\"bob\" password=\"$1\"; };" > "$work/client.conf"
    code=0
    said=$(java -XX:TieredStopAtLevel=1 -Dlogback.configurationFile="$here/quiet.xml" -Dzookeeper.fips-mode=false \
        -Djava.security.auth.login.config="$work/client.conf" -cp "$work/3.9.6/*" \
        org.apache.zookeeper.ZooKeeperMain -server "127.0.0.1:$port" whoami 2>&1) || code=$?
    seen="code $code: $(grep -v -e '^Connecting to' -e '^$' -e '^WATCHER::' -e '^WatchedEvent' <<< "$said" | paste -sd' ')"
}
try "a password"
expect "with the password" "code 0: Auth scheme: User sasl: bob ip: 127.0.0.1" "$seen"
try "a guess"
expect "with a guess" "code 0: Auth scheme: User" "$seen"
