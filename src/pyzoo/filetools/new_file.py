"""A file that a tool writes: it gets its name when it is whole, and never in place of another file."""

import os
from contextlib import suppress
from types import TracebackType

from pyzoo.errors import StorageError, ToolError
from pyzoo.persistence.disk import FILE_MODE
from pyzoo.persistence.file_calls import OPEN_FLAGS, sync_directory, sync_file


class NewFile:
    """To be used in a `with`: `save` gives the file its name, without it nothing is left behind.

    Raises ToolError with the text `taken` for a name that another file has, also when it gets there meanwhile, and
    StorageError when the disk fails.
    """

    def __init__(self, path: str, taken: str) -> None:
        self.size = 0
        self._path = path
        self._taken = taken
        if os.path.lexists(path):
            raise ToolError(taken)
        self._directory, name = os.path.split(os.path.abspath(path))
        try:
            self._temporary = os.path.join(self._directory, f".{name}.{os.getpid()}.tmp")
            fd = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | OPEN_FLAGS, FILE_MODE)
        except OSError as error:
            raise self._failure(error) from error
        self._file = os.fdopen(fd, "wb")

    def __enter__(self) -> "NewFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            os.unlink(self._temporary)

    def write(self, data: bytes) -> None:
        """Append; raises StorageError."""
        try:
            self._file.write(data)
        except OSError as error:
            raise self._failure(error) from error
        self.size += len(data)

    def save(self, padded_size: int = 0) -> None:
        """Make the file safe under its name, with zeros at its end up to `padded_size`.

        Raises StorageError and ToolError.
        """
        try:
            self._file.flush()
            if padded_size > self.size:
                os.ftruncate(self._file.fileno(), padded_size)
            sync_file(self._file.fileno())
            os.link(self._temporary, self._path)
            sync_directory(self._directory)
        except FileExistsError as error:
            raise ToolError(self._taken) from error
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> StorageError:
        return StorageError(f"cannot write {self._path}: {error.strerror}")
