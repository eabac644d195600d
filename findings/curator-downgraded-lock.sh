#!/usr/bin/env bash
# A read lock of Curator that a thread takes while it has the write lock, and somebody else waits for the read lock already.
#
# Guess: its node is sequential as all of a lock's, so it comes last; who holds is told by the lowest number.
# Seen with Curator 5.9.0, ZooKeeper 3.9.5: it is not sequential. Its name has the number of the write lock, so two nodes have one number,
# the write lock is not the only holder, and when it is released the read lock comes before those who have waited longer.
source "$(dirname "$0")/lib/zookeeper.sh"

fetch curator org.apache.curator:curator-recipes:5.9.0 org.apache.zookeeper:zookeeper:3.9.5 ch.qos.logback:logback-classic:1.3.15
cat > "$work/Downgrade.java" << 'END'
import java.util.*;
import org.apache.curator.framework.*;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.retry.RetryOneTime;

public class Downgrade {
    public static void main(String[] arguments) throws Exception {
        CuratorFramework first = CuratorFrameworkFactory.newClient(arguments[0], new RetryOneTime(100));
        CuratorFramework second = CuratorFrameworkFactory.newClient(arguments[0], new RetryOneTime(100));
        first.start();
        second.start();
        InterProcessReadWriteLock lock = new InterProcessReadWriteLock(first, "/lock");
        lock.writeLock().acquire();
        Thread other = new Thread(() -> {
            try {
                new InterProcessReadWriteLock(second, "/lock").readLock().acquire();
            } catch (Exception error) {
                error.printStackTrace();
            }
        });
        other.setDaemon(true);
        other.start();
        while (first.getChildren().forPath("/lock").size() < 2) {
            Thread.sleep(20);
        }
        lock.readLock().acquire();
        List<String> names = new ArrayList<>();
        for (String name : first.getChildren().forPath("/lock")) {
            boolean own = first.checkExists().forPath("/lock/" + name).getEphemeralOwner()
                    == first.getZookeeperClient().getZooKeeper().getSessionId();
            names.add(name.substring(name.indexOf("__")) + (own ? " own" : " other"));
        }
        Collections.sort(names);
        System.out.println(String.join(", ", names));
        Runtime.getRuntime().halt(0);
    }
}
END
port=$(free_port)
start 3.9.5 server "$port" < /dev/null
until_serving "$port"
seen=$(timeout 60 java -Dlogback.configurationFile="$here/quiet.xml" -cp "$work/curator/*" "$work/Downgrade.java" "127.0.0.1:$port")
expect "nodes of the lock" "__READ__0000000000 own, __READ__0000000001 other, __WRIT__0000000000 own" "$seen"
