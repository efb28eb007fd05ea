"""Words of the pipeline, the jobs and the machine: kinds and states of work, refusals, lost processes, hardware."""

TEXTS: dict[str, tuple[str, str]] = {
    "job.kind.rag": ("Dokumente lesen", "Reading documents"),
    "job.kind.practice_base": ("Übungsmodell erzeugen", "Making the practice model"),
    "job.kind.sft": ("Beispiele schreiben", "Writing samples"),
    "job.kind.train": ("Training", "Training"),
    "job.kind.evaluate": ("Vergleich", "Comparison"),
    "job.kind.export": ("Export", "Export"),
    "job.kind.ask": ("Antwort", "Answer"),
    "job.state.queued": ("wartet", "queued"),
    "job.state.running": ("läuft", "running"),
    "job.state.paused": ("angehalten", "paused"),
    "job.state.done": ("fertig", "done"),
    "job.state.failed": ("fehlgeschlagen", "failed"),
    "job.state.cancelled": ("gestoppt", "stopped"),
    "job.state.interrupted": ("unterbrochen", "interrupted"),
    # what can be wrong before a stage starts
    "error.no_files": ("Es sind keine Dateien ausgewählt.", "No files are selected."),
    "hint.no_files": ("Wähle PDF-, TXT-, MD- oder DOCX-Dateien aus.", "Choose PDF, TXT, MD or DOCX files."),
    "error.file_missing": ("Die Datei „{file}“ gibt es nicht.", "The file “{file}” does not exist."),
    "hint.file_missing": (
        "Prüfe den Pfad und wähle die Datei noch einmal aus.",
        "Check the path and choose the file again.",
    ),
    "error.disk_full": (
        "Auf der Festplatte sind nur {free_gib} GiB frei; gebraucht werden etwa {needed_gib} GiB.",
        "Only {free_gib} GiB are free on the disk; about {needed_gib} GiB are needed.",
    ),
    "hint.disk_full": (
        "Schaffe Platz und starte noch einmal. Alles bisher Gespeicherte ist erhalten.",
        "Free some space and start again. Everything saved so far is kept.",
    ),
    "error.disk_is_full": ("Die Festplatte ist voll.", "The disk is full."),
    "hint.disk_is_full": (
        "Schaffe Platz und setze die Arbeit fort. Alles bisher Gespeicherte ist erhalten.",
        "Free some space and resume. Everything saved so far is kept.",
    ),
    "error.no_chunks": ("In diesem Projekt ist noch kein Text.", "There is no text in this project yet."),
    "hint.no_chunks": (
        "Lade im ersten Schritt Dokumente hoch und lass sie verarbeiten.",
        "Upload documents in step 1 and have them processed.",
    ),
    "error.too_few_samples": (
        "Für ein Training braucht es mindestens {minimum} Beispiele; bis jetzt: {samples}.",
        "Training needs at least {minimum} samples; so far: {samples}.",
    ),
    "hint.too_few_samples": ("Erzeuge im dritten Schritt mehr Beispiele.", "Generate more samples in step 3."),
    "error.no_base": ("Es ist noch kein Basismodell gewählt.", "No base model is chosen yet."),
    "hint.no_base": ("Wähle im zweiten Schritt ein Modell.", "Choose a model in step 2."),
    "error.not_trained": (
        "In diesem Projekt hat noch kein Training einen vollständigen Stand gesichert.",
        "No training in this project has saved a complete checkpoint yet.",
    ),
    "hint.not_trained": (
        "Starte das Training oder setze ein angehaltenes fort.",
        "Start the training, or resume one that is paused.",
    ),
    "error.not_exported": (
        "Es gibt noch keine GGUF-Datei, die antworten könnte.",
        "There is no GGUF file yet that could answer.",
    ),
    "hint.not_exported": ("Exportiere das Modell zuerst als GGUF.", "Export the model as GGUF first."),
    "error.run_not_exported": (
        "„{run}“ ist nicht exportiert; die GGUF-Dateien gehören zu „{exported}“.",
        "“{run}” is not exported; the GGUF files belong to “{exported}”.",
    ),
    "hint.run_not_exported": (
        "Exportiere ihn zuerst (export --run) oder frage ohne --run.",
        "Export it first (export --run), or ask without --run.",
    ),
    "error.no_question": ("Die Frage ist leer.", "The question is empty."),
    "hint.no_question": ("Schreibe eine Frage zu deinen Dokumenten.", "Write a question about your documents."),
    "error.nothing_to_resume": ("Es gibt kein unterbrochenes Training.", "There is no interrupted training."),
    "hint.nothing_to_resume": ("Starte ein neues Training.", "Start a new training."),
    "error.run_missing": ("Den Lauf „{run}“ gibt es nicht mehr.", "The run “{run}” no longer exists."),
    "hint.run_missing": ("Starte ein neues Training.", "Start a new training."),
    # what can happen to a running child
    "error.child_killed": (
        "Der Prozess wurde von außen beendet.",
        "The process was ended from outside.",
    ),
    "hint.child_killed": (
        "„Fortsetzen“ macht am letzten gesicherten Stand weiter.",
        "“Resume” continues from the last saved state.",
    ),
    "error.child_crashed": (
        "Der Prozess ist abgestürzt (Code {code}).",
        "The process crashed (code {code}).",
    ),
    "hint.child_crashed": (
        "Mit „Fortsetzen“ geht es am letzten gesicherten Stand weiter. Einzelheiten stehen in {log}.",
        "“Resume” continues from the last saved state. Details are in {log}.",
    ),
    "error.internal": ("Ein unerwarteter Fehler ist aufgetreten ({kind}).", "An unexpected error occurred ({kind})."),
    "hint.internal": (
        "Alles bisher Gespeicherte ist erhalten. Einzelheiten stehen im Protokoll des Laufs (output.log).",
        "Everything saved so far is kept. Details are in the run's output.log.",
    ),
    # the machine
    "hardware.cpu_only": (
        "Keine nutzbare Grafikkarte: Der Prozessor trainiert etwa 50- bis 100-mal langsamer. Kleine Modelle gehen.",
        "No usable GPU: training runs on the processor, some 50 to 100 times slower. Small models work.",
    ),
    "hardware.unsloth_missing": (
        "{name} gefunden, aber die schnelle Engine fehlt. Dieser Befehl ergänzt sie: {command}",
        "{name} found, but the fast engine is missing. This command adds it: {command}",
    ),
    "hardware.low_ram": (
        "Nur {ram_gib} GiB Arbeitsspeicher: Nimm kleine Modelle, Batch-Größe 1 und 4-Bit-Training.",
        "Only {ram_gib} GiB of memory: use small models, batch size 1 and 4-bit training.",
    ),
    "hardware.low_disk": (
        "Nur {disk_gib} GiB auf der Festplatte frei: Große Modelle passen nicht.",
        "Only {disk_gib} GiB of disk space free: large models will not fit.",
    ),
}
