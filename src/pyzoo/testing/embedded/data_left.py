"""What a server leaves behind for its next run, and how that is emptied."""

from pyzoo.config.settings import ServerConfig
from pyzoo.persistence.directories import open_directories
from pyzoo.persistence.disk import RealDisk, join
from pyzoo.persistence.names import is_temporary, log_zxid, snapshot_zxid
from pyzoo.persistence.snapshot.saved import save_snapshot
from pyzoo.server.database import ZKDatabase, new_tree
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer


def empty_database(config: ServerConfig, zxid: int) -> ZKDatabase:
    """A tree with nothing in it as of this zxid: clients of before would not come to a server that is behind them."""
    tree = new_tree(config)
    tree.last_processed_zxid = zxid
    return ZKDatabase(tree, {})


def database_of(server: ZooKeeperServer) -> ZKDatabase:
    """The database of a server in memory that ends: everything that was answered, and all sessions."""
    server.shutdown()
    return server.database


def empty_directory(config: ServerConfig, zxid: int) -> None:
    """Let the files of a server that has ended hold nothing, as of this zxid."""
    disk = RealDisk()
    directories = open_directories(disk, config.data_dir, config.data_log_dir, config.datadir_autocreate)
    for directory in {directories.logs, directories.snapshots}:
        for name in disk.list(directory):
            if log_zxid(name) >= 0 or snapshot_zxid(name) >= 0 or is_temporary(name):
                disk.remove(join(directory, name))
    database = empty_database(config, zxid)
    save_snapshot(
        disk,
        directories.snapshots,
        database.tree,
        database.sessions,
        config.snapshot_compression,
        config.serialize_last_processed_zxid,
    )
