"""Runs pyzoo as on macOS or Windows, as far as that can be told on Linux.

    python -m tests.support.other_system darwin|win32 serve ...
    python -m tests.support.other_system darwin|win32 program.py

What Linux has and they have not is taken away, for all but trio, which has a way of its own there. On "Windows" files
follow its rules: nobody renames or removes what this process has open, a directory is not opened as a file, and a name
has no colon. What Windows alone has are doubles, which do what Linux can do in their place.
"""

import builtins
import ctypes
import errno
import io
import os
import runpy
import select
import signal
import socket
import sys
import types
from collections.abc import Callable
from typing import Any, Final

LINUX_ONLY: Final = {
    os: """eventfd eventfd_read eventfd_write EFD_CLOEXEC EFD_NONBLOCK fdatasync posix_fallocate posix_fadvise
        memfd_create MFD_CLOEXEC pidfd_open sched_getaffinity pipe2""",
    select: "epoll EPOLLIN EPOLLOUT EPOLLERR EPOLLHUP",
    signal: "pidfd_send_signal",
    socket: "SOCK_NONBLOCK SOCK_CLOEXEC",
}
UNIX_ONLY: Final = {
    os: """pread pwrite preadv pwritev readv writev fork forkpty killpg setsid getpgid O_CLOEXEC O_NONBLOCK O_DIRECTORY
        O_NOCTTY O_NOFOLLOW O_SYNC O_DSYNC statvfs fstatvfs sysconf sysconf_names uname getuid geteuid getgid getegid
        getloadavg sched_yield fchmod fchown chown lchown mkfifo nice register_at_fork wait wait3 wait4""",
    select: "poll POLLIN POLLOUT POLLERR POLLHUP",
    signal: """SIGHUP SIGUSR1 SIGUSR2 SIGKILL SIGALRM SIGCHLD SIGSTOP SIGCONT pthread_sigmask SIG_BLOCK SIG_UNBLOCK
        sigwait sigtimedwait pthread_kill""",
    socket: "AF_UNIX SO_REUSEPORT",
}
UNIX_MODULES: Final = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog")
USED_BEFORE: Final = (
    "attr click ctypes.wintypes h11 logging.handlers platform ssl starlette.applications subprocess tempfile trio uuid"
)
"""They go by the system too, and their ways elsewhere are not ours to test."""


def take_away(things: dict[types.ModuleType, str]) -> None:
    for module, names in things.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)


def keep_for_trio() -> None:
    """Trio waits with epoll here, with kqueue or completion ports there."""
    import trio._core._io_epoll as room

    setattr(room, "select", types.SimpleNamespace(**vars(select)))  # noqa: B010 - it is not theirs to give away


def hide_proc() -> None:
    """Only Linux has /proc as it is here."""

    def hidden(real: Callable[..., Any]) -> Callable[..., Any]:
        def look(path: Any, *more: Any, **named: Any) -> Any:
            if isinstance(path, str | os.PathLike) and os.fspath(path).startswith("/proc"):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            return real(path, *more, **named)

        return look

    for module, name in ((builtins, "open"), (io, "open"), (os, "open"), (os, "listdir")):
        setattr(module, name, hidden(getattr(module, name)))


# --- Windows


def open_paths(listdir: Callable[[str], list[str]]) -> set[str]:
    """The paths of all files that this process has open."""
    found = set()
    for fd in listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{fd}"))
        except OSError:
            continue
    return found


def follow_windows_rules() -> None:
    listdir = os.listdir

    def guarded(real: Callable[..., Any], count: int) -> Callable[..., Any]:
        def change(*paths: Any, **named: Any) -> Any:
            taken = open_paths(listdir)
            for path in paths[:count]:
                if os.path.realpath(path) in taken:
                    raise PermissionError(errno.EACCES, "it is used by another process", path)
                refuse_colon(path)
            return real(*paths, **named)

        return change

    for name, count in (("replace", 2), ("rename", 2), ("remove", 1), ("unlink", 1)):
        setattr(os, name, guarded(getattr(os, name), count))
    os_open, os_fsync, kill = os.open, os.fsync, os.kill
    import fcntl

    def open_file(path: Any, flags: int, *more: Any, **named: Any) -> int:
        refuse_colon(path)
        if os.path.isdir(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return os_open(path, flags | os.O_CLOEXEC_, *more, **named)  # type: ignore[attr-defined]

    def flush(fd: int) -> None:
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE_ == os.O_RDONLY:  # type: ignore[attr-defined]
            raise OSError(errno.EBADF, "a file that is open for reading alone cannot be flushed")
        os_fsync(fd)

    def end(pid: int, number: int) -> None:
        if number != signal.SIGTERM:
            raise AssertionError("to ask for a process by a signal would end it")
        kill(pid, number)

    os.O_CLOEXEC_, os.O_ACCMODE_ = os.O_CLOEXEC, os.O_ACCMODE  # type: ignore[attr-defined]
    os.open, os.fsync, os.kill = open_file, flush, end  # type: ignore[assignment]


def refuse_colon(path: Any) -> None:
    if isinstance(path, str | os.PathLike) and ":" in os.fspath(path):
        raise OSError(errno.EINVAL, "the name is not valid", path)


def add_msvcrt() -> None:
    """Locks of one byte."""
    import fcntl

    module = types.ModuleType("msvcrt")
    module.LK_NBLCK = 2  # type: ignore[attr-defined]

    def locking(fd: int, _mode: int, count: int) -> None:
        # One of Linux that belongs to the open file, as there: a second one of the process is refused.
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None
        assert count == 1

    module.locking = locking  # type: ignore[attr-defined]
    sys.modules["msvcrt"] = module


class Kernel32:
    """The calls of Windows that pyzoo makes itself."""

    def __init__(self, name: str, use_last_error: bool) -> None:
        assert name == "kernel32"
        assert use_last_error
        self.CreateFileW = self._call(lambda path, *_: 7 if os.path.isdir(path) else -1)
        self.OpenProcess = self._call(lambda _access, _inherit, pid: pid if os.path.exists(f"/proc/{pid}") else 0)
        self.WaitForSingleObject = self._call(self._wait)
        self.FlushFileBuffers = self._call(lambda _handle: 1)
        self.CloseHandle = self._call(lambda _handle: 1)

    @staticmethod
    def _call(function: Callable[..., int]) -> Any:
        def call(*arguments: Any) -> int:
            return function(*arguments)

        return call

    @staticmethod
    def _wait(handle: Any, left_ms: int) -> int:
        import time

        end = time.monotonic() + left_ms / 1000
        while os.path.exists(f"/proc/{handle.value}"):
            if time.monotonic() >= end:
                return 0x102
            time.sleep(0.01)
        return 0


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """What stands there for a pair of connected sockets."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        return one, server.accept()[0]


def become_windows() -> None:
    add_msvcrt()
    socket.socketpair = tcp_pair  # type: ignore[assignment]
    follow_windows_rules()
    signal.SIGBREAK = signal.SIGUSR1  # type: ignore[attr-defined]
    ctypes.WinDLL = Kernel32  # type: ignore[attr-defined]
    ctypes.get_last_error = lambda: 0  # type: ignore[attr-defined]
    ctypes.WinError = OSError  # type: ignore[attr-defined]
    for name in UNIX_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    take_away(UNIX_ONLY)


def become(system: str) -> None:
    """From now on this process is on that system."""
    for name in USED_BEFORE.split():
        __import__(name)
    keep_for_trio()
    if system == "win32":
        become_windows()
    else:
        import fcntl

        fcntl.F_FULLFSYNC = 51  # type: ignore[attr-defined]
    hide_proc()
    take_away(LINUX_ONLY)
    sys.platform = system


if __name__ == "__main__":
    _, wanted, *words = sys.argv
    become(wanted)
    if words[0].endswith(".py"):
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
    else:
        from pyzoo.cli.main import main

        main(words)
