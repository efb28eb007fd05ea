"""Words shared by all areas: errors of names, settings, projects and jobs; labels of settings; hardware."""

TEXTS: dict[str, tuple[str, str]] = {
    # names
    "error.name_empty": ("Der Name ist leer.", "The name is empty."),
    "hint.name_empty": (
        "Gib dem Projekt einen Namen, zum Beispiel „Physik“.",
        "Give the project a name, for example “Physics”.",
    ),
    "error.name_too_long": (
        "Der Name ist zu lang: höchstens {limit} Bytes passen.",
        "The name is too long: at most {limit} bytes fit.",
    ),
    "hint.name_too_long": ("Kürze den Namen.", "Shorten the name."),
    "error.name_forbidden_character": (
        "Das Zeichen „{character}“ darf in einem Namen nicht vorkommen.",
        "The character “{character}” cannot be part of a name.",
    ),
    "hint.name_forbidden_character": (
        "Nimm Buchstaben, Ziffern, Leerzeichen, Bindestriche oder Unterstriche.",
        "Use letters, digits, spaces, hyphens or underscores.",
    ),
    "error.name_reserved": (
        "„{name}“ ist unter Windows für ein Gerät reserviert.",
        "“{name}” is reserved for a device on Windows.",
    ),
    "hint.name_reserved": ("Wähle einen anderen Namen.", "Choose another name."),
    "error.name_dots": (
        "Ein Name darf nicht mit einem Punkt beginnen oder enden.",
        "A name cannot begin or end with a dot.",
    ),
    "hint.name_dots": ("Lass den Punkt weg.", "Leave out the dot."),
    "error.name_not_text": (
        "Ein Name enthält Bytes, die keine Schriftzeichen sind: {name}",
        "A name holds bytes that are no characters: {name}",
    ),
    "hint.name_not_text": (
        "Benenne das Projekt oder die Datei um und versuche es noch einmal.",
        "Rename the project or the file, and try again.",
    ),
    # settings
    "error.field_too_small": (
        "„{field}“ ist zu klein: Der kleinste erlaubte Wert ist {limit}.",
        "“{field}” is too small: the smallest allowed value is {limit}.",
    ),
    "hint.field_too_small": ("Trage einen größeren Wert ein.", "Enter a larger value."),
    "error.field_too_large": (
        "„{field}“ ist zu groß: Der größte erlaubte Wert ist {limit}.",
        "“{field}” is too large: the largest allowed value is {limit}.",
    ),
    "hint.field_too_large": ("Trage einen kleineren Wert ein.", "Enter a smaller value."),
    "error.field_not_a_number": ("„{field}“ ist keine passende Zahl.", "“{field}” is not a suitable number."),
    "hint.field_not_a_number": (
        "Trage eine Zahl ein, ohne Einheit oder Text.",
        "Enter a number, without a unit or text.",
    ),
    "error.field_not_a_choice": (
        "„{field}“ hat einen unbekannten Wert. Möglich sind: {choices}.",
        "“{field}” has an unknown value. Possible are: {choices}.",
    ),
    "hint.field_not_a_choice": ("Wähle einen der genannten Werte.", "Choose one of these values."),
    "error.field_empty": ("„{field}“ fehlt.", "“{field}” is missing."),
    "hint.field_empty": ("Fülle das Feld aus.", "Fill in the field."),
    "error.field_invalid": ("„{field}“ passt nicht.", "“{field}” does not fit."),
    "hint.field_invalid": ("Prüfe die Eingabe.", "Check what you entered."),
    "error.config_missing": ("Die Datei {file} fehlt.", "The file {file} is missing."),
    "hint.config_missing": (
        "Lege das Projekt neu an oder hole die Datei aus einer Sicherung zurück.",
        "Create the project again or bring the file back from a backup.",
    ),
    "error.config_damaged": (
        "Die Datei {file} ist nicht lesbar (Stelle: {problem}).",
        "The file {file} cannot be read (at: {problem}).",
    ),
    "hint.config_damaged": (
        "Korrigiere die Datei mit einem Texteditor. Sie wurde nicht verändert.",
        "Correct the file with a text editor. It was left as it is.",
    ),
    "error.settings_busy": (
        "Die Einstellungen werden gerade von einer anderen App geschrieben.",
        "Another app is writing the settings at this moment.",
    ),
    "hint.settings_busy": ("Versuche es gleich noch einmal.", "Try again in a moment."),
    # projects
    "error.project_exists": (
        "Ein Projekt namens „{name}“ gibt es schon.",
        "There is already a project called “{name}”.",
    ),
    "hint.project_exists": (
        "Wähle einen anderen Namen. Groß- und Kleinschreibung zählt nicht als Unterschied.",
        "Choose another name. Upper and lower case count as the same.",
    ),
    "error.project_missing": ("Das Projekt „{name}“ gibt es nicht.", "There is no project called “{name}”."),
    "hint.project_missing": (
        "Wähle ein Projekt aus der Liste oder lege ein neues an.",
        "Choose a project from the list or create a new one.",
    ),
    "error.project_busy": ("In diesem Projekt läuft noch etwas.", "Something is still running in this project."),
    "hint.project_busy": (
        "Stoppe es zuerst oder warte, bis es fertig ist. Vielleicht läuft es in einer anderen App auf diesem Ordner.",
        "Stop it first, or wait until it is done. It may run in another app that uses this folder.",
    ),
    "error.project_gone": (
        "Der Ordner des Projekts „{name}“ ist nicht mehr da: Er wurde verschoben, umbenannt oder gelöscht, oder sein"
        " Laufwerk ist getrennt.",
        "The folder of the project “{name}” is no longer there: it was moved, renamed or deleted, or its disk was"
        " unplugged.",
    ),
    "hint.project_gone": (
        "Was bis dahin gespeichert war, liegt weiter im Ordner. Lege ihn zurück oder schließe das Laufwerk wieder an"
        " und setze die Arbeit fort; an einem neuen Platz öffne das Projekt dort. Ein Training geht ab seinem letzten"
        " Checkpoint weiter.",
        "What had been saved is still in the folder. Put it back or plug the disk in again, and resume the work; at a"
        " new place, open the project there. A training goes on from its last checkpoint.",
    ),
    "error.project_is_link": (
        "„{name}“ ist eine Verknüpfung mit einem Ordner an anderer Stelle.",
        "“{name}” is a link to a folder in another place.",
    ),
    "hint.project_is_link": (
        "Verschiebe das Projekt selbst in den Ordner der Projekte, oder starte die App mit --projects und dem "
        "Ordner, in dem es liegt.",
        "Move the project itself into the folder of all projects, or start the app with --projects and the folder "
        "that it lies in.",
    ),
    "error.folder_not_writable": (
        "In den Ordner „{folder}“ kann nicht geschrieben werden.",
        "The folder “{folder}” cannot be written to.",
    ),
    "hint.folder_not_writable": (
        "Prüfe die Rechte oder starte die App mit --projects und einem anderen Ordner.",
        "Check the permissions, or start the app with --projects and another folder.",
    ),
    # jobs
    "error.job_already_running": ("Das läuft schon.", "This is running already."),
    "hint.job_already_running": (
        "Warte, bis es fertig ist, oder stoppe es zuerst. Im Terminal zeigt „train PROJEKT --resume“ ein Training,"
        " das anderswo läuft; Strg+C hält es an.",
        "Wait until it is done, or stop it first. In a terminal “train PROJECT --resume” shows a training that runs"
        " elsewhere; Ctrl-C pauses it.",
    ),
    "error.job_is_paused": ("Eine frühere Arbeit ist hier noch angehalten.", "Earlier work is still paused here."),
    "hint.job_is_paused": (
        "Setze sie mit „Fortsetzen“ fort oder beende sie mit „Stopp“.",
        "Continue it with “Resume”, or end it with “Stop”.",
    ),
    "error.job_is_done": ("Diese Arbeit ist schon fertig.", "This work is already done."),
    "hint.job_is_done": (
        "Starte sie neu, wenn du sie wiederholen willst.",
        "Start it anew if you want to repeat it.",
    ),
    "error.job_missing": ("Diese Arbeit gibt es nicht mehr.", "This work no longer exists."),
    "hint.job_missing": ("Lade die Seite neu.", "Reload the page."),
    "error.app_is_closing": ("Die App wird gerade beendet.", "The app is closing."),
    "hint.app_is_closing": ("Starte sie neu und versuche es noch einmal.", "Start it again and try once more."),
    # labels of settings
    "field.chunk_tokens": ("Länge eines Abschnitts (Tokens)", "Length of a chunk (tokens)"),
    "field.overlap_tokens": ("Überlappung (Tokens)", "Overlap (tokens)"),
    "field.name": ("Name", "Name"),
    "field.source": ("Herkunft des Modells", "Source of the model"),
    "field.format": ("Ausgabeformat", "Output format"),
    "field.quantization": ("Genauigkeit der Datei", "Precision of the file"),
    "field.provider": ("Wer schreibt die Beispiele?", "Who writes the samples?"),
    "field.model": ("Helfer-Modell", "Helper model"),
    "field.samples": ("Anzahl Beispiele", "Number of samples"),
    "field.temperature": ("Temperatur", "Temperature"),
    "field.seed": ("Startwert (Seed)", "Seed"),
    "field.language": ("Sprache der Beispiele", "Language of the samples"),
    "field.concurrency": ("Gleichzeitige Anfragen", "Parallel requests"),
    "field.base_url": ("Adresse des Servers", "Server address"),
    "field.styles": ("Arten von Fragen", "Kinds of questions"),
    "field.topic": ("Thema", "Topic"),
    "field.per_request": ("Beispiele je Anfrage", "Samples per request"),
    "field.turns": ("Fragen je Gespräch", "Questions per conversation"),
    "field.timeout_seconds": ("Geduld je Anfrage (Sekunden)", "Patience per request (seconds)"),
    "field.context_tokens": ("Kontext des Helfers (Tokens)", "Helper's context (tokens)"),
    "field.budget_usd": (
        "Höchstens ausgeben (US-Dollar, 0 = ohne Grenze)",
        "Spend at most (US dollars, 0 = no limit)",
    ),
    "field.system_prompt": ("Rolle des Helfers (System-Prompt)", "The helper's role (system prompt)"),
    "field.user_template": ("Auftrag an den Helfer (Vorlage)", "The helper's task (template)"),
    "choice.styles.question": ("Wissensfrage", "Factual question"),
    "choice.styles.explanation": ("Erklärung", "Explanation"),
    "choice.styles.summary": ("Zusammenfassung", "Summary"),
    "choice.styles.application": ("Anwendung", "Application"),
    "choice.styles.comparison": ("Vergleich", "Comparison"),
    "choice.styles.reasoning": ("Warum-Frage", "Why question"),
    "field.learning_rate": ("Lernrate", "Learning rate"),
    "field.batch_size": ("Batch-Größe", "Batch size"),
    "field.epochs": ("Epochen", "Epochs"),
    "field.lora_rank": ("LoRA-Rang", "LoRA rank"),
    "field.lora_alpha": ("LoRA-Alpha", "LoRA alpha"),
    "field.lora_dropout": ("LoRA-Dropout", "LoRA dropout"),
    "field.gradient_checkpointing": (
        "Gradient Checkpointing (spart Speicher)",
        "Gradient checkpointing (saves memory)",
    ),
    "field.four_bit": ("4-Bit-Training (QLoRA)", "4-bit training (QLoRA)"),
    "field.max_length": ("Höchste Länge (Tokens)", "Maximum length (tokens)"),
    "field.gradient_accumulation": ("Gradienten sammeln (Schritte)", "Gradient accumulation (steps)"),
    "field.warmup_ratio": ("Anteil der Aufwärmphase", "Share of warm-up"),
    "field.scheduler": ("Verlauf der Lernrate", "Course of the learning rate"),
    "field.weight_decay": ("Gewichtsabnahme (Weight Decay)", "Weight decay"),
    "field.held_out_share": ("Anteil zum Prüfen", "Share held out for testing"),
    "field.processes": ("Prozesse auf diesem Rechner", "Processes on this machine"),
}
