"""What a server is: alone, or the leader, a follower, an observer, or read-only."""
