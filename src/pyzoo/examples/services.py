"""Service registration and client-side load balancing: who is there, said by themselves, and clients that choose.

An instance of a service opens its port and then makes an *ephemeral* node below /services/greeting with its
address. The node goes when the instance does, so there is no list that somebody has to keep true by hand. A client
reads the children with a watch, keeps the list, and takes one after the other. There is no load balancer in between
that could fail, and ZooKeeper is asked only when the list changes, not for each request: the list goes on working
even while ZooKeeper cannot be reached.

The list is always a little old: an instance that was killed stays in it until its session is over. So a client that
cannot connect takes the next one, at once, and leaves the bad one alone until the list changes. An instance that
*knows* that it will end takes its node away first, and serves what still comes: nobody notices.

kazoo has no recipe for it; `ChildrenWatch` (`kazoo.recipe.watchers`) keeps the list here. It reads, watches, and
calls the function, again after each change and each reconnect. `--wrong` has clients that take their list once:
they never use a new instance.
"""

import socket
import socketserver
import threading
import time
from collections import Counter

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError, NoNodeError

from pyzoo.examples.actor import Actor
from pyzoo.examples.client import owns
from pyzoo.examples.stage import Process, Stage

SERVICE = "/services/greeting"
ANSWER_S = 5.0
PAUSE_S = 0.003
"""Between two requests of a client."""


# The recipe: an instance


class Greeter(socketserver.BaseRequestHandler):
    """The service: says the name of the instance."""

    name = ""

    def handle(self) -> None:
        self.request.sendall(self.name.encode())


def instance(zk: KazooClient, me: Actor) -> None:
    """Serve, and say where, until told to end; then take leave first."""
    Greeter.name = me.name
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greeter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_address[1]}"
        changed = threading.Event()
        zk.add_listener(lambda state: changed.set())  # A session that was lost has taken the node along.
        zk.retry(register, zk, address)
        me.say(f"serves on {address}, and is registered", registered=address)
        while not me.told_to_end():
            if changed.wait(0.05):
                changed.clear()
                zk.retry(register, zk, address)
        zk.retry(unregister, zk, address)
        me.say("is registered no more, and serves who still comes", leaves=address)
        me.wait_for_go()
        server.shutdown()


def register(zk: KazooClient, address: str) -> None:
    """Make the node, for this session."""
    node = f"{SERVICE}/{address}"
    try:
        zk.create(node, ephemeral=True, makepath=True)
    except NodeExistsError:
        if not owns(zk, zk.exists(node)):
            unregister(zk, address)  # Of a session before: nobody else can have our address.
            zk.create(node, ephemeral=True)


def unregister(zk: KazooClient, address: str) -> None:
    """Take the node away, if it is there."""
    try:
        zk.delete(f"{SERVICE}/{address}")
    except NoNodeError:
        pass


# The recipe: a client


class Balancer:
    """Takes one instance after the other."""

    def __init__(self, me: Actor, watches: bool) -> None:
        self.me = me
        self.watches = watches
        self.addresses: list[str] = []
        self.bad: set[str] = set()
        self.turn = 0

    def on_list(self, addresses: list[str]) -> bool:
        """There is a new list; kazoo watches on unless this is False."""
        self.addresses, self.bad = sorted(addresses), set()
        self.me.say(f"knows {len(addresses)} instances", knows=self.addresses)
        return self.watches

    def request(self) -> str:
        """The answer of some instance. One that does not answer is asked no more until the list changes."""
        while True:
            good = [address for address in self.addresses if address not in self.bad]
            if not good:
                self.bad.clear()
                time.sleep(PAUSE_S)
                continue
            self.turn += 1
            address = good[self.turn % len(good)]
            try:
                return ask(address)
            except OSError:
                self.bad.add(address)
                self.me.say(f"finds nobody at {address}, and takes the next one", nobody=address)


def ask(address: str) -> str:
    """A request that may be made twice, as one that broke off will be. Raises OSError."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), ANSWER_S) as connection:
        answer = connection.recv(100).decode()
    if not answer:
        raise ConnectionResetError("it ended before it answered")
    return answer


def client(zk: KazooClient, me: Actor, watches: bool) -> None:
    """Ask all the time."""
    balancer = Balancer(me, watches)
    zk.ChildrenWatch(SERVICE, balancer.on_list)
    while not me.told_to_end():
        me.say("", answered=balancer.request())
        time.sleep(PAUSE_S)


# The play


def show(stage: Stage) -> str:
    """Three instances and two clients; one instance is killed, one comes, one goes."""
    rome, oslo, bern = (stage.start(name, instance) for name in ("rome", "oslo", "bern"))
    address = {event.who: event.facts["registered"] for event in stage.wait_for("registered", 3)}
    clients = [stage.start(name, client, not stage.wrong) for name in ("ada", "bob")]
    shares = answers_of_each(stage, clients, 40)
    stage.claim(f"three instances share the work: {dict(shares)}", min(shares[name] for name in address) >= 20)

    stage.kill(oslo)
    wait_for_lists(stage, clients, address["oslo"], there=False)
    wien = stage.start("wien", instance)
    [came] = stage.wait_for("registered", who="wien")
    wait_for_lists(stage, clients, came.facts["registered"], there=True)
    shares = answers_of_each(stage, clients, 40)
    stage.claim("the new instance has its share", shares["wien"] >= 20)

    bern.go()
    stage.wait_for("leaves", who="bern")
    wait_for_lists(stage, clients, address["bern"], there=False)
    bern.go()
    stage.wait_for_end(bern)
    shares = answers_of_each(stage, clients, 20)
    stage.claim("the one that left is asked no more", shares["bern"] == 0)
    for each in (*clients, rome, wien):
        each.go()
    stage.wait_for_end(*clients)
    failed = {event.facts["nobody"] for event in stage.said("nobody")}
    stage.claim("a connection failed at the killed instance only", failed <= {address["oslo"]})
    answers = len(stage.said("answered"))
    return f"{answers} requests, each of them answered, while an instance was killed, one came, and one left"


def answers_of_each(stage: Stage, clients: list[Process], count: int) -> Counter[str]:
    """How often each instance answered, until each client has got so many more answers."""
    before = {each.name: len(stage.said("answered", each.name)) for each in clients}
    for each in clients:
        stage.wait_for("answered", before[each.name] + count, each.name)
    new = [event for each in clients for event in stage.said("answered", each.name)[before[each.name] :]]
    return Counter(event.facts["answered"] for event in new)


def wait_for_lists(stage: Stage, clients: list[Process], address: str, there: bool) -> None:
    """Until all clients know that this instance is there, or that it is not. Those that do not watch never do."""
    if not stage.wrong:
        stage.wait_until(
            lambda: all((address in stage.last("knows", each.name)) == there for each in clients),
            "all clients have a new list",
        )
