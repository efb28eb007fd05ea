"""Words of step 2, the model: making the practice model, and what can be wrong with a chosen one."""

TEXTS: dict[str, tuple[str, str]] = {
    "model.practice.reading": ("Abschnitte lesen", "Reading chunks"),
    "model.practice.tokenizer": (
        "Wortschatz aus deinen Dokumenten lernen",
        "Learning a vocabulary from your documents",
    ),
    "model.practice.made": (
        "Übungsmodell mit {parameters_million:.1f} Mio. Parametern und {vocabulary:,} Tokens angelegt",
        "Practice model set up with {parameters_million:.1f} M parameters and {vocabulary:,} tokens",
    ),
    "model.practice.learning": (
        "Übungsmodell liest deine Dokumente (Fehler {loss:.2f})",
        "The practice model reads your documents (loss {loss:.2f})",
    ),
    "model.practice.done": (
        "Übungsmodell fertig: Fehler von {first_loss:.2f} auf {loss:.2f} in {seconds:.0f} s",
        "Practice model ready: loss went from {first_loss:.2f} to {loss:.2f} in {seconds:.0f} s",
    ),
    "model.practice.kept": (
        "Das Übungsmodell passt noch zu deinen Dokumenten und bleibt, wie es ist",
        "The practice model still fits your documents and stays as it is",
    ),
    "error.practice_missing": (
        "Das Übungsmodell dieses Projekts gibt es noch nicht.",
        "This project's practice model does not exist yet.",
    ),
    "hint.practice_missing": ("Erzeuge es im zweiten Schritt.", "Make it in step 2."),
    "error.base_missing": ("Den Ordner „{folder}“ gibt es nicht.", "The folder “{folder}” does not exist."),
    "hint.base_missing": (
        "Gib den vollständigen Pfad des Ordners an, in dem config.json liegt.",
        "Give the full path of the folder that holds config.json.",
    ),
    "error.base_not_a_model": (
        "Im Ordner „{folder}“ liegt kein Modell: config.json fehlt oder ist nicht lesbar.",
        "The folder “{folder}” holds no model: config.json is missing or unreadable.",
    ),
    "hint.base_not_a_model": (
        "Wähle den Ordner eines Modells im Hugging-Face-Format.",
        "Choose the folder of a model in Hugging Face format.",
    ),
    "error.base_no_weights": (
        "Im Ordner „{folder}“ fehlen die Gewichte (*.safetensors).",
        "The folder “{folder}” lacks the weights (*.safetensors).",
    ),
    "hint.base_no_weights": (
        "Lade das Modell vollständig herunter. Ältere .bin-Dateien werden aus Sicherheitsgründen nicht geladen.",
        "Download the model completely. Older .bin files are not loaded, for safety.",
    ),
    "error.base_no_tokenizer": (
        "Im Ordner „{folder}“ fehlt der Tokenizer.",
        "The folder “{folder}” lacks the tokenizer.",
    ),
    "hint.base_no_tokenizer": (
        "Lade auch tokenizer.json (oder tokenizer.model) in diesen Ordner.",
        "Put tokenizer.json (or tokenizer.model) into this folder, too.",
    ),
    "error.base_not_text": (
        "„{architecture}“ ist kein reines Textmodell und kann hier nicht trainiert werden.",
        "“{architecture}” is not a pure text model and cannot be trained here.",
    ),
    "hint.base_not_text": (
        "Wähle ein Modell, dessen Architektur auf ForCausalLM endet.",
        "Choose a model whose architecture ends in ForCausalLM.",
    ),
    "error.base_not_ready": (
        "Das Modell „{name}“ liegt noch nicht oder nicht vollständig auf diesem Rechner bereit.",
        "The model “{name}” is not ready on this machine yet, or not completely.",
    ),
    "hint.base_not_ready": (
        "Übernimm es im zweiten Schritt noch einmal: Dabei wird geladen und ausgepackt, was fehlt.",
        "Choose it again in step 2, which downloads and unpacks what is missing.",
    ),
    "error.base_name": (
        "„{name}“ ist kein Modellname von Hugging Face.",
        "“{name}” is not a Hugging Face model name.",
    ),
    "hint.base_name": ("Schreibe ihn als „anbieter/modell“.", "Write it as “vendor/model”."),
    "error.base_offline": (
        "Das Modell „{name}“ liegt nicht auf diesem Rechner und ließ sich nicht herunterladen.",
        "The model “{name}” is not on this machine and could not be downloaded.",
    ),
    "hint.base_offline": (
        "Prüfe die Internetverbindung oder wähle ein Modell, das schon auf diesem Rechner liegt.",
        "Check the internet connection, or choose a model that is on this machine already.",
    ),
    "error.base_gated": (
        "Für das Modell „{name}“ musst du bei Hugging Face erst die Bedingungen annehmen.",
        "The model “{name}” asks you to accept its terms at Hugging Face first.",
    ),
    "hint.base_gated": (
        "Nimm sie auf https://huggingface.co/{name} an. Melde dich dann im Terminal mit „hf auth login“ an (oder "
        "setze vor dem Start die Umgebungsvariable HF_TOKEN) und lade noch einmal. Oder wähle ein freies Modell.",
        "Accept them at https://huggingface.co/{name}. Then sign in in a terminal with “hf auth login” (or set the "
        "environment variable HF_TOKEN before starting) and download again. Or choose an open model.",
    ),
    "error.base_unknown": (
        "Bei Hugging Face gibt es kein Modell „{name}“, das du sehen darfst.",
        "There is no model “{name}” at Hugging Face that you may see.",
    ),
    "hint.base_unknown": ("Prüfe die Schreibweise.", "Check the spelling."),
    "error.base_changed": (
        "Das Basismodell im Ordner „{folder}“ ist nicht mehr das, mit dem trainiert wurde.",
        "The base model in the folder “{folder}” is no longer the one that was trained on.",
    ),
    "hint.base_changed": (
        "Starte ein neues Training. Das bisherige Ergebnis passt nur zu dem früheren Modell.",
        "Start a new training. The earlier result fits only the earlier model.",
    ),
}
