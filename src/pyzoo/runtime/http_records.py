"""The bytes of an HTTP connection over TLS, as long as its records tell something."""

from typing import Final

import trio

from pyzoo.runtime.transport.tls_records import IDLE_RECORDS, Records

BYTES_A_RECORD: Final = 64
"""What records have on average, header and tag included; an update of keys has 27 bytes and takes 30 to 50 us."""
READ_BYTES: Final = 4096
"""OpenSSL makes all updates of keys at once that it has."""


class TooManyRecords(trio.BrokenResourceError):
    """Very many tiny records came; the connection is over."""


class RecordStream(trio.abc.Stream):
    """A socket's stream under TLS. Who sends very many tiny records is cut off by TooManyRecords."""

    def __init__(self, plain: trio.SocketStream) -> None:
        self._plain = plain
        self._records = Records()
        self._bytes = 0

    @property
    def socket(self) -> trio.socket.SocketType:
        return self._plain.socket

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        data = bytes(await self._plain.receive_some(min(max_bytes or READ_BYTES, READ_BYTES)))
        self._bytes += len(data)
        at = 0
        while at < len(data):
            at = self._records.end(data, at)
        if self._records.begun > IDLE_RECORDS + self._bytes // BYTES_A_RECORD:
            raise TooManyRecords("too many records that say nothing")
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._plain.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._plain.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._plain.aclose()
