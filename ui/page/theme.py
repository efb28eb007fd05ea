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
    block_border_width="1px",
    block_label_background_fill="transparent",
    block_label_background_fill_dark="transparent",
    block_label_border_width="0px",
    block_label_text_color="*neutral_600",
    block_label_text_color_dark="*neutral_300",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_300",
    block_title_text_color="*neutral_800",
    block_title_text_color_dark="*neutral_100",
    block_title_text_weight="600",
    block_shadow="none",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_dark="*primary_600",
    button_primary_background_fill_hover_dark="*primary_500",
    button_primary_text_color="white",
    button_primary_text_color_dark="white",
    button_secondary_background_fill="white",
    button_secondary_background_fill_dark="*neutral_800",
    button_secondary_border_color="*neutral_300",
    button_secondary_border_color_dark="*neutral_700",
    button_cancel_background_fill="white",
    button_cancel_background_fill_dark="*neutral_800",
    button_cancel_background_fill_hover=colors.red.c50,
    button_cancel_background_fill_hover_dark=colors.red.c950,
    button_cancel_border_color=colors.red.c300,
    button_cancel_border_color_dark=colors.red.c800,
    button_cancel_text_color=colors.red.c700,
    button_cancel_text_color_dark=colors.red.c300,
    button_border_width="1px",
    input_background_fill="white",
    input_background_fill_dark="*neutral_800",
    input_border_width="1px",
    slider_color="*primary_700",
    slider_color_dark="*primary_500",
)
