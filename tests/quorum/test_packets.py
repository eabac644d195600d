"""Quorum packets: the bytes of a real ensemble, however they arrive."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from pyzoo.errors import MalformedRecord, ProtocolViolation
from pyzoo.jute.primitives import field_limit
from pyzoo.jute.records import Id, LearnerInfo, QuorumPacket
from pyzoo.quorum import packets as qp
from pyzoo.quorum.packets import PacketBuffer

INTS = st.integers(-(2**31), 2**31 - 1)
LONGS = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
IDS = st.builds(Id, st.none() | TEXT, st.none() | TEXT)
PACKETS = st.builds(
    QuorumPacket, INTS, LONGS, st.none() | st.binary(max_size=40), st.none() | st.lists(IDS, max_size=4)
)
STEPS = st.lists(st.integers(1, 60), min_size=1, max_size=20)
HEAD = struct.pack(">iq", qp.REQUEST, -1)
IP = Id("ip", "127.0.0.1")


def encoded(packet: QuorumPacket) -> bytes:
    out = BytesWriter()
    packet.encode(out)
    return out.getvalue()


def packets_of(buffer: PacketBuffer) -> list[QuorumPacket]:
    found = []
    while (packet := buffer.take()) is not None:
        found.append(packet)
    return found


def pieces_of(wire: bytes, steps: list[int]) -> list[bytes]:
    pieces = []
    at = turn = 0
    while at < len(wire):
        step = steps[turn % len(steps)]
        pieces.append(wire[at : at + step])
        at += step
        turn += 1
    return pieces


def packet_of(wire: bytes) -> QuorumPacket | None:
    buffer = PacketBuffer()
    buffer.append(wire)
    return buffer.take()


CREATE_SESSION = bytes.fromhex(
    "0200002099700000 00000000 0000000100000001 000001a2063e9532 fffffff6 00002710 00000002 0000000051c6d660"
)
CATALOGUE = {
    "0000000b 0000000000000000 00000014 0000000000000003 00010000 0000000000000000 ffffffff": qp.packet(
        qp.FOLLOWERINFO, 0, qp.encode_learner_info(3, 0)
    ),
    "00000010 0000000000000000 00000014 0000000000000004 00010000 0000000000000000 ffffffff": qp.packet(
        qp.OBSERVERINFO, 0, qp.encode_learner_info(4, 0)
    ),
    "00000011 0000000100000000 00000004 00010000 ffffffff": qp.packet(qp.LEADERINFO, 1 << 32, qp.LEADER_INFO_DATA),
    "00000012 0000000000000000 00000004 00000000 ffffffff": qp.packet(qp.ACKEPOCH, 0, qp.encode_ack_epoch(0)),
    "00000012 0000000300000002 00000004 ffffffff ffffffff": qp.packet(
        qp.ACKEPOCH, 0x300000002, qp.encode_ack_epoch(-1)
    ),
    "0000000d 0000000100000000 ffffffff ffffffff": qp.packet(qp.DIFF, 1 << 32, None),
    "0000000e 0000000100000002 ffffffff ffffffff": qp.packet(qp.TRUNC, 0x100000002, None),
    "0000000f 0000000100000000 ffffffff ffffffff": qp.packet(qp.SNAP, 1 << 32, None),
    "0000000a 0000000100000000 00000003 613d62 ffffffff": qp.packet(qp.NEWLEADER, 1 << 32, b"a=b"),
    "00000003 0000000100000000 ffffffff ffffffff": qp.packet(qp.ACK, 1 << 32, None),
    "0000000c ffffffffffffffff ffffffff ffffffff": qp.packet(qp.UPTODATE, -1, None),
    "00000005 000000010000000a ffffffff ffffffff": qp.packet(qp.PING, 0x10000000A, None),
    "00000005 000000010000000a 00000000 ffffffff": qp.packet(qp.PING, 0x10000000A, qp.encode_touches({})),
    "00000004 0000000100000001 ffffffff ffffffff": qp.packet(qp.COMMIT, 0x100000001, None),
    "00000007 0000000000000000 ffffffff ffffffff": qp.packet(qp.SYNC, 0, None),
    "00000002 0000000100000001 00000030 0200002099700000 00000000 0000000100000001 000001a2063e9532 fffffff6"
    "00002710 00000002 0000000051c6d660 ffffffff": qp.packet(qp.PROPOSAL, 0x100000001, CREATE_SESSION),
    "00000008 0000000100000001 00000030 0200002099700000 00000000 0000000100000001 000001a2063e9532 fffffff6"
    "00002710 00000002 0000000051c6d660 ffffffff": qp.packet(qp.INFORM, 0x100000001, CREATE_SESSION),
    "00000001 ffffffffffffffff 00000014 01000022c37b0000 00000000 fffffff6 00001770 ffffffff": qp.packet(
        qp.REQUEST, -1, qp.encode_request(0x1000022C37B0000, 0, -10, b"\x00\x00\x17\x70")
    ),
    "00000001 ffffffffffffffff 0000003f 01000022c37b0000 00000001 00000001 00000003 2f6131 00000005 68656c6c6f"
    "00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000"
    "00000001 00000002 6970 00000009 3132372e302e302e31": qp.request_packet(
        qp.encode_request(
            0x1000022C37B0000,
            1,
            1,
            bytes.fromhex("000000032f6131 0000000568656c6c6f 000000010000001f00000005776f726c6400000006616e796f6e65")
            + bytes(4),
        ),
        [IP],
    ),
    "00000006 ffffffffffffffff 0000000c 01000022c37b0000 00001770 ffffffff": qp.packet(
        qp.REVALIDATE, -1, qp.encode_revalidate(0x1000022C37B0000, 6000)
    ),
    "00000006 ffffffffffffffff 00000009 01000022c37b0000 01 ffffffff": qp.packet(
        qp.REVALIDATE, -1, qp.encode_revalidated(0x1000022C37B0000, True)
    ),
}
"""What a real ensemble has sent, with what makes it here."""


@pytest.mark.parametrize("wire", CATALOGUE)
def test_the_bytes_are_those_of_a_real_ensemble(wire: str) -> None:
    assert bytes.fromhex(wire) == CATALOGUE[wire]


# --- whole packets


@given(INTS, LONGS, st.none() | st.binary(max_size=40))
def test_the_short_encoder_writes_what_the_record_writes(type: int, zxid: int, data: bytes | None) -> None:
    assert encoded(QuorumPacket(type, zxid, data, None)) == qp.packet(type, zxid, data)


@given(st.binary(max_size=40), st.lists(IDS, max_size=4))
def test_a_request_carries_the_identities_of_its_client(data: bytes, ids: list[Id]) -> None:
    assert encoded(QuorumPacket(qp.REQUEST, -1, data, ids)) == qp.request_packet(data, ids)


@given(st.lists(PACKETS, max_size=6), STEPS)
def test_packets_do_not_depend_on_how_the_bytes_arrive(packets: list[QuorumPacket], steps: list[int]) -> None:
    buffer = PacketBuffer()
    found = []
    for piece in pieces_of(b"".join(map(encoded, packets)), steps):
        buffer.append(piece)
        found += packets_of(buffer)
    assert packets == found
    assert buffer.rest() == b""


@given(st.lists(PACKETS, max_size=6), STEPS)
def test_packets_may_be_taken_late(packets: list[QuorumPacket], steps: list[int]) -> None:
    buffer = PacketBuffer()
    found = []
    for piece in pieces_of(b"".join(map(encoded, packets)), steps):
        buffer.append(piece)
        packet = buffer.take()
        if packet is not None:
            found.append(packet)
    assert packets == found + packets_of(buffer)


@given(st.lists(PACKETS, max_size=3), st.binary(max_size=60), STEPS)
def test_the_rest_is_what_follows_the_packets_taken(packets: list[QuorumPacket], rest: bytes, steps: list[int]) -> None:
    buffer = PacketBuffer()
    for piece in pieces_of(b"".join(map(encoded, packets)) + rest, steps):
        buffer.append(piece)
    assert packets == [buffer.take() for _ in packets]
    assert rest == buffer.rest()
    assert buffer.take() is None


def test_packets_go_on_after_the_rest_was_taken() -> None:
    buffer = PacketBuffer()
    buffer.append(qp.packet(qp.SNAP, 7, None) + b"stream")
    buffer.take()
    buffer.rest()
    buffer.append(qp.packet(qp.UPTODATE, -1, None))
    assert packets_of(buffer) == [QuorumPacket(qp.UPTODATE, -1, None, None)]


def test_an_identity_that_ends_in_a_null_is_not_taken_for_no_identities() -> None:
    packet = QuorumPacket(qp.REQUEST, -1, b"body", [IP, Id("digest", None)])
    assert packet == packet_of(encoded(packet))


def test_no_identities_and_an_empty_list_of_them_are_told_apart() -> None:
    packet = packet_of(qp.request_packet(b"body", []))
    assert packet is not None
    assert packet.authinfo == []


def test_data_of_exactly_the_limit_is_taken() -> None:
    packet = packet_of(qp.packet(qp.PROPOSAL, 1, bytes(field_limit())))
    assert packet is not None


def test_a_large_packet_may_come_in_many_pieces() -> None:
    data = bytes(field_limit())
    buffer = PacketBuffer()
    for piece in pieces_of(qp.packet(qp.PROPOSAL, 1, data), [16]):
        assert buffer.take() is None
        buffer.append(piece)
    assert packets_of(buffer) == [QuorumPacket(qp.PROPOSAL, 1, data, None)]


def test_many_identities_may_come_in_many_pieces() -> None:
    packet = QuorumPacket(qp.REQUEST, -1, b"x" * 100_000, [IP] * 5_000)
    buffer = PacketBuffer()
    for piece in pieces_of(encoded(packet), [50]):
        assert buffer.take() is None
        buffer.append(piece)
    assert [packet] == packets_of(buffer)


@pytest.mark.parametrize("length", [-2, -(2**31), field_limit() + 1, 2**31 - 1])
def test_data_of_a_length_outside_the_limit_is_refused_before_it_comes(length: int) -> None:
    with pytest.raises(MalformedRecord):
        packet_of(HEAD + struct.pack(">i", length))


@pytest.mark.parametrize("length", [-2, -(2**31), field_limit() + 1, 2**31 - 1])
def test_an_identity_of_a_length_outside_the_limit_is_refused_before_it_comes(length: int) -> None:
    with pytest.raises(MalformedRecord):
        packet_of(HEAD + struct.pack(">iiii", -1, 1, length, 0))


def test_an_absurd_count_of_identities_is_refused_before_they_come() -> None:
    with pytest.raises(MalformedRecord):
        packet_of(HEAD + struct.pack(">ii", -1, 1_000_000))


def test_identities_that_are_too_long_together_are_refused_before_all_have_come() -> None:
    one = struct.pack(">i", field_limit()) + bytes(field_limit())
    with pytest.raises(MalformedRecord):
        packet_of(HEAD + struct.pack(">ii", -1, 100) + 40 * one)


@given(st.binary(max_size=100), STEPS)
def test_random_bytes_are_packets_or_a_violation(wire: bytes, steps: list[int]) -> None:
    buffer = PacketBuffer()
    try:
        for piece in pieces_of(wire, steps):
            buffer.append(piece)
            packets_of(buffer)
    except ProtocolViolation:
        return


# --- the data of packets


@given(LONGS, LONGS)
def test_learner_info_survives_the_wire(sid: int, version: int) -> None:
    info = LearnerInfo(sid, qp.PROTOCOL_VERSION, version)
    assert info == qp.decode_learner_info(qp.encode_learner_info(sid, version))


@pytest.mark.parametrize(("size", "version"), [(8, 0), (12, qp.PROTOCOL_VERSION)])
def test_older_learners_say_less_of_themselves(size: int, version: int) -> None:
    assert LearnerInfo(3, version, 0) == qp.decode_learner_info(qp.encode_learner_info(3, 9)[:size])


@given(INTS)
def test_the_current_epoch_survives_the_wire(epoch: int) -> None:
    assert epoch == qp.decode_ack_epoch(qp.encode_ack_epoch(epoch))


@given(st.dictionaries(LONGS, INTS))
def test_touched_sessions_survive_the_wire(touches: dict[int, int]) -> None:
    assert list(touches.items()) == qp.decode_touches(qp.encode_touches(touches))


def test_a_ping_without_data_touches_no_session() -> None:
    assert qp.decode_touches(None) == []


def test_a_touched_session_that_is_cut_off_is_refused() -> None:
    with pytest.raises(MalformedRecord):
        qp.decode_touches(qp.encode_touches({1: 2, 3: 4})[:-1])


@given(LONGS, INTS)
def test_a_session_to_be_revalidated_survives_the_wire(session_id: int, timeout_ms: int) -> None:
    assert (session_id, timeout_ms) == qp.decode_revalidate(qp.encode_revalidate(session_id, timeout_ms))


@given(LONGS, st.booleans())
def test_the_answer_to_a_revalidation_survives_the_wire(session_id: int, valid: bool) -> None:
    assert (session_id, valid) == qp.decode_revalidated(qp.encode_revalidated(session_id, valid))


@given(LONGS, INTS, INTS, st.binary(max_size=20))
def test_a_request_survives_the_wire(session_id: int, cxid: int, type: int, body: bytes) -> None:
    assert (session_id, cxid, type, body) == qp.decode_request(qp.encode_request(session_id, cxid, type, body))


@given(LONGS, st.binary(max_size=20))
def test_the_designated_leader_survives_the_wire(sid: int, payload: bytes) -> None:
    assert sid == qp.decode_designated_leader(qp.encode_designated_leader(sid))
    assert (sid, payload) == qp.decode_designated_leader_and_txn(qp.encode_designated_leader_and_txn(sid, payload))


DECODERS: list[tuple[Callable[[bytes | None], Any], int]] = [
    (qp.decode_learner_info, 8),
    (qp.decode_ack_epoch, 4),
    (qp.decode_revalidate, 12),
    (qp.decode_revalidated, 9),
    (qp.decode_request, 16),
    (qp.decode_designated_leader, 8),
    (qp.decode_designated_leader_and_txn, 8),
]


@pytest.mark.parametrize(("decode", "size"), DECODERS)
def test_data_that_is_missing_or_ends_early_is_refused(decode: Callable[[bytes | None], Any], size: int) -> None:
    for data in (None, b"", bytes(size - 1)):
        with pytest.raises(MalformedRecord):
            decode(data)
