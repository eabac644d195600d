"""Lines of the audit log; that they are those of Apache is for interop."""

import pytest

from pyzoo.jute.records import ACL
from pyzoo.server.audit import acl_text, audit_line


def test_what_is_not_known_is_left_out() -> None:
    assert "user=root\toperation=serverStart\tresult=success" == audit_line("root", "serverStart", "success")


def test_fields_have_their_order() -> None:
    line = audit_line("bob", "create", "success", -1, "127.0.0.1", "/n", "persistent", "world:anyone:r")
    assert (
        "session=0xffffffffffffffff\tuser=bob\tip=127.0.0.1\toperation=create\tznode=/n\tznode_type=persistent\t"
        "acl=world:anyone:r\tresult=success"
    ) == line


@pytest.mark.parametrize(("path", "shown"), [("/ü 😀", "/ü 😀"), ("/a\nuser=root\tx", "/a\\u000auser=root\\u0009x")])
def test_no_name_can_make_up_a_line(path: str, shown: str) -> None:
    assert f"operation=create\tznode={shown}\tresult=failure" == audit_line(None, "create", "failure", 0, None, path)


def test_acl_entries_stand_one_behind_the_other() -> None:
    entries = [ACL(31, "world", "anyone"), ACL(1, "ip", None)]
    assert "world:anyone:cdrwaip:null:r" == acl_text(entries)
