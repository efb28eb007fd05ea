"""Words of the sample generator: its progress and its log."""

TEXTS: dict[str, tuple[str, str]] = {
    "samples.writing": ("{count:,} von {total:,} Beispielen", "{count:,} of {total:,} samples"),
    "samples.log_start": (
        "{wanted:,} Beispiele werden aus {chunks:,} Abschnitten geschrieben; {already:,} sind schon da.",
        "Writing {wanted:,} samples from {chunks:,} chunks; {already:,} are there already.",
    ),
    "samples.log_exhausted": (
        "Mehr geben die Texte nicht her: {count:,} von {wanted:,} Beispielen. Weitere Dokumente helfen.",
        "The texts give no more: {count:,} of {wanted:,} samples. More documents help.",
    ),
    "error.no_usable_chunks": (
        "Alle Abschnitte dieses Projekts sind von den Trainingsdaten ausgeschlossen.",
        "All chunks of this project are excluded from the training data.",
    ),
    "hint.no_usable_chunks": (
        "Nimm in Schritt 1 Abschnitte wieder auf, oder füge Dokumente hinzu, die keine Wiederholungen sind.",
        "Include chunks again in step 1, or add documents that do not repeat others.",
    ),
    "samples.log_done": ("{new:,} neue Beispiele, zusammen {count:,}.", "{new:,} new samples, {count:,} altogether."),
    "samples.writing_tokens": (
        "{count:,} von {total:,} Beispielen · {tokens:,} Tokens",
        "{count:,} of {total:,} samples · {tokens:,} tokens",
    ),
    "samples.writing_cost": (
        "{count:,} von {total:,} Beispielen · {tokens:,} Tokens · {cost:.4f} $",
        "{count:,} of {total:,} samples · {tokens:,} tokens · ${cost:.4f}",
    ),
    "samples.log_budget": (
        "{budget:.2f} $ sind ausgegeben: {count:,} von {wanted:,} Beispielen.",
        "${budget:.2f} have been spent: {count:,} of {wanted:,} samples.",
    ),
    "samples.log_failed": (
        "Von {requests:,} Anfragen blieben {failed:,} ohne Antwort, {unusable:,} Antworten waren unbrauchbar; "
        "es wurde neu gefragt.",
        "Of {requests:,} requests {failed:,} got no answer, and {unusable:,} answers were of no use; "
        "they were asked again.",
    ),
    "samples.testing": ("{model} wird einmal gefragt", "Asking {model} once"),
    "samples.checking": ("{count:,} Beispiele werden geprüft", "Checking {count:,} samples"),
    "samples.pulling": ("Ollama lädt {name}: {status}", "Ollama fetches {name}: {status}"),
    "job.kind.gate": ("Beispiele prüfen", "Checking samples"),
    "job.kind.import": ("Beispiele einlesen", "Bringing samples in"),
    "job.kind.pull": ("Modell laden", "Fetching a model"),
    "job.kind.sft_test": ("Helfer ausprobieren", "Trying the helper"),
    "error.no_helper_model": ("Noch ist kein Helfer-Modell gewählt.", "No helper model has been chosen yet."),
    "hint.no_helper_model": (
        "Wähle in Schritt 3 ein Modell aus der Liste, oder nimm den Übungshelfer.",
        "Choose a model from the list in step 3, or take the practice helper.",
    ),
    "error.practice_needs_no_test": (
        "Der Übungshelfer arbeitet ohne Server; da gibt es nichts auszuprobieren.",
        "The practice helper works without a server; there is nothing to try.",
    ),
    "hint.practice_needs_no_test": (
        "Lass ihn einfach ein paar Beispiele schreiben.",
        "Simply let it write a few samples.",
    ),
    "error.helper_timeout": (
        "Der Helfer hat nach {seconds} Sekunden nicht geantwortet.",
        "The helper has not answered within {seconds} seconds.",
    ),
    "hint.helper_timeout": (
        "Gib ihm mehr Geduld, stelle weniger Anfragen auf einmal, oder nimm ein kleineres Modell.",
        "Give it more patience, send fewer requests at once, or take a smaller model.",
    ),
    "error.key_invalid": ("Das ist kein API-Schlüssel.", "This is no API key."),
    "hint.key_invalid": (
        "Kopiere ihn noch einmal, ganz und ohne Leerzeichen.",
        "Copy it again, the whole of it and without spaces.",
    ),
    "error.samples_not_at_rest": (
        "Gerade werden Beispiele geschrieben oder eingelesen.",
        "Samples are being written or brought in right now.",
    ),
    "hint.samples_not_at_rest": (
        "Warte, bis das fertig ist, oder halte es an.",
        "Wait until that is done, or stop it.",
    ),
    "samples.log_gone": (
        "{count:,} Beispiele haben ihren Text verloren: Er steht nicht mehr in den Dokumenten.",
        "{count:,} samples have lost their text: it is no longer in the documents.",
    ),
    "error.samples_encoding": (
        "Die Beispieldatei „{file}“ ist nicht in UTF-8 geschrieben, oder sie ist gepackt; sie bleibt, wie sie ist.",
        "The file of samples “{file}” is not written in UTF-8, or it is packed; it stays as it is.",
    ),
    "hint.samples_encoding": (
        "Verschiebe sie aus dem Ordner „data“ des Projekts an einen anderen Ort, entpacke sie, wenn sie gepackt ist,"
        " und hole sie von dort in Schritt 3 herein (oder mit „import-samples“).",
        "Move it out of the project's folder “data”, unpack it if it is packed, and bring it in from there in step 3"
        " (or with “import-samples”).",
    ),
    "error.samples_form": (
        "In der Beispieldatei „{file}“ steht nicht auf jeder Zeile ein Beispiel als JSON; sie bleibt, wie sie ist.",
        "The file of samples “{file}” does not hold one sample as JSON on each line; it stays as it is.",
    ),
    "hint.samples_form": (
        "Verschiebe sie aus dem Ordner „data“ des Projekts an einen anderen Ort und hole sie von dort in Schritt 3"
        " herein (oder mit „import-samples“): das liest auch JSON-Listen und Tabellen.",
        "Move it out of the project's folder “data” and bring it in from there in step 3 (or with “import-samples”):"
        " that reads JSON arrays and tables too.",
    ),
    "error.prompt_unknown_variable": (
        "„{{{name}}}“ ist keine Variable und bleibt so stehen.",
        "“{{{name}}}” is no variable and stays as it is.",
    ),
    "hint.prompt_unknown_variable": ("Es gibt {known}.", "There are {known}."),
    "error.prompt_without_chunk": (
        "Der Auftrag enthält {{chunk}} nicht: Der Helfer bekommt den Text der Dokumente nicht zu sehen.",
        "The task does not hold {{chunk}}: the helper will not see the documents' text.",
    ),
    "hint.prompt_without_chunk": (
        "Setze {{chunk}} an die Stelle, an der der Text stehen soll.",
        "Put {{chunk}} where the text shall stand.",
    ),
    "error.helper_answer_cut_off": ("Die Antwort des Helfers brach ab.", "The helper's answer was cut off."),
    "hint.helper_answer_cut_off": (
        "Verlange weniger Beispiele je Anfrage, oder gib dem Helfer mehr Kontext.",
        "Ask for fewer samples per request, or give the helper more context.",
    ),
    "error.helper_answer_no_json": (
        "Der Helfer hat nicht in der verlangten Form geantwortet.",
        "The helper has not answered in the form that was asked for.",
    ),
    "hint.helper_answer_no_json": (
        "Sieh dir mit „Ausprobieren“ eine Antwort an, und nimm ein größeres Modell, wenn das öfter geschieht.",
        "Look at an answer with “Try it”, and take a larger model if this happens often.",
    ),
    "error.helper_answer_no_samples": (
        "In der Antwort des Helfers war kein brauchbares Beispiel.",
        "The helper's answer held no usable sample.",
    ),
    "hint.helper_answer_no_samples": (
        "Sieh dir mit „Ausprobieren“ eine Antwort an, und nimm ein größeres Modell, wenn das öfter geschieht.",
        "Look at an answer with “Try it”, and take a larger model if this happens often.",
    ),
    "error.helper_answer_empty": ("Der Helfer hat nichts geantwortet.", "The helper has answered nothing."),
    "hint.helper_answer_empty": (
        "Sieh dir mit „Ausprobieren“ eine Antwort an, und nimm ein größeres Modell, wenn das öfter geschieht.",
        "Look at an answer with “Try it”, and take a larger model if this happens often.",
    ),
}
