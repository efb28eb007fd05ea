"""Words of the export, its verification, and of asking the finished model."""

TEXTS: dict[str, tuple[str, str]] = {
    "export.merging": ("Training und Basismodell werden vereint", "Merging the training into the base model"),
    "export.reference": (
        "Das fertige Modell beantwortet Probefragen, zum Vergleich",
        "The finished model answers test questions, for comparison",
    ),
    "export.writing": ("GGUF-Datei wird geschrieben ({quantization})", "Writing the GGUF file ({quantization})"),
    "export.verifying": (
        "GGUF-Datei wird in llama.cpp geladen und geprüft ({quantization})",
        "Loading the GGUF file in llama.cpp and checking it ({quantization})",
    ),
    "export.verified": (
        "{file}: geprüft, antwortet wie das trainierte Modell",
        "{file}: checked, it answers like the trained model",
    ),
    "export.doubtful": (
        "{file}: weicht vom trainierten Modell ab, siehe verification.json",
        "{file}: differs from the trained model, see verification.json",
    ),
    "export.done": ("Export fertig und geprüft ({seconds:.0f} s)", "Export ready and checked ({seconds:.0f} s)"),
    "export.done_with_doubts": (
        "Export fertig ({seconds:.0f} s), aber die Prüfung fand Abweichungen",
        "Export ready ({seconds:.0f} s), but the check found differences",
    ),
    "chat.loading": ("{file} wird geladen", "Loading {file}"),
    "chat.answering": ("Das Modell antwortet", "The model is answering"),
    # what verification.json reports
    "verify.loads": ("Die Datei lässt sich laden", "The file loads"),
    "verify.tokens": ("Text wird gleich in Tokens zerlegt", "Text is split into the same tokens"),
    "verify.prompts": ("Fragen kommen gleich beim Modell an", "Questions reach the model in the same form"),
    "verify.template": ("Die Chat-Vorlage ist dabei", "The chat template is included"),
    "verify.stop_token": ("Antworten enden am Stoppzeichen", "Answers end at the stop token"),
    "verify.answers": ("Gleiche Antworten wie im Training", "The same answers as in training"),
    "verify.probabilities": ("Gleiche Wahrscheinlichkeiten", "The same probabilities"),
    "verify.reason.tokens_differ": (
        "llama.cpp zerlegt manche Texte anders. Das Modell liest dann etwas anderes, als es gelernt hat.",
        "llama.cpp splits some texts differently. The model then reads something else than it learned.",
    ),
    "verify.reason.prompts_differ": (
        "Die Chat-Vorlage wirkt in llama.cpp anders als im Training. Antworten können unsinnig werden.",
        "The chat template works differently in llama.cpp than in training. Answers may turn to nonsense.",
    ),
    "verify.reason.no_template": (
        "Die Chat-Vorlage fehlt. Andere Programme wissen nicht, wie sie das Modell fragen sollen.",
        "The chat template is missing. Other programs do not know how to ask the model.",
    ),
    "verify.reason.no_stop_token": (
        "Es ist kein Stoppzeichen eingetragen. Antworten hören nicht von selbst auf.",
        "No stop token is noted. Answers do not end by themselves.",
    ),
    "verify.reason.runs_on": (
        "llama.cpp hört am Stoppzeichen nicht auf. Antworten laufen weiter.",
        "llama.cpp does not stop at the stop token. Answers run on.",
    ),
    "verify.reason.answers_differ": (
        "Die Datei antwortet anders als das trainierte Modell.",
        "The file answers differently from the trained model.",
    ),
    "verify.reason.less_sure": (
        "Durch das Verkleinern ist das Modell merklich ungenauer geworden. Nimm eine größere Quantisierung.",
        "Shrinking has made the model noticeably less exact. Choose a larger quantization.",
    ),
    # what can go wrong
    "error.gguf_architecture": (
        "llama.cpp kennt die Architektur „{architecture}“ nicht, deshalb gibt es davon kein GGUF.",
        "llama.cpp does not know the architecture “{architecture}”, so there is no GGUF of it.",
    ),
    "hint.gguf_architecture": (
        "Exportiere als safetensors oder trainiere ein anderes Basismodell.",
        "Export as safetensors, or train another base model.",
    ),
    "error.gguf_tokenizer": (
        "llama.cpp kennt den Tokenizer dieses Modells nicht.",
        "llama.cpp does not know this model's tokenizer.",
    ),
    "hint.gguf_tokenizer": (
        "Exportiere als safetensors oder trainiere ein anderes Basismodell.",
        "Export as safetensors, or train another base model.",
    ),
    "error.gguf_no_converter": (
        "Das Paket auto-round, das GGUF-Dateien schreibt, ist nicht installiert.",
        "The package auto-round, which writes GGUF files, is not installed.",
    ),
    "hint.gguf_no_converter": (
        "Lösche den Ordner .venv und starte mit „python3 start.py“; in einer eigenen Umgebung hilft „python -m pip "
        "install -r requirements.txt“.",
        "Delete the folder .venv and start with “python3 start.py”; in an environment of your own, run “python -m "
        "pip install -r requirements.txt” again.",
    ),
    "error.gguf_unreadable": (
        "llama.cpp kann {file} nicht laden.",
        "llama.cpp cannot load {file}.",
    ),
    "hint.gguf_unreadable": (
        "Exportiere das Modell noch einmal. Reicht der Arbeitsspeicher, und ist die Datei unbeschädigt?",
        "Export the model again. Is there enough memory, and is the file undamaged?",
    ),
    "error.gguf_no_answer": (
        "llama.cpp konnte nicht antworten: {problem}",
        "llama.cpp could not answer: {problem}",
    ),
    "hint.gguf_no_answer": (
        "Stelle eine kürzere Frage oder exportiere das Modell noch einmal.",
        "Ask a shorter question, or export the model again.",
    ),
}
