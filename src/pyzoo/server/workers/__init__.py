"""Several processes that are one server: the writer, which has the log, and workers that serve beside it."""
