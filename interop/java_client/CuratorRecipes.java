import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.queue.DistributedDelayQueue;
import org.apache.curator.framework.recipes.queue.DistributedIdQueue;
import org.apache.curator.framework.recipes.queue.DistributedPriorityQueue;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;

/** Takes and waits for one of each recipe, prints the sessions, and goes on until its input ends. */
public class CuratorRecipes {
    private static final QueueSerializer<String> TEXT = new QueueSerializer<>() {
        @Override
        public byte[] serialize(String item) {
            return item.getBytes();
        }

        @Override
        public String deserialize(byte[] bytes) {
            return new String(bytes);
        }
    };

    public static void main(String[] arguments) throws Exception {
        CuratorFramework first = client(arguments[0]);
        CuratorFramework second = client(arguments[0]);
        CuratorFramework third = client(arguments[0]);
        locks(first, second, third);
        elections(first, second);
        queues(first);
        others(first, second);
        settle(first, "/semaphore/locks", 1);
        for (CuratorFramework client : new CuratorFramework[] {first, second, third}) {
            System.out.printf("0x%x%n", client.getZookeeperClient().getZooKeeper().getSessionId());
        }
        System.out.flush();
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }

    static CuratorFramework client(String server) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.builder()
                .connectString(server)
                .sessionTimeoutMs(20000)
                .connectionTimeoutMs(10000)
                .retryPolicy(new RetryOneTime(100))
                .namespace("curator")
                .build();
        client.start();
        client.blockUntilConnected(20, TimeUnit.SECONDS);
        return client;
    }

    static void beside(Callable<?> action) {
        Thread thread = new Thread(() -> {
            try {
                action.call();
            } catch (Exception error) {
                error.printStackTrace();
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    static void settle(CuratorFramework client, String path, int children) throws Exception {
        for (int tries = 0; tries < 400; tries++) {
            if (client.checkExists().forPath(path) != null && client.getChildren().forPath(path).size() == children) {
                return;
            }
            Thread.sleep(50);
        }
        throw new IllegalStateException(path + " has not " + children + " children");
    }

    static void locks(CuratorFramework first, CuratorFramework second, CuratorFramework third) throws Exception {
        new InterProcessMutex(first, "/mutex").acquire();
        beside(() -> new InterProcessMutex(second, "/mutex").acquire(1, TimeUnit.HOURS));
        settle(first, "/mutex", 2);
        InterProcessReadWriteLock own = new InterProcessReadWriteLock(first, "/downgraded");
        own.writeLock().acquire();
        beside(() -> new InterProcessReadWriteLock(second, "/downgraded").readLock().acquire(1, TimeUnit.HOURS));
        settle(first, "/downgraded", 2);
        own.readLock().acquire();
        new InterProcessReadWriteLock(first, "/read").readLock().acquire();
        new InterProcessReadWriteLock(second, "/read").readLock().acquire();
        beside(() -> new InterProcessReadWriteLock(third, "/read").writeLock().acquire(1, TimeUnit.HOURS));
        settle(first, "/read", 3);
        new InterProcessSemaphoreV2(first, "/semaphore", 2).acquire();
        new InterProcessSemaphoreV2(second, "/semaphore", 2).acquire();
        beside(() -> new InterProcessSemaphoreV2(third, "/semaphore", 2).acquire(1, TimeUnit.HOURS));
        settle(first, "/semaphore/leases", 3);
    }

    static void elections(CuratorFramework first, CuratorFramework second) throws Exception {
        new LeaderLatch(first, "/latch", "one").start();
        settle(first, "/latch", 1);
        new LeaderLatch(second, "/latch", "two").start();
        settle(first, "/latch", 2);
        LeaderSelector selector = new LeaderSelector(first, "/selector", new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework client) throws Exception {
                new CountDownLatch(1).await();
            }
        });
        selector.setId("one");
        selector.start();
        settle(first, "/selector", 1);
    }

    static void queues(CuratorFramework client) throws Exception {
        DistributedQueue<String> queue = QueueBuilder.builder(client, null, TEXT, "/queue").buildQueue();
        queue.start();
        queue.put("a");
        DistributedPriorityQueue<String> priorities = QueueBuilder.builder(client, null, TEXT, "/priorities").buildPriorityQueue(0);
        priorities.start();
        priorities.put("later", 5);
        priorities.put("sooner", -5);
        DistributedDelayQueue<String> delays = QueueBuilder.builder(client, null, TEXT, "/delays").buildDelayQueue();
        delays.start();
        delays.put("a", System.currentTimeMillis() + 3600_000);
        DistributedIdQueue<String> ids = QueueBuilder.builder(client, null, TEXT, "/ids").buildIdQueue();
        ids.start();
        ids.put("a", "id");
        for (String path : new String[] {"/queue", "/delays", "/ids"}) {
            settle(client, path, 1);
        }
        settle(client, "/priorities", 2);
        new SimpleDistributedQueue(client, "/simple").offer("a".getBytes());
    }

    static void others(CuratorFramework first, CuratorFramework second) throws Exception {
        beside(() -> {
            new DistributedDoubleBarrier(first, "/double", 2).enter();
            return null;
        });
        settle(first, "/double", 1);
        new DistributedBarrier(first, "/barrier").setBarrier();
        new GroupMember(first, "/group", "one", "data".getBytes()).start();
        settle(first, "/group", 1);
        ServiceDiscovery<Void> services = ServiceDiscoveryBuilder.builder(Void.class).client(first).basePath("/services").build();
        services.start();
        services.registerService(ServiceInstance.<Void>builder().name("web").address("10.0.0.1").port(8080).build());
    }
}
