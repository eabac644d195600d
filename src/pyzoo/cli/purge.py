"""`pyzoo purge`: remove old snapshots and logs now (PurgeTxnLog, zkCleanup.sh)."""

import sys

import click

AT_LEAST = 3


@click.command()
@click.argument("data_log_dir", type=click.Path(file_okay=False))
@click.argument("data_dir", type=click.Path(file_okay=False), required=False)
@click.option("-n", "--count", type=click.IntRange(min=AT_LEAST), required=True, help="Snapshots to keep, 3 or more.")
def purge(data_log_dir: str, data_dir: str | None, count: int) -> None:
    """Keep the newest COUNT snapshots and the logs that they need; remove what is older.

    DATA_LOG_DIR has the transaction logs, DATA_DIR the snapshots when they are apart.
    """
    from pyzoo.errors import StorageError
    from pyzoo.persistence.directories import open_directories
    from pyzoo.persistence.disk import RealDisk
    from pyzoo.persistence.purge import purge as purge_files

    disk = RealDisk()
    try:
        directories = open_directories(disk, data_dir or data_log_dir, data_log_dir, autocreate=False)
        removed, failed = purge_files(disk, directories, count)
    except (StorageError, OSError) as error:
        click.echo(f"pyzoo: {error}", err=True)
        sys.exit(1)
    for path in removed:
        click.echo(f"Removing file: {path}")
    for path in failed:
        click.echo(f"Failed to remove {path}", err=True)
    sys.exit(1 if failed else 0)
