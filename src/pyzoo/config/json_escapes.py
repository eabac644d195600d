"""What Jackson writes in place of characters that a JSON string cannot have."""

from typing import Final

JSON_ESCAPES: Final = {
    **{code: f"\\u{code:04X}" for code in range(0x20)},
    **{ord(character): f"\\{short}" for character, short in zip('"\\\b\t\n\f\r', '"\\btnfr', strict=True)},
}
"""For str.translate."""
