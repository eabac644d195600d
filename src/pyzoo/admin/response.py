"""What a command answers, before it becomes HTTP (CommandResponse)."""

from collections.abc import Mapping

from attrs import field, frozen

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What Jackson would be given; dictionaries keep their order."""


@frozen
class CommandResponse:
    """The answer to `command`; `data` may hold an error of its own, which then stands at its own place."""

    command: str
    data: Mapping[str, Json] = field(factory=dict)
    error: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(factory=dict)

    def to_map(self) -> dict[str, Json]:
        """All fields in the order in which they are shown."""
        fields = dict(self.data)
        fields.setdefault("command", self.command)
        fields.setdefault("error", self.error)
        return fields
