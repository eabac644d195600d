"""The AdminServer without its port: what each command answers, as plain data, as JSON, and over ASGI."""
