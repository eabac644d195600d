"""`python -m benchmarks` for single servers; the others are those of OTHERS."""

import sys

from benchmarks import (
    command,
    console_command,
    costs_command,
    embedded_command,
    embedded_ensemble_command,
    ensemble_command,
    floods_command,
    history_command,
    install,
    starts_command,
)

OTHERS = {
    "ensemble": ensemble_command.main,
    "console": console_command.main,
    "costs": costs_command.main,
    "floods": floods_command.main,
    "history": history_command.main,
    "embedded": embedded_command.main,
    "embedded-ensemble": embedded_ensemble_command.main,
    "starts": starts_command.main,
    "install": install.main,
}

name = sys.argv[1] if len(sys.argv) > 1 else ""
if name in OTHERS:
    OTHERS[name](sys.argv[2:], prog_name=f"python -m benchmarks {name}")
else:
    command.main()
