"""The process that answers questions about the past: `python -m pyzoo.runtime.history_process`.

Each line of its standard input is a question as JSON, and for each it writes a line with the answer to its standard
output. It gives way to whoever else wants the processor, and may not take more memory than it was told.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from pyzoo.errors import HistoryError, HistoryQueryError, PyzooError
from pyzoo.history.answers import answer_question
from pyzoo.jute.primitives import set_field_limit
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import RealDisk

BAD_QUESTION: Final = 400
NOT_TOLD: Final = 404
FAILED: Final = 500
NO_MEMORY: Final = 503
NICENESS: Final = 5
"""A third of the processor time of others who want it too. With much more it would get none where all are busy."""
_TOO_LARGE: Final = (
    "there is not enough memory for it: use `pyzoo log blame` and the other tools on a copy of the files"
)


def main() -> None:
    """Answer until nobody asks any more."""
    give_way()
    for line in sys.stdin:
        order = json.loads(line)
        limit_memory(int(order["memory"]))
        set_field_limit(*order["field_limit"])
        sys.stdout.write(json.dumps(answer(order)) + "\n")
        sys.stdout.flush()


def give_way() -> None:
    """Let others have the processor first."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.nice(NICENESS)


def limit_memory(size: int) -> None:
    """Take no more than so many bytes, where the system has such a limit."""
    if sys.platform != "win32":
        import resource

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (size, size))


def answer(order: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be said: `answer`, or `error` with a `status`."""
    end = time.monotonic() + float(order["seconds"])
    directories = Directories(order["data_dir"], order["data_log_dir"])

    def goes_on() -> bool:
        return time.monotonic() < end

    try:
        answered = answer_question(
            RealDisk(), directories, order["kind"], order["question"], goes_on, order["extended_types"]
        )
        return {"answer": answered}
    except HistoryQueryError as error:
        return {"error": str(error), "status": BAD_QUESTION}
    except HistoryError as error:
        return {"error": str(error), "status": NOT_TOLD}
    except MemoryError:
        return {"error": _TOO_LARGE, "status": NO_MEMORY}
    except (PyzooError, OSError) as error:
        return {"error": f"the files cannot be read: {error}", "status": FAILED}


if __name__ == "__main__":
    main()
