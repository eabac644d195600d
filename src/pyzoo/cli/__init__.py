"""The pyzoo command."""
