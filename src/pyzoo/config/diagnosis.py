"""All mistakes of a configuration, not only the first.

The parser stops at the first value that is wrong. So it is asked again and again: what it has complained about is
taken out, or replaced by something that is right, until it accepts the rest. What a server refuses is found here
with the very same words, because the same code says it.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

from attrs import evolve, field, frozen

from pyzoo.config.ensemble_settings import MY_ID
from pyzoo.config.membership import is_membership_key
from pyzoo.config.parse import build_config, my_id_path
from pyzoo.config.problems import Problem, Severity, problem_of
from pyzoo.config.properties import Property, all_properties
from pyzoo.config.reader import ConfigReader
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError

T = TypeVar("T")

#: What stands in for values that have no default.
_STAND_INS: Final = {"dataDir": ".", "initLimit": "10", "syncLimit": "5"}
_MEMBER_KEYS: Final = ("server.", "group", "weight", MY_ID)


@frozen
class Sources:
    """What a configuration is made of: the entries of its file, -D properties, and other files by path."""

    path: str
    entries: Mapping[str, Property]
    properties: Mapping[str, str]
    files: Mapping[str, str]


@frozen
class Diagnosis:
    """`config` is what is left when all mistakes are taken out, None where that makes no sense any more.

    `reader` knows where its values stand.
    """

    config: ServerConfig | None
    reader: ConfigReader
    problems: list[Problem] = field(factory=list)


def readable_text(text: str, path: str) -> tuple[str, list[Problem]]:
    """The text without the lines that are no properties, and a problem for each of those."""
    problems: list[Problem] = []
    while True:
        try:
            all_properties(text, path)
        except ConfigError as error:
            problems.append(problem_of(Severity.ERROR, error))
            text = without_line(text, error.line or 1)
        else:
            return text, problems


def without_line(text: str, line: int) -> str:
    """The text with one line, counted from 1, empty; its number stays that of a line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines[line - 1] = ""
    return "\n".join(lines)


def diagnose(text: str, path: str, properties: Mapping[str, str], files: Mapping[str, str]) -> Diagnosis:
    """Parse a configuration to the end; the arguments are those of `parse_config_text`."""
    text, problems = readable_text(text, path)
    entries = all_properties(text, path)
    problems += repeated_keys(entries, path)
    sources = Sources(path, {entry.key: entry for entry in entries}, properties, files)
    original = ConfigReader(sources.entries, path, properties)
    lost_members = False
    while True:
        reader = ConfigReader(sources.entries, path, sources.properties)
        config: ServerConfig | None = None
        error: ConfigError | None = None
        try:
            config, _ = build_config(reader, text, sources.files)
        except ConfigError as found:
            error = found
        problems += _new_warnings(reader, problems, lost_members)
        if error is None:
            return Diagnosis(config, original, problems)
        about_members = (error.key or "").startswith(_MEMBER_KEYS)
        if not (error.key == MY_ID and lost_members and _my_id_path(sources) in sources.files):
            problems.append(problem_of(Severity.ERROR, error))
        lost_members |= about_members
        repaired = repair(sources, error)
        if repaired is None:
            return Diagnosis(None, original, problems)
        sources = repaired


def repeated_keys(entries: list[Property], path: str) -> list[Problem]:
    """A warning for each value that a later line overrides."""
    last = {entry.key: entry for entry in entries}
    return [
        Problem(
            Severity.WARNING,
            f"{entry.key} is given again in line {winner.line}, which wins: remove one of them",
            path,
            entry.line,
            entry.key,
        )
        for entry in entries
        if (winner := last[entry.key]) is not entry
    ]


def _new_warnings(reader: ConfigReader, known: list[Problem], lost_members: bool) -> list[Problem]:
    """The warnings that are not known yet; a member list with gaps gives none."""
    found = [problem_of(Severity.WARNING, warning) for warning in reader.warnings]
    return [
        problem
        for problem in found
        if problem not in known and not (lost_members and (problem.key or "").startswith(_MEMBER_KEYS))
    ]


def repair(sources: Sources, error: ConfigError) -> Sources | None:
    """The sources without what the error is about; None when nothing can be taken out any more."""
    key = error.key
    if error.path is not None and error.path in sources.files and error.path != _my_id_path(sources):
        return evolve(sources, files=_repaired_file(sources.files, error.path, error.line))
    if key == MY_ID:
        return _with_my_id(sources)
    if key in _STAND_INS:
        return _with_stand_in(sources, key)
    if key is not None and key in sources.entries:
        return evolve(sources, entries=_without(sources.entries, key))
    if key is not None and (names := {key, "zookeeper." + key} & set(sources.properties)):
        return evolve(sources, properties={k: v for k, v in sources.properties.items() if k not in names})
    return _without_members(sources)


def _my_id_path(sources: Sources) -> str:
    data_dir = sources.entries.get("dataDir")
    return my_id_path("" if data_dir is None else data_dir.value)


def _repaired_file(files: Mapping[str, str], path: str, line: int | None) -> dict[str, str]:
    """Another file without the wrong line, or without anything."""
    return {**files, path: "" if line is None else without_line(files[path], line)}


def _with_my_id(sources: Sources) -> Sources | None:
    """With the number of some member in the myid file."""
    reader = ConfigReader(sources.entries, sources.path, sources.properties)
    numbers = [key.removeprefix("server.") for key in sources.entries if key.startswith("server.")]
    dynamic = sources.files.get(reader.file_text("dynamicConfigFile") or "")
    if dynamic is not None:
        entries = all_properties(readable_text(dynamic, sources.path)[0])
        numbers += [entry.key.removeprefix("server.") for entry in entries if entry.key.startswith("server.")]
    path = _my_id_path(sources)
    mine = sources.files.get(path, "").strip()
    others = [number for number in numbers if number != mine]
    if others:
        return evolve(sources, files={**sources.files, path: others[0]})
    return evolve(sources, files=_without(sources.files, path)) if path in sources.files else None


def _with_stand_in(sources: Sources, key: str) -> Sources:
    line = sources.entries[key].line if key in sources.entries else 0
    repaired = evolve(sources, entries={**sources.entries, key: Property(key, _STAND_INS[key], line)})
    # Nobody knows where the myid file would be, so nothing is said about it.
    return repaired if key != "dataDir" else _with_my_id(repaired) or repaired


def _without(entries: Mapping[str, T], key: str) -> dict[str, T]:
    return {name: entry for name, entry in entries.items() if name != key}


def _without_members(sources: Sources) -> Sources | None:
    kept = {
        key: entry
        for key, entry in sources.entries.items()
        if not is_membership_key(key) and key != "dynamicConfigFile"
    }
    return evolve(sources, entries=kept) if len(kept) < len(sources.entries) else None
