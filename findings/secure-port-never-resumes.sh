#!/usr/bin/env bash
# The TLS port for clients gives out sessions of TLS, and never resumes one.
#
# Guess: a client that offers the session that it was given a second ago is spared the certificates, as at any server with a session cache.
# Seen with ZooKeeper 3.9.6, Java 17: NettyServerCnxnFactory makes a new SslContext for each connection, and a ticket can be read by
# the context alone that has made it. The ticket comes, with a lifetime of a day, and the next handshake is a full one.
source "$(dirname "$0")/lib/zookeeper.sh"
source "$(dirname "$0")/lib/stores.sh"

authority
certificate server IP:127.0.0.1,DNS:localhost

# connect OPTION...: a TLS 1.2 handshake; prints New or Reused.
connect() {
    local output
    output=$(sleep 1 | timeout 20 openssl s_client -connect "127.0.0.1:$election" -CAfile "$work/ca.pem" \
        -cert "$work/server.crt" -key "$work/server.key" -tls1_2 "$@" 2>&1 || true)
    grep -o -m1 -e '^New' -e '^Reused' <<< "$output"
}

election=$(free_port)
start 3.9.6 server "$(free_port)" << END
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
secureClientPort=$election
ssl.keyStore.location=$work/server.pem
ssl.trustStore.location=$work/ca.pem
END
until_open "$election"
expect "the first connection" New "$(connect -sess_out "$work/session.pem")"
expect "sessions given" 1 "$(grep -c 'BEGIN SSL SESSION' "$work/session.pem")"
expect "the next connection with that session" New "$(connect -sess_in "$work/session.pem")"
