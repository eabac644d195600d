#!/usr/bin/env bash
# SASLAuthenticationProvider.superPassword, the password of the SASL user `super`, without a user_super in the JAAS file.
#
# Guess: the property makes the user, as superDigest does for the scheme digest.
# Seen with ZooKeeper 3.9.6, kazoo 2.11.0 with pure-sasl 0.6.2: nobody gets in as super. With a user_super in the file, whatever its
# password there, super gets in with that of the property, and with that only.
source "$(dirname "$0")/lib/zookeeper.sh"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet kazoo==2.11.0 pure-sasl==0.6.2
cat > "$work/login.py" << 'END'
import logging, sys
from kazoo.client import KazooClient
logging.disable(logging.CRITICAL)
options = {"mechanism": "DIGEST-MD5", "username": "super", "password": sys.argv[2]}
client = KazooClient(sys.argv[1], sasl_options=options)
try:
    client.start(10)
    client.exists("/")
    print("served")
except Exception as error:
    print(type(error).__name__)
finally:
    client.stop()
END
try() { # NAME USERS: what super gets with the password of the property, and with that of the file
    local port
    port=$(free_port)
    echo "Server { org.apache.zookeeper.server.auth.DigestLoginModule required $2; };" > "$work/$1.conf"
    start 3.9.6 "$1" "$port" -Dzookeeper.fips-mode=false -Djava.security.auth.login.config="$work/$1.conf" \
        -Dzookeeper.SASLAuthenticationProvider.superPassword=ofTheProperty < /dev/null
    until_serving "$port"
    seen=$(for password in ofTheProperty ofTheFile; do
        timeout 60 "$work/venv/bin/python" "$work/login.py" "127.0.0.1:$port" "$password"
    done | paste -sd' ')
    stop "$started"
}
try without 'user_bob="secret"'
expect "without user_super: password of the property, of the file" "AuthFailedError AuthFailedError" "$seen"
try with 'user_bob="secret" user_super="ofTheFile"'
expect "with user_super: password of the property, of the file" "served AuthFailedError" "$seen"
