#!/usr/bin/env bash
# client.portUnification=true without a secureClientPort lets no client with a certificate in, good as it may be.
#
# Guess: the port for both takes TLS clients as the TLS port does, whose scheme x509 needs no line.
# Seen with ZooKeeper 3.9.5 and 3.9.6, Java 17: the provider of x509 is set up for a secureClientPort only. Without it the handshake
# succeeds, and the connection is closed without an answer ("X509 Auth provider not found: x509" in the log), until
# authProvider.x509 names the class. A client without a certificate is answered, where ssl.clientAuth=want lets it in.
source "$(dirname "$0")/lib/zookeeper.sh"
source "$(dirname "$0")/lib/stores.sh"

authority
certificate server IP:127.0.0.1,DNS:localhost

# answer [PEM]: what a client, with this certificate, is answered to `ruok`.
answer() {
    python3 - "$port" "$@" << 'END'
import contextlib, socket, ssl, sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
for pem in sys.argv[2:]:
    context.load_cert_chain(pem)
answer = b""
with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) as plain:
    with context.wrap_socket(plain) as client:
        client.sendall(b"ruok")
        answer = client.recv(100)
print(answer.decode() or "nothing")
END
}

for version in 3.9.5 3.9.6; do
    for provider in "" "authProvider.x509=org.apache.zookeeper.server.auth.X509AuthenticationProvider"; do
        port=$(free_port)
        start "$version" "server-$version-${#provider}" "$port" << END
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
client.portUnification=true
4lw.commands.whitelist=*
ssl.clientAuth=want
ssl.keyStore.location=$work/server.pem
ssl.trustStore.location=$work/ca.pem
$provider
END
        until_open "$port"
        expect "$version ${provider:-without a line for x509}: no certificate" imok "$(answer)"
        expect "$version ${provider:-without a line for x509}: a good one" "$([ -n "$provider" ] && echo imok || echo nothing)" \
            "$(answer "$work/server.pem")"
        stop "$started"
    done
done
