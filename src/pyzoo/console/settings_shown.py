"""The settings in force, with what each means and where it was decided."""

from typing import Final

from attrs import frozen

from pyzoo.config.key_table import KEYS
from pyzoo.config.keys import Treatment
from pyzoo.config.origins import DEFAULT, Setting, effective_settings
from pyzoo.config.redaction import redacted
from pyzoo.config.settings import ServerConfig

_WITHOUT_EFFECT: Final = (Treatment.NO_EFFECT, Treatment.NOT_YET)


@frozen
class ShownSetting:
    """A key: its value, where that was decided, and what it means; secrets are `***`.

    `remark` says what else there is to know, such as that another text was given.
    """

    key: str
    value: str
    origin: str
    meaning: str
    remark: str = ""

    @property
    def is_default(self) -> bool:
        """Whether nobody has set it."""
        return self.origin == DEFAULT

    def matches(self, wanted: str) -> bool:
        """Whether its name, value or meaning has this in it; in small letters."""
        return any(wanted in text.lower() for text in (self.key, self.value, self.meaning))


def settings_of(config: ServerConfig) -> list[ShownSetting] | None:
    """All of them in the order of the documentation; None where a program has made the configuration."""
    if config.source is None:
        return None
    return [_shown(setting) for setting in effective_settings(config, config.source, config.property_places)]


def _shown(setting: Setting) -> ShownSetting:
    key = KEYS.find(setting.key)
    remarks = [] if setting.given is None else [f"given: {setting.given}"]
    if setting.treatment is None:
        remarks.append("not a known key")
    elif setting.treatment in _WITHOUT_EFFECT:
        remarks.append(setting.treatment.value)
    meaning = "" if key is None else key.meaning
    return ShownSetting(setting.key, redacted(setting.key, setting.value), setting.origin, meaning, "; ".join(remarks))
