# shellcheck shell=bash
# For findings about TLS between members: an authority, and certificates of different names; sourced after zookeeper.sh.

# authority: $work/ca.pem and its key.
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -subj /CN=authority -days 2 2> /dev/null
}

# certificate NAME SUBJECT_ALT_NAME: $work/NAME.crt, $work/NAME.key, and both in $work/NAME.pem.
certificate() {
    openssl req -newkey rsa:2048 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" -subj /CN=member 2> /dev/null
    openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -out "$work/$1.crt" -extfile <(echo "subjectAltName=$2") 2> /dev/null
    openssl pkcs8 -topk8 -nocrypt -in "$work/$1.key" > "$work/$1.pem"
    cat "$work/$1.crt" >> "$work/$1.pem"
}

# start_tls_member VERSION: member 1 of two, the other one is not there; its election port is $election.
start_tls_member() {
    local client quorum
    client=$(free_port) quorum=$(free_port) election=$(free_port)
    mkdir -p "$work/member-$1/data"
    echo 1 > "$work/member-$1/data/myid"
    start "$1" "member-$1" "$client" << END
initLimit=10
syncLimit=5
sslQuorum=true
ssl.quorum.keyStore.location=$work/server.pem
ssl.quorum.trustStore.location=$work/ca.pem
server.1=127.0.0.1:$quorum:$election
server.2=127.0.0.1:$(free_port):$(free_port)
END
    until_open "$election"
}

# until_open PORT: waits until somebody listens there.
until_open() {
    for _ in {1..300}; do
        if (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; then
            return 0
        fi
        sleep 0.1
    done
    cat "$work"/*/output.txt >&2
    exit 2
}

# handshake NAME OPTION...: TLS to the port $election with a certificate; prints the version, or "refused".
handshake() {
    local name=$1 output
    shift
    # A member of the right protocol, so that what is refused is the handshake: the connection stays open until it is told to end.
    output=$(sleep 1 | timeout 20 openssl s_client -connect "127.0.0.1:$election" -CAfile "$work/ca.pem" \
        -cert "$work/$name.crt" -key "$work/$name.key" "$@" 2>&1 || true)
    if grep -q -e 'alert' -e 'handshake failure' <<< "$output" || ! grep -q 'Verify return code: 0' <<< "$output"; then
        echo refused
    else
        grep -o -m1 -e 'TLSv1\.[23]' <<< "$(grep -e '^New, ' -e '^ *Protocol' <<< "$output")"
    fi
}
