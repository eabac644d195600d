import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.server.ServerCnxn;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

/**
 * What Apache's tests start as the port of their server: a pyzoo process on the same directories, with the same properties.
 *
 * The server of the JVM, which is there for its settings, gets no client. `pyzoo.command` has the words before `serve`.
 */
public class PyzooCnxnFactory extends ServerCnxnFactory {
    private static final int STOP_SECONDS = 10;

    private InetSocketAddress address;
    private int limit;
    private Process process;

    @Override
    public void configure(InetSocketAddress wanted, int maxClients, int backlog, boolean isSecure) throws IOException {
        if (isSecure) {
            throw new IOException("these tests are without TLS");
        }
        limit = maxClients;
        address = wanted.getPort() == 0 ? new InetSocketAddress(wanted.getAddress(), freePort()) : wanted;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void startup(ZooKeeperServer server, boolean startsServer) throws IOException {
        File logs = server.getTxnLogFactory().getDataLogDir().getParentFile();
        File snapshots = server.getTxnLogFactory().getSnapDir().getParentFile();
        server.getTxnLogFactory().close();
        File config = File.createTempFile("zoo", ".cfg", new File(System.getProperty("test.build.data")));
        try (PrintWriter lines = new PrintWriter(config)) {
            lines.println("dataDir=" + snapshots);
            lines.println("dataLogDir=" + logs);
            lines.println("tickTime=" + server.getTickTime());
            lines.println("minSessionTimeout=" + server.getMinSessionTimeout());
            lines.println("maxSessionTimeout=" + server.getMaxSessionTimeout());
            lines.println("clientPort=" + address.getPort());
            lines.println("maxClientCnxns=" + limit);
            lines.println("4lw.commands.whitelist=*");
        }
        List<String> words = new ArrayList<>(List.of(System.getProperty("pyzoo.command").split("\n")));
        words.add("serve");
        words.add(config.getPath());
        for (String name : System.getProperties().stringPropertyNames()) {
            if (isOfTheServer(name)) {
                words.add("-D" + name + "=" + System.getProperty(name));
            }
        }
        process = new ProcessBuilder(words).inheritIO().start();
        Process started = process;
        Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
        System.out.println("PYZOO " + String.join(" ", words));
    }

    private static boolean isOfTheServer(String name) {
        return name.equals("java.security.auth.login.config")
                || name.startsWith("zookeeper.") && !name.equals("zookeeper.serverCnxnFactory")
                && !name.startsWith("zookeeper.4lw") && !name.startsWith("zookeeper.log");
    }

    @Override
    public void shutdown() {
        if (process == null) {
            return;
        }
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void join() throws InterruptedException {
        if (process != null) {
            process.waitFor();
        }
    }

    @Override
    public InetSocketAddress getLocalAddress() {
        return address;
    }

    @Override
    public int getLocalPort() {
        return address.getPort();
    }

    @Override
    public int getMaxClientCnxnsPerHost() {
        return limit;
    }

    @Override
    public void setMaxClientCnxnsPerHost(int maxClients) {
        limit = maxClients;
    }

    @Override
    public int getSocketListenBacklog() {
        return -1;
    }

    @Override
    public Iterable<ServerCnxn> getConnections() {
        return Collections.emptyList();
    }

    @Override
    public Iterable<Map<String, Object>> getAllConnectionInfo(boolean brief) {
        return Collections.emptyList();
    }

    @Override
    public boolean closeSession(long session, ServerCnxn.DisconnectReason reason) {
        return false;
    }

    @Override
    public void closeAll(ServerCnxn.DisconnectReason reason) {}

    @Override
    public void reconfigure(InetSocketAddress wanted) {}

    @Override
    public void resetAllConnectionStats() {}

    @Override
    public void start() {}
}
