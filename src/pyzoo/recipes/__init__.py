"""What clients build out of nodes, recognised: locks, elections, queues, barriers, groups."""
