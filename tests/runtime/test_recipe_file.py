"""The file of admin.console.recipes: what is wrong with it is said, and the server does without."""

import logging
from pathlib import Path

import pytest

from pyzoo.config.parse import default_config
from pyzoo.config.settings import ServerConfig
from pyzoo.errors import ConfigError
from pyzoo.runtime.look_around import look_around
from pyzoo.runtime.recipe_file import known_recipes, read_recipes


def configured(tmp_path: Path, content: bytes | None) -> ServerConfig:
    path = tmp_path / "recipes.yaml"
    if content is not None:
        path.write_bytes(content)
    properties = {"zookeeper.admin.console.recipes": str(path), "zookeeper.admin.serverPort": "0"}
    return default_config(str(tmp_path), 0, properties)[0]


def test_the_patterns_of_the_file_are_read(tmp_path: Path) -> None:
    config = configured(tmp_path, b"- {name: ours, kind: lock, form: line}")
    assert ["ours"] == [pattern.name for pattern in read_recipes(config)]
    assert () == read_recipes(default_config(str(tmp_path))[0])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "recipes.yaml: No such file or directory"),
        (b"\xff", "recipes.yaml: this is not UTF-8"),
        (
            b"- {name: ours, kind: lok, form: line}",
            "recipes.yaml, recipe 1: recipe ours: kind lok: choose one of lock,",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_ends(
    tmp_path: Path, content: bytes | None, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = configured(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        read_recipes(config)
    assert caught.value.message.startswith(f"admin.console.recipes: {tmp_path}/")
    assert fault in caught.value.message
    with caplog.at_level(logging.ERROR):
        assert () == known_recipes(config)
    assert fault in caplog.text
    (refusal,) = [each for each in look_around(config).refusals if each.key == "admin.console.recipes"]
    assert not refusal.vital
    assert fault in refusal.message
