#!/usr/bin/env bash
# A member that dials needs a certificate with its address in 3.9.6; its DNS name is not enough.
#
# Guess: certificates of 3.9.5 do after an update of the last digit; and a name that the DNS has for the address counts, as
# ssl.quorum.allowReverseDnsLookup (on between members) says.
# Seen with ZooKeeper 3.9.5 and 3.9.6, defaults: FIPS mode is on, in which 3.9.6 lets the JDK check the name of who dials, and that knows
# the address alone. ssl.quorum.clientHostnameVerification=false turns it off, as it was before; with -Dzookeeper.fips-mode=false the
# name is looked up, too.
source "$(dirname "$0")/lib/zookeeper.sh"
source "$(dirname "$0")/lib/stores.sh"

authority
certificate server IP:127.0.0.1,DNS:localhost
certificate address IP:127.0.0.1
certificate name DNS:localhost
for version in 3.9.5 3.9.6; do
    start_tls_member "$version"
    seen="$(handshake address -tls1_2) $(handshake name -tls1_2)"
    case $version in
        3.9.5) expect "$version, a certificate of the address, one of the name" "TLSv1.2 TLSv1.2" "$seen" ;;
        3.9.6) expect "$version, a certificate of the address, one of the name" "TLSv1.2 refused" "$seen" ;;
    esac
    stop "$started"
done
