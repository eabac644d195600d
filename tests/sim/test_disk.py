"""The disk and the log of a simulated machine."""

import pytest

from pyzoo.persistence.txnlog import TxnLog
from pyzoo.server.effects import LogBatch
from pyzoo.sim.disk import SimCrash, SimDisk, SimLog
from pyzoo.sim.world import World
from tests.support.codec import encode_record


def disk_with_directory(world: World) -> SimDisk:
    disk = SimDisk(world)
    disk.make_directory("/data")
    return disk


def batch(zxid: int, roll_after: bool = False) -> LogBatch:
    return LogBatch(zxid, zxid, [encode_record(b"%032d" % zxid)], roll_after)


def log_of(world: World, disk: SimDisk, synced: list[int]) -> SimLog:
    def done(batches: list[LogBatch]) -> None:
        synced.extend(one.last_zxid for one in batches)

    return SimLog(world, TxnLog(disk, "/data", 0), lambda: 10, done, disk.lose_power)


def test_a_machine_can_die_after_a_number_of_changes() -> None:
    disk = disk_with_directory(World(1))
    disk.operations_left = 2
    file = disk.create("/data/a")
    file.write_at(0, b"x")
    with pytest.raises(SimCrash):
        file.sync()
    with pytest.raises(SimCrash):
        disk.remove("/data/a")


def test_a_killed_process_leaves_all_that_it_has_written() -> None:
    disk = disk_with_directory(World(1))
    disk.create("/data/a").write_at(0, b"written")
    disk.flush()
    disk.lose_power()
    assert disk.open_read("/data/a").read(100) == b"written"


def test_batches_that_come_during_a_sync_join_the_next() -> None:
    world = World(1)
    synced: list[int] = []
    log = log_of(world, disk_with_directory(world), synced)
    log.submit(batch(1))
    world.run_until(5)
    log.submit(batch(2))
    log.submit(batch(3))
    world.run_until(10)
    assert synced == [1]
    world.run_until(20)
    assert synced == [1, 2, 3]
    assert not log.is_busy


def test_a_full_disk_is_tried_again_until_there_is_room() -> None:
    world = World(1)
    disk = disk_with_directory(world)
    synced: list[int] = []
    log = log_of(world, disk, synced)
    disk.is_full = True
    log.submit(batch(1))
    world.run_until(5000)
    assert synced == []
    disk.is_full = False
    world.run_until(10_000)
    assert synced == [1]
