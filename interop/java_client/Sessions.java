import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.data.ClientInfo;

/** Sessions of the Java client, told what to do by lines of words with tabs between them; each gets one line back. */
public class Sessions {
    private static final int WAIT_SECONDS = 30;
    private static final Map<String, Session> SESSIONS = new HashMap<>();

    /** One client, and its events of nodes that nobody has asked for yet. */
    static final class Session implements Watcher {
        final BlockingQueue<WatchedEvent> nodes = new LinkedBlockingQueue<>();
        final ZooKeeper client;

        Session(String hosts, int timeout, ZKClientConfig config) throws Exception {
            client = new ZooKeeper(hosts, timeout, this, config);
        }

        @Override
        public void process(WatchedEvent event) {
            if (event.getType() != Event.EventType.None) {
                nodes.add(event);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String answer;
            try {
                answer = obeyed(List.of(line.split("\t", -1)));
            } catch (KeeperException error) {
                answer = error.code().toString();
            } catch (Exception error) {
                answer = error.toString();
            }
            System.out.println(answer == null ? "null" : answer.replaceAll("\\s", " "));
            System.out.flush();
        }
        System.exit(0);
    }

    /** A session that is about to connect again is waited for: nothing here is harmed by being done twice. */
    static String obeyed(List<String> words) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (true) {
            try {
                return obey(words);
            } catch (KeeperException.ConnectionLossException error) {
                if (System.nanoTime() > deadline) {
                    throw error;
                }
                Thread.sleep(20);
            }
        }
    }

    static String obey(List<String> words) throws Exception {
        String name = words.get(1);
        if (words.get(0).equals("open")) {
            return open(name, words.get(2), Integer.parseInt(words.get(3)), words.subList(4, words.size()));
        }
        if (words.get(0).equals("close-all")) {
            for (Session each : SESSIONS.values()) {
                each.client.close(0);
            }
            SESSIONS.clear();
            return "closed";
        }
        Session session = SESSIONS.get(name);
        ZooKeeper client = session.client;
        String word = words.size() > 2 ? words.get(2) : null;
        switch (words.get(0)) {
            case "create":
                return client.create(word, bytes(words.get(3)), ZooDefs.Ids.OPEN_ACL_UNSAFE,
                        CreateMode.valueOf(words.get(4)));
            case "set":
                return "" + client.setData(word, bytes(words.get(3)), -1).getVersion();
            case "get":
                return new String(client.getData(word, false, null), StandardCharsets.UTF_8);
            case "watch":
                return "" + client.getData(word, true, null).length;
            case "owner":
                return "" + client.exists(word, false).getEphemeralOwner();
            case "sync":
                client.sync("/");
                return "synced";
            case "session":
                return "" + client.getSessionId();
            case "who":
                StringBuilder ids = new StringBuilder();
                for (ClientInfo each : client.whoAmI()) {
                    ids.append(each.getAuthScheme()).append(':').append(each.getUser()).append(' ');
                }
                return ids.toString().trim();
            case "event":
                return told(session.nodes.poll(WAIT_SECONDS, TimeUnit.SECONDS));
            case "left":
                return "" + session.nodes.size();
            case "close":
                SESSIONS.remove(name);
                client.close(0);
                return "closed";
            default:
                throw new IllegalArgumentException(words.get(0));
        }
    }

    /** Answers how the first attempt to connect has ended: a client says nothing of attempts that fail, but requests do. */
    static String open(String name, String hosts, int timeout, List<String> settings) throws Exception {
        ZKClientConfig config = new ZKClientConfig();
        for (String setting : settings) {
            config.setProperty(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
        }
        Session session = new Session(hosts, timeout, config);
        SESSIONS.put(name, session);
        try {
            session.client.exists("/", false);
            return "connected";
        } catch (KeeperException.ConnectionLossException error) {
            return "refused";
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String told(WatchedEvent event) {
        return event == null ? "nothing" : event.getType() + " " + event.getPath();
    }
}
