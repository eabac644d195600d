"""The fixture, also where the package is not installed and pytest does not find its plugin."""

from pyzoo.testing.plugin import pyzoo_server

__all__ = ["pyzoo_server"]
