"""What can be wrong with one server: it touches the server's own objects, in its event loop, and knows no thread."""
