"""Words of the check before a training: what has to be there, how samples are read, how long it will take."""

TEXTS: dict[str, tuple[str, str]] = {
    "job.kind.preflight": ("Beispiele prüfen", "Checking samples"),
    "preflight.title": ("Prüfung vor dem Start", "Check before the start"),
    "preflight.start": ("Beispiele prüfen", "Check samples"),
    "preflight.stop": ("Prüfung abbrechen", "Stop the check"),
    "preflight.about": (
        "Liest alle Beispiele so, wie das Modell sie lesen wird, ohne das Modell zu laden: Was ist zu lang, was wird "
        "gelernt?",
        "Reads all samples as the model will read them, without loading the model: what is too long, what is "
        "learned?",
    ),
    "preflight.running": (
        "Während ein Training läuft, wird nichts geprüft.",
        "Nothing is checked while a training is running.",
    ),
    "preflight.reading": ("Beispiele und Tokenizer werden gelesen …", "Reading samples and tokenizer …"),
    "preflight.encoding": (
        "Die Beispiele werden in Tokens zerlegt …",
        "Cutting the samples into tokens …",
    ),
    "preflight.outdated": (
        "Veraltet: Seitdem haben sich Beispiele, Modell oder Einstellungen geändert. Prüfe noch einmal.",
        "Outdated: samples, model or settings have changed since. Check again.",
    ),
    "preflight.rows": ("lernt aus", "learns from"),
    "preflight.held_out": ("zum Testen", "to test with"),
    "preflight.longest": ("längstes", "longest"),
    "preflight.median": ("mittleres", "median"),
    "preflight.learned": ("gelernt je Epoche", "learned per epoch"),
    "preflight.tokens": ("{tokens:,} Tokens", "{tokens:,} tokens"),
    "preflight.took": (
        "Alle Beispiele gelesen in {seconds:.0f} s.",
        "All samples read in {seconds:.0f} s.",
    ),
    "preflight.suggestion.all": (
        "Vorschlag: höchste Länge {max_length:,}. Damit wird nichts mehr abgeschnitten.",
        "Suggestion: a maximum length of {max_length:,}. With it nothing is cut any more.",
    ),
    "preflight.suggestion.model": (
        "Vorschlag: höchste Länge {max_length:,}. Für mehr ist das Modell nicht gemacht; {still_cut:,} Zeilen "
        "bleiben abgeschnitten.",
        "Suggestion: a maximum length of {max_length:,}. The model was not made for more; {still_cut:,} rows stay "
        "cut.",
    ),
    "preflight.suggestion.memory": (
        "Vorschlag: höchste Länge {max_length:,}. Mehr passt vermutlich nicht in den Speicher; {still_cut:,} Zeilen "
        "bleiben abgeschnitten.",
        "Suggestion: a maximum length of {max_length:,}. More will probably not fit into memory; {still_cut:,} rows "
        "stay cut.",
    ),
    "preflight.suggestion_unknown": (
        "Ob der Speicher dafür reicht, lässt sich bei diesem Modell nicht schätzen.",
        "Whether the memory suffices for that cannot be estimated for this model.",
    ),
    "preflight.suggestion_place": (
        "Zu ändern unter „Erweitert“. Längere Texte brauchen mehr Speicher und Zeit.",
        "To be changed under “Advanced”. Longer texts take more memory and time.",
    ),
    "preflight.fine": ("In Ordnung: {count}", "All right: {count}"),
    "preflight.examples": (
        "So liest das Modell deine Beispiele",
        "How the model reads your samples",
    ),
    "preflight.role.read": ("nur gelesen", "only read"),
    "preflight.role.learned": ("wird gelernt", "learned"),
    "preflight.role.end": ("Ende der Antwort, wird gelernt", "end of the answer, learned"),
    "preflight.left_out": ("[… {count:,} Zeichen …]", "[… {count:,} characters …]"),
    "preflight.why.first": ("Das erste Beispiel", "The first sample"),
    "preflight.why.longest": ("Das längste", "The longest one"),
    "preflight.why.cut": ("Ein abgeschnittenes", "One that is cut"),
    "preflight.why.conversation": ("Ein Gespräch", "A conversation"),
    "preflight.example": ("{why}: {tokens:,} Tokens", "{why}: {tokens:,} tokens"),
    "preflight.example_cut": (
        "{why}: {tokens:,} Tokens, {missing:,} weitere fehlen",
        "{why}: {tokens:,} tokens, {missing:,} more are missing",
    ),
    # what the app can tell by itself
    "check.samples.ok": (
        "{samples:,} Beispiele zum Lernen, {held_out:,} zum Testen.",
        "{samples:,} samples to learn from, {held_out:,} to test with.",
    ),
    "check.base.ok": ("Das Modell „{name}“ ist da.", "The model “{name}” is there."),
    "check.base_changed.warn": (
        "„{name}“ ist nicht mehr dasselbe Modell wie beim letzten Training. Seine Ergebnisse lassen sich mit neuen "
        "nicht vergleichen.",
        "“{name}” is not the same model as in the last training. Its results do not compare with new ones.",
    ),
    "check.context.warn": (
        "Die höchste Länge ({max_length:,} Tokens) ist größer als das, wofür das Modell gemacht ist ({context:,}). "
        "Senke sie unter „Erweitert“.",
        "The maximum length ({max_length:,} tokens) is more than the model was made for ({context:,}). Lower it "
        "under “Advanced”.",
    ),
    "check.memory.ok": (
        "Speicher: etwa {needed_gib:.1f} von freien {free_gib:.1f} GiB.",
        "Memory: about {needed_gib:.1f} of {free_gib:.1f} GiB free.",
    ),
    "check.memory.warn": (
        "Der Speicher ist knapp: etwa {needed_gib:.1f} von freien {free_gib:.1f} GiB. Schließe andere Programme.",
        "Memory is tight: about {needed_gib:.1f} of {free_gib:.1f} GiB free. Close other programs.",
    ),
    "check.memory.bad": (
        "Der Speicher reicht vermutlich nicht: etwa {needed_gib:.1f} GiB nötig, {free_gib:.1f} GiB frei. Was hilft, "
        "steht unter „Speicher und Dauer dieses Trainings“; versuchen kannst du es trotzdem.",
        "Memory will probably not suffice: about {needed_gib:.1f} GiB needed, {free_gib:.1f} GiB free. “Memory and "
        "time for this training” says what helps; you can try all the same.",
    ),
    "check.memory_unknown.ok": (
        "Etwa {needed_gib:.1f} GiB Speicher nötig; wie viel frei ist, sagt hier niemand.",
        "About {needed_gib:.1f} GiB of memory needed; nothing here tells how much is free.",
    ),
    "check.disk.ok": (
        "Festplatte: höchstens {needed_gib:.1f} von freien {free_gib:.1f} GiB.",
        "Disk: at most {needed_gib:.1f} of {free_gib:.1f} GiB free.",
    ),
    "check.engine.ok": (
        "Es trainiert {engine} auf: {device} ({cores} Rechenkerne).",
        "Training with {engine} on: {device} ({cores} cores).",
    ),
    "check.engine.warn": (
        "Auf diesem Rechner ist {device}, aber das installierte PyTorch kann nur die CPU nutzen. „python3 start.py "
        "doctor“ nennt den Befehl, der das behebt.",
        "This machine has {device}, but the PyTorch that is installed can only use the CPU. “python3 start.py "
        "doctor” names the command that mends that.",
    ),
    "check.four_bit.ok": ("4-Bit-Training geht hier.", "4-bit training works here."),
    "check.processes.ok": (
        "{processes} Prozesse trainieren gemeinsam.",
        "{processes} processes train together.",
    ),
    "error.base_torn": (
        "Die Modelldatei „{file}“ ist unvollständig.",
        "The model's file “{file}” is incomplete.",
    ),
    "hint.base_torn": (
        "Lade oder kopiere das Modell noch einmal (Schritt 2).",
        "Download or copy the model again (step 2).",
    ),
    # what only the tokenizer tells
    "check.rows.ok": (
        "{samples:,} Beispiele geben {rows:,} Zeilen zum Lernen und {held_out:,} zum Testen (ein Gespräch gibt eine "
        "Zeile je Antwort).",
        "{samples:,} samples make {rows:,} rows to learn from and {held_out:,} to test with (a conversation makes "
        "one row per answer).",
    ),
    "check.rows.bad": (
        "Kein Beispiel behält bei {max_length:,} Tokens etwas von seiner Antwort. Erhöhe die höchste Länge.",
        "With {max_length:,} tokens no sample keeps any of its answer. Raise the maximum length.",
    ),
    "check.cut.ok": (
        "Keine Antwort wird abgeschnitten (höchste Länge {max_length:,} Tokens).",
        "No answer is cut (maximum length {max_length:,} tokens).",
    ),
    "check.cut.warn": (
        "{cut:,} von {rows:,} Antworten sind zu lang und werden bei {max_length:,} Tokens abgeschnitten; im Mittel "
        "fehlen {missing:,} Tokens.",
        "{cut:,} of {rows:,} answers are too long and are cut at {max_length:,} tokens; {missing:,} tokens are "
        "missing on average.",
    ),
    "check.dropped.ok": ("Keine Zeile entfällt.", "No row is left out."),
    "check.dropped.warn": (
        "{count:,} von {rows:,} Zeilen entfallen: Schon ihre Frage füllt {max_length:,} Tokens. Erhöhe die höchste "
        "Länge oder kürze die Fragen.",
        "{count:,} of {rows:,} rows are left out: their question alone fills {max_length:,} tokens. Raise the "
        "maximum length or shorten the questions.",
    ),
    "check.learned.ok": ("Aus jeder Zeile wird etwas gelernt.", "Something is learned from every row."),
    "check.learned.warn": (
        "{count:,} von {rows:,} Zeilen lehren nur aufzuhören: Von ihrer Antwort bleibt kein Wort. Sieh dir an, ob "
        "die Vorlage des Modells Antworten verändert.",
        "{count:,} of {rows:,} rows teach only to stop: no word of their answer is left. See whether the model's "
        "template changes answers.",
    ),
    "check.end.ok": (
        "Jede Antwort endet mit dem Zeichen, an dem das Modell aufhört.",
        "Every answer ends with the token at which the model stops.",
    ),
    "check.end.warn": (
        "{count:,} von {rows:,} Antworten lehren nicht aufzuhören, weil ihr Ende abgeschnitten ist. Werden es viele, "
        "schreibt das Modell endlos weiter.",
        "{count:,} of {rows:,} answers do not teach to stop, because their end is cut off. If they are many, the "
        "model goes on writing without end.",
    ),
    "check.template.ok": (
        "Das Modell bringt eine Gesprächsvorlage mit (sie sagt, wo Frage und Antwort beginnen).",
        "The model brings a chat template (it says where question and answer begin).",
    ),
    "check.template.warn": (
        "Das Modell bringt keine Gesprächsvorlage mit; es bekommt eine schlichte. Ein Modell mit „Instruct“ im Namen "
        "lernt leichter zu antworten.",
        "The model brings no chat template; it gets a plain one. A model with “Instruct” in its name learns more "
        "easily to answer.",
    ),
    "check.held_out.ok": (
        "{held_out:,} Zeilen prüfen, ob das Gelernte auch für Neues taugt.",
        "{held_out:,} rows test whether what was learned holds for what is new.",
    ),
    "check.held_out.warn": (
        "Es bleibt nichts zum Testen: Alle Beispiele stammen von einer Stelle, oder die zum Testen sind zu lang.",
        "Nothing is left to test with: all samples come from one place, or those to test with are too long.",
    ),
    "check.shared_answers.ok": (
        "Keine Antwort kommt zugleich beim Lernen und beim Testen vor.",
        "No answer occurs both in learning and in testing.",
    ),
    "check.shared_answers.warn": (
        "{count:,} von {held_out:,} Antworten zum Testen kommen auch beim Lernen vor: Das Ergebnis sieht dann besser "
        "aus, als es ist.",
        "{count:,} of {held_out:,} answers to test with also occur in learning: the result will look better than it "
        "is.",
    ),
    "check.unreadable.warn": (
        "{count:,} Zeilen der Datei sind keine Beispiele und werden übergangen.",
        "{count:,} lines of the file are no samples and are passed over.",
    ),
    "check.rejected.ok": ("{count:,} abgelehnte Beispiele bleiben weg.", "{count:,} rejected samples are left out."),
    "check.state.ok": ("In Ordnung", "All right"),
    "check.state.warn": ("Achtung", "Attention"),
    "check.state.bad": ("Problem", "Problem"),
    # time
    "run_time.duration": ("geschätzte Dauer", "estimated time"),
    "run_time.about": ("etwa {duration}", "about {duration}"),
    "run_time.line": (
        "  Geschätzt: etwa {duration}; länger, wenn nebenher andere Programme rechnen.",
        "  Estimated: about {duration}; longer when other programs run.",
    ),
    "run_time.learned": (
        "Gerechnet mit dem Tempo der letzten Trainings dieser Art auf diesem Rechner ({runs}). Länger dauert "
        "es, wenn nebenher andere Programme rechnen.",
        "Computed with the speed of the last trainings of this kind on this machine ({runs}). It takes longer when "
        "other programs run.",
    ),
    "run_time.measured": (
        "Auf diesem Rechner ist noch kein Training dieser Art fertig geworden. Bis dahin ist das ein grober Wert aus "
        "einer kurzen Messung: Es kann mehrmals so lange dauern, auch wenn nebenher andere Programme rechnen.",
        "No training of this kind has finished on this machine yet. Until then this is a rough figure from a short "
        "measurement: it may take several times as long, also when other programs run.",
    ),
    "run_time.running": (
        "Für das laufende Training sind etwa {duration} geschätzt.",
        "The running training is estimated to take about {duration}.",
    ),
    "run_time.after": (
        "Letztes Training: geschätzt etwa {estimated}, gerechnet {computed}, mit Laden und Warten gedauert {taken}.",
        "Last training: about {estimated} estimated, computed for {computed}, took {taken} with loading and waiting.",
    ),
}
