"""The core of a member of an ensemble: elections, roles, storage, configuration."""
