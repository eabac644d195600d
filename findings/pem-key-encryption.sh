#!/usr/bin/env bash
# An encrypted PEM key as `openssl pkcs8 -topk8` writes it is not read by ZooKeeper on Java 17; one in the encryption of 1999 is.
#
# Guess: "encrypted PKCS#8" of the manual is what openssl makes when it is asked for that.
# Seen with ZooKeeper 3.9.6, Java 17, OpenSSL 3.0: PemReader asks Java for the algorithm by its name, which for the default of openssl
# is PBES2, and there is none of that name: "PBES2 SecretKeyFactory not available". With `-v1 PBE-SHA1-3DES` the key is read.
source "$(dirname "$0")/lib/zookeeper.sh"

need 3.9.6
cat > "$work/Read.java" << 'END'
import java.io.File;
import java.util.Optional;
import org.apache.zookeeper.util.PemReader;

public class Read {
    public static void main(String[] names) {
        for (String name : names) {
            try {
                System.out.println(PemReader.loadPrivateKey(new File(name), Optional.of("secret")).getAlgorithm());
            } catch (Exception error) {
                System.out.println(error.getMessage());
            }
        }
    }
}
END
cd "$work"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out plain.pem 2> openssl.txt
openssl pkcs8 -topk8 -in plain.pem -passout pass:secret -out usual.pem
openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -in plain.pem -passout pass:secret -out old.pem
read_keys() {
    java -cp "$work/3.9.6/*" Read.java "$@" 2> java.txt
}
expect "as openssl writes it" "PBES2 SecretKeyFactory not available" "$(read_keys usual.pem)"
expect "with -v1 PBE-SHA1-3DES" "EC" "$(read_keys old.pem)"
