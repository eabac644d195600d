"""The console: pages for people, and the same as JSON, on the port of the AdminServer; loaded when somebody asks."""
