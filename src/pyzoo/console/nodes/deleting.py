"""Deleting a node with all below it, as far as one request may go: whoever asked says whether it goes on."""

from collections.abc import Callable, Sequence
from typing import Final

from attrs import define

from pyzoo.console.nodes.child_page import Pause
from pyzoo.console.nodes.failures import failure_text
from pyzoo.console.nodes.multis import BYTES, PARTS, Submit, all_or_none
from pyzoo.console.nodes.reader import Reader
from pyzoo.console.nodes.walks import LeavesFirst
from pyzoo.errors import NONODE, NOTEMPTY, KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import DeleteRequest

MOST_MS: Final = 4000
ANY: Final = -1
_PART_BYTES: Final = 24


@define
class Deletion:
    """What has been done. `is_over` is false where it has only run out of time; `problem` says what is in its way."""

    deleted: int = 0
    is_over: bool = False
    problem: str = ""


async def delete_subtree(reader: Reader, top: str, submit: Submit, now_ms: Callable[[], int], pause: Pause) -> Deletion:
    """Delete children before their parents. Raises ChangeFailed when nobody knows how far it has come."""
    walk, done, end_ms = LeavesFirst(reader, top), Deletion(), now_ms() + MOST_MS
    while not walk.is_over:
        for some in _pieces(walk.step(PARTS)):
            await _delete(submit, some, done)
            if done.problem:
                done.is_over = True
                if walk.refused:
                    done.problem = f"{walk.refused}: The ACL does not let you see what is below it."
                return done
        await pause()
        if not walk.is_over and now_ms() >= end_ms:
            return done
    done.is_over = True
    return done


def _pieces(paths: list[str]) -> list[list[str]]:
    """In pieces that a request has room for."""
    pieces: list[list[str]] = [[]]
    size = 0
    for path in paths:
        size += _PART_BYTES + len(path.encode("utf-8", "replace"))
        if size > BYTES and pieces[-1]:
            pieces.append([])
            size = 0
        pieces[-1].append(path)
    return [piece for piece in pieces if piece]


async def _delete(submit: Submit, paths: Sequence[str], done: Deletion) -> None:
    """All at once; or one by one, if one of them is gone already or cannot go."""
    requests = [DeleteRequest(path, ANY) for path in paths]
    if len(requests) > 1 and await all_or_none(submit, op.DELETE, requests):
        done.deleted += len(paths)
        return
    for request in requests:
        try:
            await submit(op.DELETE, request)
            done.deleted += 1
        except KeeperError as error:
            if error.code == NONODE:
                continue
            why = "It has got new children meanwhile." if error.code == NOTEMPTY else failure_text(error)
            done.problem = f"{request.path}: {why}"
            return
