"""What a connection waits for, in its order."""

from pyzoo.server.clients.pending_requests import PendingRequest, PendingRequests

DEEPER_THAN_CALLS_GO = 100_000


def test_requests_are_taken_in_the_order_in_which_they_came() -> None:
    pending = PendingRequests()
    requests = [PendingRequest() for _ in range(3)]
    for request in requests[:2]:
        pending.append(request)
    assert pending.oldest is requests[0]
    pending.take()
    pending.append(requests[2])
    assert requests[1:] == pending.all()
    pending.take()
    pending.take()
    assert pending.is_empty
    pending.append(requests[0])
    assert (1, [requests[0]]) == (len(pending), pending.all())


def test_very_many_requests_are_forgotten_without_a_call_inside_another() -> None:
    pending = PendingRequests()
    for _ in range(DEEPER_THAN_CALLS_GO):
        pending.append(PendingRequest())
    oldest = pending.oldest
    pending.clear()
    assert (0, None) == (len(pending), oldest.behind)
