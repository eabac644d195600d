"""Authentication providers of others, found by the names of their entry points."""

from collections.abc import Mapping

from pyzoo import auth
from pyzoo.config.reader import ConfigReader


def custom_provider(
    name: str, wanted: str, properties: Mapping[str, str], reader: ConfigReader
) -> auth.AuthenticationProvider | None:
    """The provider that the key `name` asks for; None, and a warning, where it cannot be had.

    As in ProviderRegistry: without a provider its scheme is unknown, so whoever uses it is refused.
    """
    # Slow to load, and hardly ever wanted.
    from importlib.metadata import entry_points

    found = {entry.name: entry for entry in entry_points(group=auth.GROUP)}
    if wanted not in found:
        reader.warn(
            f"{name}={wanted} is ignored, and its clients will be refused: it is no provider of Apache's, and no entry "
            f"point of the group {auth.GROUP} has this name; there are {', '.join(sorted(found)) or 'none'}",
            name,
        )
        return None
    try:
        provider = found[wanted].load()(properties)
    except Exception as error:
        reader.warn(
            f"{name}={wanted} is ignored, and its clients will be refused: {type(error).__name__}: {error}", name
        )
        return None
    if not isinstance(provider, auth.AuthenticationProvider) or not isinstance(provider.scheme, str):
        reader.warn(f"{name}={wanted} is ignored: it is no pyzoo.auth.AuthenticationProvider with a scheme", name)
        return None
    return provider
