#!/usr/bin/env bash
# ssl.clientHostnameVerification=true at the TLS port for clients refuses every certificate, that of the client's own address too.
#
# Guess: a client whose certificate is for the address that it comes from is let in, as between members.
# Seen with ZooKeeper 3.9.6, Java 17, FIPS mode on as it is by default: Netty's engine is made without the address of the client, so the
# JDK has no host to compare with, and the handshake ends with an alert. Without the setting the same certificate is let in.
source "$(dirname "$0")/lib/zookeeper.sh"
source "$(dirname "$0")/lib/stores.sh"

authority
certificate server IP:127.0.0.1,DNS:localhost

for verified in false true; do
    election=$(free_port)
    start 3.9.6 "server-$verified" "$(free_port)" << END
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
secureClientPort=$election
ssl.keyStore.location=$work/server.pem
ssl.trustStore.location=$work/ca.pem
ssl.clientHostnameVerification=$verified
END
    until_open "$election"
    case $verified in
        false) expect "a client at 127.0.0.1 with a certificate for it" TLSv1.3 "$(handshake server -tls1_3)" ;;
        true) expect "the same with ssl.clientHostnameVerification=true" refused "$(handshake server -tls1_3)" ;;
    esac
    stop "$started"
done
