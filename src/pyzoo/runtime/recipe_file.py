"""The file of `admin.console.recipes`: more patterns of what clients build."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError, MalformedInput

if TYPE_CHECKING:
    from pyzoo.recipes.pattern import Pattern

logger: Final = logging.getLogger(__name__)

KEY: Final = "admin.console.recipes"


def read_recipes(config: ServerConfig) -> "tuple[Pattern, ...]":
    """The patterns of the file, none without one; raises ConfigError."""
    path = config.admin.console.recipes_file
    if not path:
        return ()
    # What reads YAML takes a while to load.
    from pyzoo.recipes.pattern_file import read_patterns

    try:
        return read_patterns(Path(path).read_text("utf-8"), path)
    except OSError as error:
        reason = f"{path}: {error.strerror or error}"
    except UnicodeDecodeError:
        reason = f"{path}: this is not UTF-8"
    except MalformedInput as error:
        reason = str(error)
    raise ConfigError(f"{KEY}: {reason}", config.config_path, key=KEY)


def known_recipes(config: ServerConfig) -> "tuple[Pattern, ...]":
    """The same where a file that is wrong is told in the log, and counts for none."""
    try:
        return read_recipes(config)
    except ConfigError as error:
        logger.error("%s. The console recognises what is built in", error.message)
        return ()
