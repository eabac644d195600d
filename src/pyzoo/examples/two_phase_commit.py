"""Two-phase commit: several databases do all of it or none of it, whoever dies on the way.

A transfer takes money from an account in one bank and gives it to one in another. First phase: each bank makes sure
that it can, keeps the money aside, and votes. Second phase: are all votes yes, the decision is commit, otherwise it
is abort; and each bank does what was decided.

The classical trouble: a bank that has voted yes may do nothing on its own any more, and if the coordinator dies
then, with the decision in its head, all are stuck. With ZooKeeper the votes and the decision are nodes, and die
with nobody:

- A vote is the node /transfers/<id>/votes/<bank>, made once.
- The decision is the node /transfers/<id>/decision. `create` makes it once, too: if two coordinators decide, the
  first one wins and the second one reads what it was. So *anybody* may decide when the coordinator is gone. Here a
  second coordinator stands for election (`kazoo.recipe.election`) and looks at every transfer without a decision.
- A bank that is gone cannot vote. Its *ephemeral* node in /banks goes with it, and then the decision is abort.
- A bank writes down in its own database what it votes before it votes, and later that it has done what was decided.
  So one that was killed goes on where it was.

ZooKeeper has transactions of its own, which need none of that: see `configuration`. This is for what is not in
ZooKeeper.

`--wrong`: a bank that has voted yes does not wait for the decision, as it will be commit anyway.
"""

import sqlite3
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError

from pyzoo.examples.actor import Actor
from pyzoo.examples.stage import Stage

TRANSFERS = "/transfers"
PRESENT = "/banks"
BANKS = {"rome": -1, "oslo": 1}
"""The banks, and what becomes of an amount there: rome gives, oslo gets."""
START = 100
"""What each has at the beginning."""


# The recipe: a bank


class Account:
    """The account of one bank, in a database of its own."""

    def __init__(self, file: Path) -> None:
        self.database = sqlite3.connect(file)
        with self.database:
            self.database.execute("CREATE TABLE IF NOT EXISTS account (balance INTEGER)")
            self.database.execute(
                "CREATE TABLE IF NOT EXISTS transfer (id TEXT PRIMARY KEY, amount INTEGER, state TEXT)"
            )
            if self._one("SELECT count(*) FROM account") == 0:
                self.database.execute("INSERT INTO account VALUES (?)", (START,))

    def _one(self, query: str, *values: object) -> object:
        row = self.database.execute(query, values).fetchone()
        return None if row is None else row[0]

    @property
    def balance(self) -> object:
        return self._one("SELECT balance FROM account")

    def state(self, transfer: str) -> object:
        """None, "yes" or "no" (what is voted), and in the end "commit" or "abort"."""
        return self._one("SELECT state FROM transfer WHERE id = ?", transfer)

    def prepare(self, transfer: str, amount: int) -> str:
        """The vote, written down. What a bank gives is kept aside: at once, and given back by an abort."""
        with self.database:
            vote = self.state(transfer)
            if vote is None:
                vote = "yes" if int(str(self.balance)) + amount >= 0 else "no"
                self.database.execute("INSERT INTO transfer VALUES (?, ?, ?)", (transfer, amount, vote))
                if vote == "yes" and amount < 0:
                    self.database.execute("UPDATE account SET balance = balance + ?", (amount,))
        return str(vote)

    def settle(self, transfer: str, decision: str) -> None:
        """Do what was decided, once."""
        with self.database:
            vote = self.state(transfer)
            amount = int(str(self._one("SELECT amount FROM transfer WHERE id = ?", transfer)))
            self.database.execute("UPDATE transfer SET state = ? WHERE id = ?", (decision, transfer))
            if vote == "yes" and (amount > 0) == (decision == "commit"):
                self.database.execute("UPDATE account SET balance = balance + ?", (abs(amount),))


def bank(zk: KazooClient, me: Actor, file: Path, waits: bool, stops_at: int | None) -> None:
    """Vote on each transfer and settle it, in their order."""
    account = Account(file)
    name = me.name.partition("-")[0]
    changed = threading.Event()

    def wake(event: object) -> None:
        changed.set()

    while True:
        changed.clear()
        if zk.retry(zk.exists, f"{PRESENT}/{name}", watch=wake) is None:
            with suppress(NodeExistsError):
                zk.retry(zk.create, f"{PRESENT}/{name}", ephemeral=True, makepath=True)
        for transfer in sorted(zk.retry(zk.get_children, TRANSFERS, watch=wake)):
            if account.state(transfer) in (None, "yes", "no"):
                vote = vote_on(zk, account, transfer, name)
                me.say(f"votes {vote} on {number_of(transfer)}", votes=number_of(transfer))
                if number_of(transfer) == stops_at:
                    me.wait_for_go()
                decision = wait_for_decision(zk, transfer) if waits or vote == "no" else "commit"
                account.settle(transfer, decision)
                me.say(
                    f"does what was decided on {number_of(transfer)}, {decision}, and has {account.balance} now",
                    settles=(number_of(transfer), decision),
                )
        changed.wait()


def vote_on(zk: KazooClient, account: Account, transfer: str, name: str) -> str:
    """Promise to do the transfer, or refuse it."""
    amount = int(zk.retry(zk.get, f"{TRANSFERS}/{transfer}")[0]) * BANKS[name]
    vote = account.prepare(transfer, amount)
    with suppress(NodeExistsError):
        zk.retry(zk.create, f"{TRANSFERS}/{transfer}/votes/{name}", vote.encode(), makepath=True)
    return vote


def wait_for_decision(zk: KazooClient, transfer: str) -> str:
    """Whatever it takes: who has voted yes must not do anything on its own."""
    changed = threading.Event()
    path = f"{TRANSFERS}/{transfer}/decision"
    while not zk.retry(zk.exists, path, watch=lambda event: changed.set()):
        changed.wait()
        changed.clear()
    return str(zk.retry(zk.get, path)[0].decode())


def number_of(transfer: str) -> int:
    return int(transfer[-10:])


# The recipe: the coordinator


def coordinator(zk: KazooClient, me: Actor, stops_at: int | None) -> None:
    """Decide, while elected; a second one waits for the death of the first."""
    zk.Election("/coordinator", me.name).run(coordinate, zk, me, stops_at)


def coordinate(zk: KazooClient, me: Actor, stops_at: int | None) -> None:
    """Decide whatever is not decided."""
    me.say("is the coordinator", coordinates=True)
    decided: set[str] = set()
    changed = threading.Event()

    def wake(event: object) -> None:
        changed.set()

    while True:
        changed.clear()
        for transfer in sorted(set(zk.retry(zk.get_children, TRANSFERS, watch=wake)) - decided):
            decision = decision_on(zk, transfer, wake)
            if decision is None:
                continue
            if number_of(transfer) == stops_at:
                me.say(f"knows the decision on {number_of(transfer)}, and tells nobody", knows=True)
                me.wait_for_go()
            with suppress(NodeExistsError):  # By a coordinator before, or by our own try whose answer was lost.
                zk.retry(zk.create, f"{TRANSFERS}/{transfer}/decision", decision.encode())
                me.say(f"decides on {number_of(transfer)}: {decision}", decides=decision)
            decided.add(transfer)
        changed.wait()


def decision_on(zk: KazooClient, transfer: str, wake: Callable[[object], None]) -> str | None:
    """Commit, if all have voted yes; abort, if one has voted no, or is gone without a vote; None if it is too early."""
    present = zk.retry(zk.get_children, PRESENT, watch=wake)  # Before the votes: who votes and then goes has voted.
    votes = []
    for name in BANKS:
        path = f"{TRANSFERS}/{transfer}/votes/{name}"
        if zk.retry(zk.exists, path, watch=wake):
            votes.append(zk.retry(zk.get, path)[0])
        elif name not in present:
            return "abort"
    if b"no" in votes:
        return "abort"
    return "commit" if len(votes) == len(BANKS) else None


# The play


def show(stage: Stage) -> str:
    """Five transfers; a coordinator and a bank are killed in the middle of one each."""
    for path in (TRANSFERS, PRESENT):
        stage.zk.ensure_path(path)
    with tempfile.TemporaryDirectory() as directory:
        files = {name: Path(directory) / f"{name}.sqlite" for name in BANKS}
        waits = not stage.wrong
        stage.start("rome", bank, files["rome"], waits, None)
        oslo = stage.start("oslo", bank, files["oslo"], waits, 3)
        stage.wait_until(lambda: len(stage.zk.get_children(PRESENT)) == 2, "both banks are open")
        cora = stage.start("cora", coordinator, 2)
        stage.wait_for("coordinates")
        stage.start("cody", coordinator, None)

        transfer(stage, 30)
        stage.wait_for("decides", 1)
        transfer(stage, 500)
        stage.wait_for("decides", 2)
        transfer(stage, 20)
        stage.wait_for("knows")
        stage.kill(cora)
        stage.wait_for("decides", 3)
        transfer(stage, 10)
        stage.wait_until(lambda: 3 in [event.facts["votes"] for event in stage.said("votes", "oslo")], "oslo has voted")
        stage.kill(oslo)
        stage.wait_for("decides", 4)
        transfer(stage, 15)
        stage.wait_for("decides", 5)
        stage.start("oslo-again", bank, files["oslo"], waits, None)
        stage.wait_for("settles", 10)
        balances = {name: int(str(Account(file).balance)) for name, file in files.items()}
        return judge(stage, balances)


def transfer(stage: Stage, amount: int) -> None:
    stage.tell(f"asks for a transfer of {amount} from rome to oslo")
    stage.zk.create(f"{TRANSFERS}/transfer-", b"%d" % amount, sequence=True)


def judge(stage: Stage, balances: dict[str, int]) -> str:
    """The claims about all of it."""
    decisions = [event.facts["decides"] for event in stage.said("decides")]
    stage.claim("commit is decided if all can and nobody else", decisions == "commit abort commit commit abort".split())
    rome = dict(event.facts["settles"] for event in stage.said("settles", "rome"))
    oslo = dict(event.facts["settles"] for name in ("oslo", "oslo-again") for event in stage.said("settles", name))
    stage.claim("both banks did the same with each of them", rome == oslo)
    stage.claim(f"no money came or went: {balances}", sum(balances.values()) == START * len(BANKS))
    return f"{len(decisions)} transfers, done by both banks or by none, with a coordinator and a bank killed in between"
