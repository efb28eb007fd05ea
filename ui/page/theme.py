"""How the app looks. System fonts only: nothing is fetched from anywhere."""

import hashlib
from pathlib import Path

from gradio.themes import Base, Font, colors, sizes

_FOLDER = Path(__file__).parent
STYLE = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("controls.css", "style.css"))
SCRIPT = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("curve.js", "page.js", "review.js"))
# Another one whenever script or style change, so that browsers may keep it, and an open page notices a new app.
SCRIPT_ADDRESS = f"/page.js?{hashlib.sha256((SCRIPT + STYLE).encode()).hexdigest()[:12]}"
_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Consolas", "monospace")

THEME = Base(
    primary_hue=colors.teal,
    secondary_hue=colors.teal,
    neutral_hue=colors.slate,
    radius_size=sizes.radius_md,
    font=[Font(name) for name in _SANS],
    font_mono=[Font(name) for name in _MONO],
).set(
    body_background_fill="*neutral_50",
    body_background_fill_dark="*neutral_950",
    block_background_fill="white",
    block_background_fill_dark="*neutral_900",
    button_secondary_background_fill="white",
    button_secondary_background_fill_dark="*neutral_800",
    button_secondary_border_color="*neutral_300",
    button_secondary_border_color_dark="*neutral_700",
    input_background_fill="white",
    input_background_fill_dark="*neutral_800",
)
