"""Where trio, sockets, threads, signals and clocks live: the shell around the pure core."""
