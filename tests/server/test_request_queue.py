"""Writes on their way, in order."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.jute import opcodes as op
from pyzoo.server.clients.request import internal_request
from pyzoo.server.requests.request_queue import RequestQueue


@given(st.lists(st.booleans(), max_size=200))
def test_a_request_queue_is_a_queue(takes: list[bool]) -> None:
    queue, model = RequestQueue(), deque[int]()
    for zxid, take in enumerate(takes):
        if take and model:
            assert model[0] == queue.oldest.zxid
            assert model.popleft() == queue.take().zxid
        else:
            request = internal_request(op.PING, 1, 0)
            request.zxid = zxid
            queue.append(request)
            model.append(zxid)
        assert (len(model), list(model)) == (len(queue), [request.zxid for request in queue])
