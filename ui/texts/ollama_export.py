"""Words of the export to Ollama: what happens, what was checked, and what to do where Ollama does not run."""

TEXTS: dict[str, tuple[str, str]] = {
    "export.ollama_template": (
        "Vorlage für Ollama aus der Chat-Vorlage ableiten",
        "Deriving Ollama's template from the chat template",
    ),
    "export.ollama_no_system": (
        "Ein Systemtext, den du in Ollama setzt, kommt bei diesem Modell nicht oder nicht an der gewohnten Stelle "
        "an: Seine Chat-Vorlage kennt keinen, oder diese Stelle lässt sich in Ollamas Sprache nicht nachbilden. "
        "Schreib solche Anweisungen in die Frage.",
        "A system text that you set in Ollama does not reach this model, or not in its usual place: its chat "
        "template knows none, or that place cannot be rebuilt in Ollama's language. Write such instructions into the "
        "question.",
    ),
    "export.ollama_sending": ("{file} an Ollama übergeben", "Handing {file} to Ollama"),
    "export.ollama_creating": ("Ollama legt „{name}“ an", "Ollama is creating “{name}”"),
    "export.ollama_asking": ("Probefrage an „{name}“ in Ollama", "Test question to “{name}” in Ollama"),
    "export.ollama_not_asked": (
        "Ollama konnte die Probefrage nicht beantworten: {problem}",
        "Ollama could not answer the test question: {problem}",
    ),
    # what became of it, on the page and in the log
    "ollama.created": ("In Ollama angelegt als „{name}“", "Created in Ollama as “{name}”"),
    "ollama.created_about": (
        "Frag es in Ollama, oder im Terminal mit: ollama run {name}",
        "Ask it in Ollama, or in a terminal with: ollama run {name}",
    ),
    "ollama.not_running": (
        "Noch nicht in Ollama: Es läuft gerade nicht auf diesem Rechner",
        "Not in Ollama yet: it is not running on this machine",
    ),
    "ollama.not_running_about": (
        "Die Dateien sind fertig und geprüft. Starte Ollama (die App öffnen, oder im Terminal: ollama serve; es "
        "gibt es auf ollama.com) und exportiere noch einmal, oder gib in ihrem Ordner ein: {command}",
        "The files are ready and checked. Start Ollama (open the app, or in a terminal: ollama serve; it is at "
        "ollama.com) and export once more, or type in their folder: {command}",
    ),
    "ollama.elsewhere": (
        "Noch nicht in Ollama: OLLAMA_HOST zeigt auf einen anderen Rechner",
        "Not in Ollama yet: OLLAMA_HOST points to another machine",
    ),
    "ollama.elsewhere_about": (
        "Das Modell weiß etwas aus deinen Dokumenten, deshalb wird es nirgendwohin geschickt. Willst du es dort "
        "haben, gib in seinem Ordner ein: {command}",
        "The model knows things from your documents, so it is not sent anywhere. If you want it there, type in its "
        "folder: {command}",
    ),
    "ollama.failed": ("Ollama hat das Modell nicht angelegt", "Ollama did not create the model"),
    "ollama.failed_about": (
        "Es meldet: {problem}. Die Dateien sind fertig. Aktualisiere Ollama und exportiere noch einmal, oder gib in "
        "ihrem Ordner ein: {command}",
        "It says: {problem}. The files are ready. Update Ollama and export once more, or type in their folder: "
        "{command}",
    ),
    # what verification.json reports
    "verify.ollama_template": (
        "Gespräche kommen in Ollama gleich beim Modell an",
        "Conversations reach the model in Ollama in the same form",
    ),
    "verify.ollama_prompts": (
        "Fragen werden in Ollama zu denselben Tokens",
        "Questions become the same tokens in Ollama",
    ),
    "verify.ollama_created": ("Ollama hat das Modell angelegt", "Ollama created the model"),
    "verify.ollama_asked": (
        "Eine Probefrage kam in Ollama unverändert an",
        "A test question arrived in Ollama unchanged",
    ),
    "verify.reason.ollama_one_turn": (
        "Die Chat-Vorlage lässt sich in Ollamas Sprache nur für eine einzelne Frage genau nachbilden. Bei "
        "Nachfragen liest das Modell dort etwas anderes als im Training.",
        "The chat template can be rebuilt in Ollama's language for a single question only. With follow-up "
        "questions the model reads something else there than in training.",
    ),
    "verify.reason.ollama_no_template": (
        "Die Chat-Vorlage lässt sich in Ollamas Sprache nicht nachbilden. Nimm das Format GGUF und llama.cpp.",
        "The chat template cannot be rebuilt in Ollama's language. Use the format GGUF and llama.cpp.",
    ),
    "verify.reason.ollama_prompts_differ": (
        "Ollama würde dem Modell andere Tokens geben als das Training. Antworten können unsinnig werden.",
        "Ollama would give the model other tokens than training did. Answers may turn to nonsense.",
    ),
    "verify.reason.ollama_refused": (
        "Die Dateien sind fertig, aber Ollama hat sie nicht angenommen.",
        "The files are ready, but Ollama did not take them.",
    ),
    "verify.reason.ollama_asked_differently": (
        "Ollama hat dem Modell mehr oder weniger Tokens gegeben als das Training. Antworten können unsinnig werden.",
        "Ollama gave the model more or fewer tokens than training did. Answers may turn to nonsense.",
    ),
}
