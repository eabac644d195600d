"""What a log line tells of the client that it is about, beside its text: `extra` of a logging call."""

from mypy_extensions import i64

from pyzoo.server.clients.cnxn import ServerCnxn


def of_session(session_id: i64) -> dict[str, object]:
    """A line about a session."""
    return {"session": f"0x{int(session_id) & 0xFFFFFFFFFFFFFFFF:x}"}


def of_client(cnxn: ServerCnxn) -> dict[str, object]:
    """A line about a connection, and about its session where it has one."""
    client: dict[str, object] = {"client": f"{cnxn.address}:{cnxn.port}"}
    if cnxn.session_id != 0:
        client.update(of_session(cnxn.session_id))
    return client
