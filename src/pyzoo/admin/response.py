"""What a command answers, before it becomes HTTP (CommandResponse)."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen


@frozen
class LongArray:
    """An array of very many, a few at a time; nothing among them is long itself. Some of the lists may be empty."""

    slices: "Iterator[list[Json]]"


@frozen
class LongObject:
    """An object of very many fields, a few at a time; their values may be long. Some of the lists may be empty."""

    slices: "Iterator[list[tuple[str, Json]]]"


Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"] | LongArray | LongObject
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
