#!/usr/bin/env bash
# Three lines of a JAAS file that look right, and what a server makes of them.
#
# Guess: values need no quotes unless they have blanks, and # begins a comment, as in the files around it (krb5.conf, zoo.cfg).
# Seen with ZooKeeper 3.9.6 (OpenJDK 17): an unquoted path is a comment from its first / on, an unquoted number is no value, # is no comment.
# Each is an error of the whole file, and the start ends with "No JAAS configuration section named 'Server' was found", though it is there.
source "$(dirname "$0")/lib/zookeeper.sh"

module=org.apache.zookeeper.server.auth.DigestLoginModule
cat > "$work/quoted.conf" << END
// users
Server { $module required user_bob="1234" file="/etc/zookeeper.keytab"; };
END
cat > "$work/path.conf" << END
Server { $module required user_bob="1234" file=/etc/zookeeper.keytab; };
END
cat > "$work/number.conf" << END
Server { $module required user_bob=1234; };
END
cat > "$work/comment.conf" << END
# users
Server { $module required user_bob="1234"; };
END

port=$(free_port)
start 3.9.6 quoted "$port" -Djava.security.auth.login.config="$work/quoted.conf" < /dev/null
until_serving "$port"
stop "$started"
for file in path number comment; do
    start 3.9.6 "$file" "$(free_port)" -Djava.security.auth.login.config="$work/$file.conf" < /dev/null
    wait "$started" && code=0 || code=$?
    said=$(grep -o "No JAAS configuration section named 'Server' was found" "$work/$file/output.txt" | sort -u)
    expect "$file.conf" "code 1, No JAAS configuration section named 'Server' was found" "code $code, $said"
done
