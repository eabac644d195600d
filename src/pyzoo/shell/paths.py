"""Paths of nodes: what a chroot makes of them."""

ZOOKEEPER_NODE = "/zookeeper"


def with_chroot(chroot: str, path: str) -> str:
    """What the server calls the node; `chroot` is empty for none."""
    if not chroot:
        return path
    return chroot if path == "/" else chroot + path


def without_chroot(chroot: str, path: str) -> str:
    """What the user calls the node; one outside the chroot keeps its full path."""
    if not chroot or not (path == chroot or path.startswith(chroot + "/")):
        return path
    return path[len(chroot) :] or "/"
