"""Configuration files as they are on the disk. Who looks up a single key loads nothing else of the configuration."""

from pathlib import Path

from pyzoo.errors import ConfigError


def read_text(path: str) -> str | None:
    """A configuration file as Java reads it, or None when it is not there; raises ConfigError."""
    try:
        return Path(path).read_text(encoding="iso-8859-1")
    except (FileNotFoundError, NotADirectoryError):
        return None  # a data directory that is none is found when it is opened
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path) from error
