"""Pasts that hypothesis makes up."""

from hypothesis import strategies as st

from tests.support.pasts import ACLS, PATHS, SESSIONS, Past

_STEP = st.tuples(
    st.sampled_from(["create", "create", "ephemeral", "setData", "setData", "delete", "setACL"]),
    st.sampled_from(PATHS),
    st.sampled_from([b"", b"one", b"/a/b", b"two"]),
    st.integers(0, len(ACLS) - 1),
)
_PART = _STEP.filter(lambda step: step[0] != "setACL")  # no multi has it
_EVENT = st.tuples(
    st.sampled_from(["step"] * 4 + ["multi"] * 2 + ["close", "roll", "epoch", "snapshot", "begin_snapshot"]),
    st.lists(_PART, min_size=1, max_size=4),
    _STEP,
    st.sampled_from(SESSIONS),
)


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """A past with logs, snapshots (some of which are fuzzy) and epochs."""
    past = Past()
    past.step("create", "/a")
    for kind, parts, step, session in draw(st.lists(_EVENT, min_size=1, max_size=30)):
        if kind == "step":
            past.step(*step, session)
        elif kind == "multi":
            past.multi(parts, session)
        elif kind == "close":
            past.close(session)
        elif kind == "epoch":
            past.begin_epoch()
        elif kind == "roll":
            past.roll()
        elif kind == "snapshot":
            past.roll()
            past.save_snapshot()
        else:
            past.roll()
            past.begin_snapshot()
    past.end_snapshot()
    return past
