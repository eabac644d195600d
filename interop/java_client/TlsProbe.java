import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.lang.reflect.Constructor;
import java.lang.reflect.Proxy;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.apache.zookeeper.common.ClientX509Util;
import org.apache.zookeeper.common.QuorumX509Util;
import org.apache.zookeeper.common.X509Util;
import org.apache.zookeeper.common.ZKConfig;

/**
 * Answers, line by line, what ZooKeeper's own classes make of stores, names and settings. Words are divided by tabs:
 *
 *   key LOCATION PASSWORD TYPE      the subjects of the chain
 *   trust LOCATION PASSWORD TYPE    the subjects of the certificates
 *   client NAME=VALUE...            protocols and cipher suites of the client port
 *   quorum NAME=VALUE...            the same between members
 *   zk HOST CERTIFICATE             whether a certificate is that of a host, for ZooKeeper
 *   jdk HOST CERTIFICATE            the same for the JDK
 */
public final class TlsProbe {

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String answer;
            try {
                answer = "ok\t" + answer(line.split("\t", -1));
            } catch (Throwable error) {
                answer = "error\t" + reasons(error);
            }
            System.out.println(answer.replace('\n', ' '));
            System.out.flush();
        }
    }

    private static String answer(String[] words) throws Exception {
        switch (words[0]) {
            case "key": {
                X509KeyManager manager = X509Util.createKeyManager(words[1], words[2], words[3]);
                for (String type : new String[] {"RSA", "EC", "DSA", "EdDSA"}) {
                    String[] aliases = manager.getServerAliases(type, null);
                    if (aliases != null) {
                        return type + " " + subjects(manager.getCertificateChain(aliases[0]));
                    }
                }
                return "none";
            }
            case "trust": {
                X509TrustManager manager =
                    X509Util.createTrustManager(words[1], words[2], words[3], false, false, false, false, false, true);
                return subjects(manager.getAcceptedIssuers());
            }
            case "client": {
                SSLEngine engine = new ClientX509Util().createNettySslContextForServer(config(words))
                    .newEngine(UnpooledByteBufAllocator.DEFAULT);
                return chosen(engine.getEnabledProtocols(), engine.getEnabledCipherSuites());
            }
            case "quorum": {
                try (SSLServerSocket socket =
                        new QuorumX509Util().createSSLContextAndOptions(config(words)).createSSLServerSocket()) {
                    return chosen(socket.getEnabledProtocols(), socket.getEnabledCipherSuites())
                        + " need=" + socket.getNeedClientAuth() + " want=" + socket.getWantClientAuth();
                }
            }
            case "zk": {
                Constructor<?> made = Class.forName("org.apache.zookeeper.common.ZKHostnameVerifier").getDeclaredConstructor();
                made.setAccessible(true);
                return "" + ((HostnameVerifier) made.newInstance()).verify(words[1], sessionOf(words[2]));
            }
            case "jdk":
                sun.security.util.HostnameChecker.getInstance(sun.security.util.HostnameChecker.TYPE_TLS)
                    .match(words[1], certificate(words[2]), false);
                return "true";
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    private static ZKConfig config(String[] words) {
        ZKConfig config = new ZKConfig();
        for (String word : Arrays.asList(words).subList(1, words.length)) {
            int at = word.indexOf('=');
            config.setProperty("zookeeper." + word.substring(0, at), word.substring(at + 1));
        }
        return config;
    }

    private static X509Certificate certificate(String path) throws Exception {
        try (FileInputStream file = new FileInputStream(path)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(file);
        }
    }

    private static SSLSession sessionOf(String path) throws Exception {
        Certificate[] shown = {certificate(path)};
        return (SSLSession) Proxy.newProxyInstance(TlsProbe.class.getClassLoader(), new Class<?>[] {SSLSession.class},
            (proxy, method, given) -> shown);
    }

    private static String subjects(X509Certificate[] chain) {
        List<String> names = new ArrayList<>();
        for (X509Certificate each : chain) {
            names.add(each.getSubjectX500Principal().getName());
        }
        return String.join(" | ", names);
    }

    private static String chosen(String[] protocols, String[] ciphers) {
        return String.join(",", protocols) + " " + String.join(",", ciphers);
    }

    private static String reasons(Throwable error) {
        StringBuilder text = new StringBuilder();
        for (Throwable each = error; each != null; each = each.getCause()) {
            text.append(each.getClass().getSimpleName()).append(": ").append(each.getMessage()).append("; ");
        }
        return text.toString();
    }
}
