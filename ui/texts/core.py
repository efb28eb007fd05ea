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
    "error.file_forbidden": ("Der Zugriff ist nicht erlaubt: {file}", "Access is not allowed: {file}"),
    "hint.file_forbidden": (
        "Prüfe, wem die Datei oder der Ordner gehört und wer ihn lesen und beschreiben darf. Unter Windows kann auch "
        "ein anderes Programm die Datei geöffnet halten.",
        "Check who owns the file or folder and who may read and write it. On Windows another program may have the "
        "file open.",
    ),
    "error.disk_read_only": (
        "Auf diesem Datenträger kann nur gelesen werden: {file}",
        "This disk can only be read: {file}",
    ),
    "hint.disk_read_only": (
        "Mache ihn beschreibbar, oder starte die App mit --projects und einem Ordner auf einem anderen Datenträger.",
        "Make it writable, or start the app with --projects and a folder on another disk.",
    ),
    "error.file_in_the_way": (
        "Wo eine Datei oder ein Ordner erwartet wird, liegt etwas anderes: {file}",
        "Where a file or a folder is expected there is something else: {file}",
    ),
    "hint.file_in_the_way": (
        "Verschiebe, was dort liegt, und versuche es noch einmal.",
        "Move what lies there, and try again.",
    ),
    "error.file_gone": ("Das gibt es nicht oder nicht mehr: {file}", "This does not exist, or no longer: {file}"),
    "hint.file_gone": (
        "Wenn es auf einem anderen Laufwerk liegt, verbinde es wieder. Sonst lade die Seite neu.",
        "If it lies on another drive, connect that again. Otherwise reload the page.",
    ),
    "error.path_too_long": ("Der Name oder Pfad ist zu lang: {file}", "The name or path is too long: {file}"),
    "hint.path_too_long": (
        "Kürze den Namen, oder lege die Projekte in einen Ordner mit kürzerem Pfad (--projects).",
        "Shorten the name, or keep the projects in a folder with a shorter path (--projects).",
    ),
    "error.too_many_open_files": ("Es sind zu viele Dateien geöffnet.", "Too many files are open."),
    "hint.too_many_open_files": (
        "Versuche es gleich noch einmal. Hilft das nicht, beende die App und starte sie neu.",
        "Try again in a moment. If that does not help, close the app and start it again.",
    ),
    "error.disk_not_answering": (
        "Der Datenträger antwortet nicht oder ist beschädigt: {file}",
        "The disk does not answer or is damaged: {file}",
    ),
    "hint.disk_not_answering": (
        "Prüfe, ob er noch verbunden ist, und versuche es noch einmal.",
        "Check whether it is still connected, and try again.",
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
    # who may do what
    "error.host_only": ("Das darf nur der Gastgeber.", "Only the host may do this."),
    "hint.host_only": (
        "Bitte die Person, die die App gestartet hat.",
        "Ask the person who started the app.",
    ),
    "error.not_yours": ("Das hat jemand anderes begonnen.", "Somebody else started this."),
    "hint.not_yours": (
        "Nur wer eine Arbeit begonnen hat, und der Gastgeber, können sie anhalten oder fortsetzen.",
        "Only whoever started a piece of work, and the host, can stop or continue it.",
    ),
    "error.unknown_visitor": ("Die App weiß nicht, wer hier fragt.", "The app does not know who is asking."),
    "hint.unknown_visitor": ("Lade die Seite neu.", "Reload the page."),
    "error.guest_no_files": (
        "Dateien und Ordner dieses Rechners darf nur der Gastgeber angeben.",
        "Only the host may name files and folders of this machine.",
    ),
    "hint.guest_no_files": (
        "Nimm ein Modell aus den Listen, oder bitte den Gastgeber.",
        "Take a model from the lists, or ask the host.",
    ),
    "error.guest_address": (
        "Diese Adresse hat der Gastgeber nicht freigegeben.",
        "The host has not allowed this address.",
    ),
    "hint.guest_address": (
        "Lass das Feld leer, oder bitte den Gastgeber, sie in den Einstellungen einzutragen.",
        "Leave the field empty, or ask the host to list it in the settings.",
    ),
    "error.requests_spent": (
        "Dein Anteil an den Anfragen mit dem Schlüssel des Gastgebers ist verbraucht.",
        "Your share of requests with the host's key is used up.",
    ),
    "hint.requests_spent": (
        "Was schon geschrieben ist, bleibt. Nimm einen eigenen Schlüssel, oder bitte den Gastgeber um mehr.",
        "What has been written is kept. Use a key of your own, or ask the host for more.",
    ),
    "error.too_many_projects": (
        "Mehr als {limit} Projekte gehen nicht.",
        "More than {limit} projects are not possible.",
    ),
    "hint.too_many_projects": ("Lösche eines, das du nicht mehr brauchst.", "Delete one that you no longer need."),
    "error.too_many_jobs": (
        "Mehr als {limit} Arbeiten auf einmal gehen nicht.",
        "More than {limit} jobs at once are not possible.",
    ),
    "hint.too_many_jobs": ("Warte, bis eine fertig ist, oder halte eine an.", "Wait until one is done, or stop one."),
    "error.upload_no_room": (
        "Für diese Datei ist kein Platz mehr.",
        "There is no room for this file.",
    ),
    "hint.upload_no_room": (
        "Entferne Dokumente, die du nicht mehr brauchst; die Festplatte muss {free_gib} GiB frei behalten.",
        "Remove documents that you no longer need; the disk has to keep {free_gib} GiB free.",
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
