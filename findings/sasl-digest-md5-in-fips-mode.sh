#!/usr/bin/env bash
# A client that logs in by SASL DIGEST-MD5 is served by 3.9.5 and turned away by 3.9.6, with the same configuration.
#
# Guess: FIPS mode, on since 3.9.0, concerns TLS; and a release of fixes leaves logins alone.
# Seen with ZooKeeper 3.9.5 and 3.9.6, kazoo 2.11.0 with pure-sasl 0.6.2: in FIPS mode, the default, 3.9.6 has no SASL server for
# DIGEST-MD5, and the login fails; with -Dzookeeper.fips-mode=false it works. (Java's own client has not offered it in FIPS mode before.)
source "$(dirname "$0")/lib/zookeeper.sh"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet kazoo==2.11.0 pure-sasl==0.6.2
cat > "$work/jaas.conf" << 'END'
Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_bob="a password"; };
END
cat > "$work/login.py" << 'END'
import logging, sys
from kazoo.client import KazooClient
logging.disable(logging.CRITICAL)
options = {"mechanism": "DIGEST-MD5", "username": "bob", "password": "a password"}
client = KazooClient(sys.argv[1], sasl_options=options)
try:
    client.start(5)
    client.create("/by-bob")
    print("served")
except Exception as error:
    print(type(error).__name__)
    client.stop()
else:
    client.stop()
END
try() { # VERSION [-D...]
    local version=$1 port
    shift
    port=$(free_port)
    start "$version" "server-$version-$#" "$port" -Djava.security.auth.login.config="$work/jaas.conf" "$@" \
        <<< "authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
    until_serving "$port"
    seen=$(timeout 60 "$work/venv/bin/python" "$work/login.py" "127.0.0.1:$port")
    stop "$started"
}
try 3.9.5
expect "3.9.5" "served" "$seen"
try 3.9.6
expect "3.9.6" "AuthFailedError" "$seen"
try 3.9.6 -Dzookeeper.fips-mode=false
expect "3.9.6 with fips-mode=false" "served" "$seen"
