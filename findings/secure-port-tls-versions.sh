#!/usr/bin/env bash
# The TLS port for clients of 3.9.6 speaks 1.2 and 1.3, in FIPS mode too, and does not read ssl.protocol; that of 3.9.5 speaks what it says.
#
# Guess: ssl.protocol of zoo.cfg means for clients what ssl.quorum.protocol means for members, and FIPS mode leaves both with 1.2.
# Seen with ZooKeeper 3.9.5 and 3.9.6, Java 17, FIPS mode on as it is by default: without settings the port of 3.9.5 speaks 1.3 alone,
# and that of 3.9.6 both, while between members it speaks 1.2 alone. ssl.protocol=TLSv1.2 turns 1.3 off in 3.9.5 only; in 3.9.6 that
# takes ssl.enabledProtocols.
source "$(dirname "$0")/lib/zookeeper.sh"
source "$(dirname "$0")/lib/stores.sh"

authority
certificate server IP:127.0.0.1

# versions RELEASE LINE...: what a port for clients with these lines says to 1.2 and to 1.3.
versions() {
    local release=$1
    shift
    election=$(free_port)
    {
        printf 'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory\nsecureClientPort=%s\n' "$election"
        printf 'ssl.keyStore.location=%s\nssl.trustStore.location=%s\n' "$work/server.pem" "$work/ca.pem"
        printf '%s\n' "$@"
    } > "$work/lines"
    start "$release" "server-$election" "$(free_port)" < "$work/lines"
    until_open "$election"
    seen="$(handshake server -tls1_2) $(handshake server -tls1_3)"
    stop "$started"
}

versions 3.9.5
expect "3.9.5, asked for 1.2 and for 1.3" "refused TLSv1.3" "$seen"
versions 3.9.6
expect "3.9.6" "TLSv1.2 TLSv1.3" "$seen"
versions 3.9.5 ssl.protocol=TLSv1.2
expect "3.9.5 with ssl.protocol=TLSv1.2" "TLSv1.2 refused" "$seen"
versions 3.9.6 ssl.protocol=TLSv1.2
expect "3.9.6 with ssl.protocol=TLSv1.2" "TLSv1.2 TLSv1.3" "$seen"
versions 3.9.6 ssl.enabledProtocols=TLSv1.2
expect "3.9.6 with ssl.enabledProtocols=TLSv1.2" "TLSv1.2 refused" "$seen"
