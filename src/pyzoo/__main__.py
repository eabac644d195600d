"""`python -m pyzoo` is the pyzoo command."""

from pyzoo.cli.main import main

main()
