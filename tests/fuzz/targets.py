"""All targets by their names."""

from tests.fuzz import (
    fuzz_clients,
    fuzz_codec,
    fuzz_config,
    fuzz_files,
    fuzz_http,
    fuzz_members,
    fuzz_peer,
    fuzz_secrets,
)
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for room in (fuzz_clients, fuzz_codec, fuzz_config, fuzz_files, fuzz_http, fuzz_members, fuzz_peer, fuzz_secrets)
    for target in room.TARGETS
}
