#!/usr/bin/env bash
# Between members 3.9.6 speaks TLS 1.2 only, where 3.9.5 spoke 1.3 too.
#
# Guess: the newer release speaks the newer version, and a default of TLS changes upwards.
# Seen with ZooKeeper 3.9.5 and 3.9.6, Java 17, defaults: FIPS mode is on in both. 3.9.5 takes TLSv1.3 as its protocol, which offers 1.2
# as well; 3.9.6 takes TLSv1.2 in FIPS mode, which offers that alone. A peer that insists on 1.3 gets on with 3.9.5 and not with 3.9.6,
# unless -Dzookeeper.fips-mode=false or ssl.quorum.enabledProtocols says otherwise.
source "$(dirname "$0")/lib/zookeeper.sh"
source "$(dirname "$0")/lib/stores.sh"

authority
certificate server IP:127.0.0.1,DNS:localhost
for version in 3.9.5 3.9.6; do
    start_tls_member "$version"
    seen="$(handshake server -tls1_2) $(handshake server -tls1_3)"
    case $version in
        3.9.5) expect "$version, asked for 1.2 and for 1.3" "TLSv1.2 TLSv1.3" "$seen" ;;
        3.9.6) expect "$version, asked for 1.2 and for 1.3" "TLSv1.2 refused" "$seen" ;;
    esac
    stop "$started"
done
