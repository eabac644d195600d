"""A file for OpenSSL, which reads keys from files only: in memory alone where the system has that."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def file_with(data: bytes) -> Iterator[str]:
    """The path of a file of these bytes that nobody else may read; it is gone at the end."""
    if sys.platform == "linux":
        fd = os.memfd_create("key", os.MFD_CLOEXEC)
        path = f"/proc/self/fd/{fd}"
    else:
        fd, path = tempfile.mkstemp()
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(data)
        if sys.platform != "linux":
            os.close(fd)
        yield path
    finally:
        if sys.platform == "linux":
            os.close(fd)
        else:
            os.unlink(path)
