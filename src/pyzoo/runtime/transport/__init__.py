"""Sockets: how bytes get from one to an outbox's other side and back, alike for clients and for members."""
