"""`python -m benchmarks` for single servers, `python -m benchmarks ensemble` for three members."""

import sys

from benchmarks import command, ensemble_command

if sys.argv[1:2] == ["ensemble"]:
    ensemble_command.main(sys.argv[2:], prog_name="python -m benchmarks ensemble")
else:
    command.main()
