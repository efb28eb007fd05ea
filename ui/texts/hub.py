"""Words about models from Hugging Face: the list, what fits this machine, and the download."""

TEXTS: dict[str, tuple[str, str]] = {
    # the list
    "hub.model": ("Modell", "Model"),
    "hub.fit": ("Auf diesem Rechner", "On this machine"),
    "hub.lora": ("LoRA", "LoRA"),
    "hub.four_bit": ("4 Bit", "4 bits"),
    "hub.none": ("Kein Modell in der Liste.", "No model in the list."),
    "hub.here": ("auf diesem Rechner", "on this machine"),
    "hub.gated": ("Bedingungen annehmen", "terms to accept"),
    "hub.licence_unknown": ("Lizenz unbekannt", "licence unknown"),
    "hub.context": ("liest bis zu {tokens:,} Tokens", "reads up to {tokens:,} tokens"),
    "hub.german": ("Deutsch und mehr", "German and more"),
    "hub.english": ("vor allem Englisch", "mostly English"),
    "hub.no_four_bit": ("geht hier nicht", "not possible here"),
    "hub.light.green": ("passt", "fits"),
    "hub.light.amber": ("knapp", "a tight fit"),
    "hub.light.red": ("zu groß", "too large"),
    "hub.light.unknown": ("freier Speicher unbekannt", "free memory unknown"),
    "hub.about_fit": (
        "Die Ampel schätzt den Speicher beim Training mit den jetzigen Einstellungen aus Schritt 4 und Beispielen "
        "von {tokens} Tokens, verglichen mit dem, was gerade frei ist. LoRA trainiert kleine Zusatzmatrizen statt "
        "des ganzen Modells; mit 4 Bit je Gewicht braucht das Modell dabei weniger Speicher.",
        "The light estimates the memory of training with the present settings of step 4 and samples of {tokens} "
        "tokens, against what is free right now. LoRA trains small extra matrices instead of the whole model; with 4 "
        "bits per weight the model needs less memory for that.",
    ),
    "ollama_bases.original": ("Originalgewichte nehmen", "Use original weights"),
    "ollama_bases.original_about": (
        "Statt der gerundeten Gewichte von Ollama die ursprünglichen von {name} nehmen: Das Ergebnis wird besser",
        "Use the original weights of {name} instead of Ollama's rounded ones: the result will be better",
    ),
    "ollama_bases.is_download": ("wird heruntergeladen", "will be downloaded"),
    # download
    "model.download.asking": ("Bei Hugging Face nach {name} fragen", "Asking Hugging Face about {name}"),
    "model.download.loading": (
        "{name}: {done:.0f} von {total:.0f} MB, {rate:.1f} MB/s",
        "{name}: {done:.0f} of {total:.0f} MB, {rate:.1f} MB/s",
    ),
    "model.download.finishing": ("{name} wird eingeordnet und geprüft", "Filing and checking {name}"),
    "model.download.done": (
        "{name} liegt auf diesem Rechner ({size:.0f} MB, Fassung {revision})",
        "{name} is on this machine ({size:.0f} MB, revision {revision})",
    ),
    "error.base_token": (
        "Hugging Face nimmt dein Token nicht an.",
        "Hugging Face does not accept your token.",
    ),
    "hint.base_token": (
        "Melde dich im Terminal mit „hf auth login“ neu an, oder berichtige die Umgebungsvariable HF_TOKEN.",
        "Sign in anew in a terminal with “hf auth login”, or correct the environment variable HF_TOKEN.",
    ),
    "error.base_busy": (
        "Hugging Face nimmt gerade keine weiteren Anfragen von hier an.",
        "Hugging Face takes no more requests from here right now.",
    ),
    "hint.base_busy": (
        "Warte ein paar Minuten und lade weiter: Was da ist, bleibt. Angemeldet („hf auth login“) darfst du mehr.",
        "Wait a few minutes and resume: what is there stays. Signed in (“hf auth login”) you may ask more often.",
    ),
    "error.base_offline_mode": (
        "Das Modell „{name}“ wurde nicht geladen: Die Umgebungsvariable HF_HUB_OFFLINE verbietet es.",
        "The model “{name}” was not downloaded: the environment variable HF_HUB_OFFLINE forbids it.",
    ),
    "hint.base_offline_mode": (
        "Starte die App ohne HF_HUB_OFFLINE, oder wähle ein Modell, das schon auf diesem Rechner liegt.",
        "Start the app without HF_HUB_OFFLINE, or choose a model that is on this machine already.",
    ),
    "error.base_damaged": (
        "„{file}“ von „{name}“ kam beschädigt an und wurde verworfen.",
        "“{file}” of “{name}” arrived damaged and was thrown away.",
    ),
    "hint.base_damaged": (
        "Lade weiter: Nur diese Datei wird noch einmal geholt.",
        "Resume: only this file is fetched again.",
    ),
}
