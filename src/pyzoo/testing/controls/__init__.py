"""What a test sees of a server of this process and does to it; all of it happens in the server's thread."""
