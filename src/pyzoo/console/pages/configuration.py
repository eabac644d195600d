"""The configuration in force: every key with its value and its origin."""

from attrs import asdict
from starlette.responses import Response

from pyzoo.console.page import Action, Page, PageRequest
from pyzoo.console.settings_shown import ShownSetting, settings_of

PATH = "/console/configuration"


async def show(asked: PageRequest) -> Response:
    """The page: what was set, or with `all=true` the defaults as well."""
    settings = settings_of(asked.server().config)
    wanted, with_defaults = asked.parameters.get("filter", ""), asked.parameters.get("all", "") == "true"
    found = [each for each in settings or () if not wanted.strip() or each.matches(wanted.strip().lower())]
    shown = [each for each in found if with_defaults or not each.is_default]
    return asked.page(
        "configuration.html",
        settings=shown,
        is_known=settings is not None,
        left_out=len(found) - len(shown),
        wanted=wanted,
        with_defaults=with_defaults,
        members=_members(asked),
        path_of_file=asked.server().config.config_path,
    )


async def as_json(asked: PageRequest) -> Response:
    """All of them for programs."""
    settings: list[ShownSetting] | None = settings_of(asked.server().config)
    return asked.json(
        {"settings": None if settings is None else [asdict(each) for each in settings], "members": _members(asked)}
    )


def _members(asked: PageRequest) -> list[str]:
    """The configuration of the ensemble as it is now, which a reconfig may have changed since the start."""
    view = asked.server().ensemble
    return [] if view is None else view.members.members.text().splitlines()


PAGE = Page((Action(PATH, show), Action("/console/api/configuration", as_json)), "Configuration")
