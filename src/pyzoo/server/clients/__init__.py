"""Connections: their bytes, the handshake, who may come, who they are."""
