import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.Stat;

/** A walk through Curator's recipes that prints what it sees; the same on every server that behaves alike. */
public class CuratorCheck {
    private static final int WAIT_SECONDS = 20;

    interface Action {
        void run() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        try (CuratorFramework first = client(arguments[0]); CuratorFramework second = client(arguments[0])) {
            crud(first);
            transactions(first);
            modes(first);
            acls(first);
            cache(first, second);
            mutex(first, second);
            readWriteLock(first, second);
            latch(first, second);
            counter(first, second);
            persistentNode(first, second);
        }
        say("done");
    }

    static CuratorFramework client(String server) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.newClient(server, 20000, 10000, new RetryOneTime(100));
        client.start();
        if (!client.blockUntilConnected(WAIT_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no connection to " + server);
        }
        return client;
    }

    static void say(Object text) {
        System.out.println(text);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String stat(Stat stat) {
        return "version " + stat.getVersion() + " cversion " + stat.getCversion() + " aversion " + stat.getAversion()
                + " length " + stat.getDataLength() + " children " + stat.getNumChildren()
                + " ephemeral " + (stat.getEphemeralOwner() != 0);
    }

    static void failing(String what, Action action) throws Exception {
        try {
            action.run();
            say(what + ": no error");
        } catch (KeeperException error) {
            say(what + ": " + error.code() + " " + error.getPath());
        }
    }

    static void crud(CuratorFramework client) throws Exception {
        say(client.create().creatingParentsIfNeeded().forPath("/crud/a/b", bytes("hello")));
        say(new String(client.getData().forPath("/crud/a/b"), StandardCharsets.UTF_8));
        Stat stat = client.setData().withVersion(0).forPath("/crud/a/b", bytes("bye"));
        say(stat(stat));
        failing("stale version", () -> client.setData().withVersion(0).forPath("/crud/a/b", bytes("x")));
        failing("again", () -> client.create().forPath("/crud/a/b"));
        failing("not empty", () -> client.delete().forPath("/crud/a"));
        failing("no node", () -> client.getData().forPath("/none"));
        say(client.checkExists().forPath("/none"));
        say(stat(client.checkExists().forPath("/crud")));
        for (String name : List.of("x", "y", "z", "a1", "b2")) {
            client.create().forPath("/crud/" + name);
        }
        say(client.getChildren().forPath("/crud"));
        client.delete().deletingChildrenIfNeeded().forPath("/crud");
        say(client.checkExists().forPath("/crud"));
    }

    static void transactions(CuratorFramework client) throws Exception {
        List<CuratorOp> good = List.of(
                client.transactionOp().create().forPath("/tx", bytes("1")),
                client.transactionOp().create().withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath("/tx/../txe-".replace("/tx/../", "/"), bytes("2")),
                client.transactionOp().setData().withVersion(0).forPath("/tx", bytes("3")),
                client.transactionOp().check().withVersion(1).forPath("/tx"));
        for (CuratorTransactionResult result : client.transaction().forOperations(good)) {
            say(result.getType() + " " + result.getForPath() + " " + result.getResultPath());
        }
        failing("transaction", () -> client.transaction().forOperations(
                client.transactionOp().delete().forPath("/tx"),
                client.transactionOp().check().forPath("/none")));
        say(stat(client.checkExists().forPath("/tx")));
    }

    static void modes(CuratorFramework client) throws Exception {
        client.create().forPath("/modes");
        for (CreateMode mode : List.of(CreateMode.PERSISTENT, CreateMode.EPHEMERAL, CreateMode.PERSISTENT_SEQUENTIAL,
                CreateMode.EPHEMERAL_SEQUENTIAL, CreateMode.CONTAINER)) {
            Stat stat = new Stat();
            say(client.create().storingStatIn(stat).withMode(mode).forPath("/modes/" + mode + "-", bytes("data")));
            say(stat(stat));
        }
        failing("child of an ephemeral", () -> client.create().forPath("/modes/EPHEMERAL-/x"));
        failing("ttl", () -> client.create().withTtl(5000).withMode(CreateMode.PERSISTENT_WITH_TTL).forPath("/modes/ttl"));
        say(client.create().withProtection().withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath("/modes/p-").length());
    }

    static void acls(CuratorFramework client) throws Exception {
        client.create().withACL(ZooDefs.Ids.READ_ACL_UNSAFE).forPath("/acls", bytes("x"));
        say(client.getACL().forPath("/acls"));
        failing("write", () -> client.setData().forPath("/acls", bytes("y")));
        failing("acl of nobody", () -> client.create().withACL(ZooDefs.Ids.CREATOR_ALL_ACL).forPath("/acls2"));
    }

    static void cache(CuratorFramework watching, CuratorFramework writing) throws Exception {
        writing.create().forPath("/cache", bytes("top"));
        List<String> seen = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger expected = new AtomicInteger();
        try (CuratorCache cache = CuratorCache.build(watching, "/cache")) {
            cache.listenable().addListener((type, before, after) -> {
                ChildData data = after == null ? before : after;
                seen.add(type + " " + data.getPath() + " " + new String(data.getData(), StandardCharsets.UTF_8));
            });
            cache.start();
            await(seen, expected.addAndGet(1));
            writing.create().forPath("/cache/a", bytes("1"));
            await(seen, expected.addAndGet(1));
            writing.create().forPath("/cache/a/deep", bytes("2"));
            await(seen, expected.addAndGet(1));
            writing.setData().forPath("/cache/a", bytes("3"));
            await(seen, expected.addAndGet(1));
            writing.delete().forPath("/cache/a/deep");
            await(seen, expected.addAndGet(1));
            writing.delete().forPath("/cache/a");
            await(seen, expected.addAndGet(1));
        }
        seen.forEach(CuratorCheck::say);
    }

    static void await(List<String> seen, int count) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (seen.size() < count) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("only " + seen);
            }
            Thread.sleep(5);
        }
    }

    static void mutex(CuratorFramework first, CuratorFramework second) throws Exception {
        InterProcessMutex mine = new InterProcessMutex(first, "/mutex");
        InterProcessMutex theirs = new InterProcessMutex(second, "/mutex");
        say(mine.acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        CountDownLatch taken = new CountDownLatch(1);
        Thread waiter = new Thread(() -> {
            try {
                theirs.acquire();
                taken.countDown();
                theirs.release();
            } catch (Exception error) {
                say(error);
            }
        });
        waiter.start();
        say(taken.await(200, TimeUnit.MILLISECONDS));
        mine.release();
        say(taken.await(WAIT_SECONDS, TimeUnit.SECONDS));
        waiter.join();
    }

    static void readWriteLock(CuratorFramework first, CuratorFramework second) throws Exception {
        InterProcessReadWriteLock mine = new InterProcessReadWriteLock(first, "/rw");
        InterProcessReadWriteLock theirs = new InterProcessReadWriteLock(second, "/rw");
        say(mine.readLock().acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        say(theirs.readLock().acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        theirs.readLock().release();
        say(theirs.writeLock().acquire(200, TimeUnit.MILLISECONDS));
        mine.readLock().release();
        say(theirs.writeLock().acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        theirs.writeLock().release();
    }

    static void latch(CuratorFramework first, CuratorFramework second) throws Exception {
        LeaderLatch mine = new LeaderLatch(first, "/latch", "mine");
        mine.start();
        say(mine.await(WAIT_SECONDS, TimeUnit.SECONDS));
        try (LeaderLatch theirs = new LeaderLatch(second, "/latch", "theirs")) {
            theirs.start();
            say(theirs.await(200, TimeUnit.MILLISECONDS));
            mine.close();
            say(theirs.await(WAIT_SECONDS, TimeUnit.SECONDS));
            say(theirs.getLeader().getId());
        }
    }

    static void counter(CuratorFramework first, CuratorFramework second) throws Exception {
        DistributedAtomicLong mine = new DistributedAtomicLong(first, "/counter", new RetryOneTime(10));
        DistributedAtomicLong theirs = new DistributedAtomicLong(second, "/counter", new RetryOneTime(10));
        for (int round = 0; round < 10; round++) {
            mine.increment();
            theirs.add(5L);
        }
        say(mine.get().postValue());
    }

    static void persistentNode(CuratorFramework first, CuratorFramework second) throws Exception {
        try (PersistentNode node = new PersistentNode(first, CreateMode.EPHEMERAL, false, "/persistent", bytes("mine"))) {
            node.start();
            say(node.waitForInitialCreate(WAIT_SECONDS, TimeUnit.SECONDS));
            second.delete().forPath("/persistent");
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
            while (second.checkExists().forPath("/persistent") == null && System.nanoTime() < deadline) {
                Thread.sleep(5);
            }
            say(new String(second.getData().forPath("/persistent"), StandardCharsets.UTF_8));
        }
        say(second.checkExists().forPath("/persistent"));
    }
}
