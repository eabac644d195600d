#!/usr/bin/env bash
# The nodes below `leases` of an InterProcessSemaphoreV2 with two leases, both of which are held, while two others wait.
#
# Guess: there are two, one for each lease that is held; who waits has a node below `locks`.
# Seen with Curator 5.9.0, ZooKeeper 3.9.5: there are three. The first who waits has a lease already, and keeps its node below `locks`; only
# the second has no more than a lock. So who holds is not told by counting leases, and how many there are is written nowhere.
source "$(dirname "$0")/lib/zookeeper.sh"

fetch curator org.apache.curator:curator-recipes:5.9.0 org.apache.zookeeper:zookeeper:3.9.5 ch.qos.logback:logback-classic:1.3.15
cat > "$work/Leases.java" << 'END'
import org.apache.curator.framework.*;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.retry.RetryOneTime;

public class Leases {
    static CuratorFramework client(String server) {
        CuratorFramework client = CuratorFrameworkFactory.newClient(server, new RetryOneTime(100));
        client.start();
        return client;
    }

    static void until(CuratorFramework client, String path, int children) throws Exception {
        while (client.getChildren().forPath(path).size() != children) {
            Thread.sleep(20);
        }
    }

    public static void main(String[] arguments) throws Exception {
        CuratorFramework first = client(arguments[0]);
        new InterProcessSemaphoreV2(first, "/semaphore", 2).acquire();
        new InterProcessSemaphoreV2(client(arguments[0]), "/semaphore", 2).acquire();
        for (int waiting = 1; waiting <= 2; waiting++) {
            CuratorFramework other = client(arguments[0]);
            Thread thread = new Thread(() -> {
                try {
                    new InterProcessSemaphoreV2(other, "/semaphore", 2).acquire();
                } catch (Exception error) {
                    error.printStackTrace();
                }
            });
            thread.setDaemon(true);
            thread.start();
            until(first, "/semaphore/locks", waiting);
            if (waiting == 1) {
                until(first, "/semaphore/leases", 3);
            }
        }
        Thread.sleep(1000);
        System.out.printf("%d %d%n", first.getChildren().forPath("/semaphore/leases").size(),
                first.getChildren().forPath("/semaphore/locks").size());
        Runtime.getRuntime().halt(0);
    }
}
END
port=$(free_port)
start 3.9.5 server "$port" < /dev/null
until_serving "$port"
seen=$(timeout 60 java -Dlogback.configurationFile="$here/quiet.xml" -cp "$work/curator/*" "$work/Leases.java" "127.0.0.1:$port")
expect "leases, locks" "3 2" "$seen"
