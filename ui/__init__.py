"""The web interface. Knows core; knows no SQL, no torch and no network."""

import os

# Before anything imports Gradio: it and its libraries read these only then.
os.environ.update(GRADIO_ANALYTICS_ENABLED="False", GRADIO_RUN_HISTORY="False", HF_HUB_DISABLE_TELEMETRY="1")
