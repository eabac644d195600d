"""`pyzoo config`: check a configuration before a start, show what is in force, look up keys."""

import json
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from pyzoo.cli.groups import Group

if TYPE_CHECKING:
    from pyzoo.config.diagnosis import Diagnosis
    from pyzoo.config.keys import Key
    from pyzoo.config.origins import Setting
    from pyzoo.config.problems import Problem
    from pyzoo.config.settings import ServerConfig

CLEAN, WARNINGS, ERRORS = 0, 1, 2
DEFINITION = click.option(
    "-D", "definitions", multiple=True, metavar="NAME=VALUE", help="Set a system property of ZooKeeper."
)
JSON = click.option("--json", "as_json", is_flag=True, help="For scripts.")
FILE = click.argument("path", metavar="zoo.cfg", type=click.Path(dir_okay=False))


@click.group(cls=Group)
def config() -> None:
    """Check and explain configurations."""


# --- check


@config.command()
@FILE
@DEFINITION
@JSON
@click.option("--strict", is_flag=True, help="Warnings count too: exit code 1.")
@click.option("--running", is_flag=True, help="A server runs with it already: its locks and ports are its own.")
@click.option("--quick", is_flag=True, help="Neither load the data nor look host names up.")
def check(path: str, definitions: tuple[str, ...], as_json: bool, strict: bool, running: bool, quick: bool) -> None:
    """Say all that is wrong with a configuration, before a start and without changing anything.

    The exit code is 2 for errors, with which a server does not start, 1 for warnings with --strict, else 0. Hints are
    about what could be better.
    """
    problems = problems_of(path, definitions, running, quick)
    counts = {name: sum(each.severity.value == name for each in problems) for name in ("error", "warning", "hint")}
    if as_json:
        click.echo(
            json.dumps({"ok": not counts["error"], **counts, "problems": [as_data(p) for p in problems]}, indent=1)
        )
    else:
        for problem in problems:
            click.echo(str(problem))
        click.echo(f"{path}: " + ", ".join(counted(count, name) for name, count in counts.items()))
    sys.exit(ERRORS if counts["error"] else WARNINGS if counts["warning"] and strict else CLEAN)


def problems_of(path: str, definitions: tuple[str, ...], running: bool, quick: bool) -> "list[Problem]":
    """All problems, errors first, then in the order of the file."""
    from pyzoo.cli.config_files import read_text
    from pyzoo.cli.properties import given_properties
    from pyzoo.config.diagnosis import diagnose
    from pyzoo.config.problems import Severity, problem_of
    from pyzoo.errors import ConfigError

    try:
        properties = given_properties(definitions).values
        text = read_text(path)
        if text is None:
            raise ConfigError("file is missing", path)
    except ConfigError as error:
        return [problem_of(Severity.ERROR, error)]
    files, unreadable = texts_beside(text, path)
    diagnosis = diagnose(text, path, properties, files)
    found = [*diagnosis.problems, *unreadable]
    if diagnosis.config is not None:
        found += problems_together(diagnosis, diagnosis.config, running, quick)
    order = list(Severity)
    return sorted(found, key=lambda each: (order.index(each.severity), each.line or 0))


def texts_beside(text: str, path: str) -> "tuple[dict[str, str], list[Problem]]":
    """The other files of a configuration by their paths, and what is wrong with those that cannot be read."""
    from pyzoo.cli.config_files import read_text
    from pyzoo.config.diagnosis import readable_text
    from pyzoo.config.parse import files_needed
    from pyzoo.config.problems import Severity, problem_of
    from pyzoo.errors import ConfigError

    files: dict[str, str] = {}
    unreadable = []
    for name in files_needed(readable_text(text, path)[0], path).paths():
        try:
            content = read_text(name)
        except ConfigError as error:
            unreadable.append(problem_of(Severity.ERROR, error))
        else:
            if content is not None:
                files[name] = content
    return files, unreadable


def problems_together(diagnosis: "Diagnosis", settings: "ServerConfig", running: bool, quick: bool) -> "list[Problem]":
    """What is wrong with settings that are right one by one: with all of them together, here, and now."""
    from pyzoo.cli.serve import refuse_what_is_not_here
    from pyzoo.config.cross_checks import check_settings
    from pyzoo.config.member_checks import check_members
    from pyzoo.config.problems import Findings, Severity, problem_of
    from pyzoo.config.surroundings import check_surroundings
    from pyzoo.errors import ConfigError
    from pyzoo.runtime.look_around import look_around

    findings = Findings(diagnosis.reader)
    check_settings(settings, findings)
    check_members(settings, findings)
    errors = [problem for problem in diagnosis.problems if problem.severity is Severity.ERROR]
    if not any(problem.key == "dataDir" for problem in errors):
        check_surroundings(settings, look_around(settings, is_running=running, quick=quick), findings)
    try:
        refuse_what_is_not_here(settings, in_memory=False)
    except ConfigError as error:
        return [problem_of(Severity.ERROR, error), *findings.problems]
    return findings.problems


def as_data(problem: "Problem") -> dict[str, Any]:
    """A problem for JSON."""
    return {
        "severity": problem.severity.value,
        "file": problem.path,
        "line": problem.line,
        "key": problem.key,
        "message": problem.message,
    }


def counted(count: int, name: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count} {name}" + ("" if count == 1 else "s")


# --- show


@config.command()
@FILE
@DEFINITION
@JSON
@click.option("--given", "only_given", is_flag=True, help="Leave out what nobody has set.")
def show(path: str, definitions: tuple[str, ...], as_json: bool, only_given: bool) -> None:
    """Show the settings in force, each with the place that decided: a line, -D, the environment, or the default."""
    from pyzoo.errors import ConfigError

    try:
        settings = settings_of(path, definitions)
    except ConfigError as error:
        click.echo(f"pyzoo: {error}", err=True)
        sys.exit(ERRORS)
    settings = [setting for setting in settings if setting.origin != "default" or not only_given]
    if as_json:
        click.echo(json.dumps([setting_data(setting) for setting in settings], indent=1))
        return
    for setting in settings:
        click.echo(line_of(setting))


def settings_of(path: str, definitions: tuple[str, ...]) -> "list[Setting]":
    """The effective settings of a file; raises ConfigError."""
    from pyzoo.cli.config_files import read_text
    from pyzoo.cli.properties import given_properties
    from pyzoo.cli.serve import read_configuration
    from pyzoo.config.origins import effective_settings
    from pyzoo.config.parse import build_config
    from pyzoo.config.properties import parse_properties
    from pyzoo.config.reader import ConfigReader
    from pyzoo.errors import ConfigError

    given = given_properties(definitions)
    if read_text(path) is None:
        raise ConfigError("file is missing", path)
    text, files = read_configuration(path)
    reader = ConfigReader(parse_properties(text, path), path, given.values)
    config, _ = build_config(reader, text, files)
    return effective_settings(config, reader, given.places)


def setting_data(setting: "Setting") -> dict[str, Any]:
    """A setting for JSON; `given` is the text that was replaced."""
    return {
        "key": setting.key,
        "value": setting.value,
        "origin": setting.origin,
        "given": setting.given,
        "treatment": None if setting.treatment is None else setting.treatment.value,
    }


def line_of(setting: "Setting") -> str:
    """A setting for people."""
    remarks = [setting.origin]
    if setting.given is not None:
        remarks.append(f"given: {setting.given}")
    if setting.treatment is None:
        remarks.append("not a known key")
    elif setting.treatment.value in ("no effect", "not yet"):
        remarks.append(setting.treatment.value)
    return f"{setting.key}={setting.value}  # {'; '.join(remarks)}"


# --- keys


@config.command()
@click.argument("pattern", default="*")
@JSON
def keys(pattern: str, as_json: bool) -> None:
    """Explain all keys, or those that match PATTERN: a part of the name, or a glob such as 'ssl.*'."""
    found = matching_keys(pattern)
    if as_json:
        click.echo(json.dumps([key_data(key) for key in found], indent=1))
    else:
        for key in found:
            click.echo("\n".join(key_lines(key)))
    if not found:
        click.echo(f"pyzoo: no key matches {pattern}", err=True)
        sys.exit(WARNINGS)


def matching_keys(pattern: str) -> "Sequence[Key]":
    """Keys by a glob, or by a part of their name or meaning, whatever the case."""
    from pyzoo.config.key_table import KEYS

    wanted = pattern.lower()
    is_glob = any(character in wanted for character in "*?[")
    every = [key for _, section in KEYS.sections for key in section]
    if is_glob:
        return [key for key in every if fnmatchcase(key.name.lower(), wanted)]
    return [key for key in every if wanted in key.name.lower()] or [
        key for key in every if wanted in key.meaning.lower()
    ]


def key_data(key: "Key") -> dict[str, Any]:
    """A key for JSON."""
    from pyzoo.config.key_table import GIVEN

    return {
        "key": key.name,
        "given_in": GIVEN[key.source],
        "kind": key.kind.value,
        "at_least": key.at_least,
        "at_most": key.at_most,
        "default": key.default or None,
        "treatment": key.treatment.value,
        "meaning": key.meaning,
    }


def key_lines(key: "Key") -> list[str]:
    """A key for people: how it is given, then what it means."""
    from pyzoo.config.key_table import GIVEN
    from pyzoo.config.keys import Treatment

    default = f"default {key.default}" if key.default else "no default"
    remark = "" if key.treatment is Treatment.USED else f"[{key.treatment.value}] "
    return [f"{key.name}  ({key.values}, {default}, {GIVEN[key.source]})", f"    {remark}{key.meaning}"]
