"""Words of tab 3: who writes, how many, prompts, a try, the estimate, what was found, review, in and out."""

TEXTS: dict[str, tuple[str, str]] = {
    # who writes
    "writer.about.openrouter": (
        "OpenRouter vermittelt viele Modelle in der Cloud und rechnet je Token ab. Mit einer eigenen Adresse geht"
        " jeder andere Server, der dieselbe Sprache spricht (OpenAI-Protokoll).",
        "OpenRouter offers many models in the cloud and charges per token. With an address of your own, any other"
        " server works that speaks the same language (OpenAI protocol).",
    ),
    "writer.about.ollama": (
        "Ollama führt Modelle auf diesem Rechner aus, kostenlos. Es muss installiert und gestartet sein.",
        "Ollama runs models on this machine, free of charge. It has to be installed and running.",
    ),
    "writer.about.local": (
        "Eine GGUF-Datei auf diesem Rechner schreibt die Beispiele, ohne Server und ohne Internet. Auf dem"
        " Prozessor dauert das.",
        "A GGUF file on this machine writes the samples, without a server or the internet. On the CPU this takes"
        " its time.",
    ),
    "writer.address_about.openrouter": (
        "Leer lassen für OpenRouter, oder die Adresse eines anderen Servers, meist mit /v1 am Ende.",
        "Leave empty for OpenRouter, or the address of another server, usually ending in /v1.",
    ),
    "writer.address_about.ollama": (
        "Leer lassen, wenn Ollama auf diesem Rechner läuft.",
        "Leave empty if Ollama runs on this machine.",
    ),
    "writer.key": ("API-Schlüssel", "API key"),
    "writer.keep_key": ("Setzen", "Set"),
    "writer.forget_key": ("Schlüssel vergessen", "Forget the key"),
    "writer.remember": ("Auf diesem Rechner merken", "Remember on this machine"),
    "writer.remember_about": (
        "In einer Datei, die nur du lesen kannst, außerhalb aller Projekte. Sonst gilt er, bis die App endet.",
        "In a file that only you can read, outside of all projects. Otherwise it holds until the app ends.",
    ),
    "writer.key_set": ("Schlüssel für {place} ist gesetzt", "The key for {place} is set"),
    "writer.key_missing": (
        "Für {place} ist kein Schlüssel gesetzt. Er geht nur an diesen Server und steht nie im Projekt.",
        "No key is set for {place}. It goes to that server only, and never stands in the project.",
    ),
    "writer.key_forgotten": ("Der Schlüssel für {place} ist vergessen.", "The key for {place} is forgotten."),
    "writer.model_about": (
        "Wähle aus der Liste oder tippe einen Namen ein.",
        "Choose from the list, or type a name.",
    ),
    "writer.file": ("GGUF-Datei", "GGUF file"),
    "writer.file_about": (
        "Eine aus diesem Projekt, oder der ganze Pfad zu einer anderen.",
        "One of this project, or the full path to another one.",
    ),
    "writer.refresh": ("Liste aktualisieren", "Refresh the list"),
    "writer.pull": ("Modell laden", "Pull the model"),
    "writer.price": (
        "{prompt:,.2f} $ + {answer:,.2f} $ je Mio. Token",
        "${prompt:,.2f} + ${answer:,.2f} per million tokens",
    ),
    "writer.free": ("kostenlos", "free"),
    "writer.context": ("Kontext {tokens:,}", "context {tokens:,}"),
    "writer.follows_schema": ("hält sich an ein JSON-Schema", "follows a JSON schema"),
    "writer.not_asked": (
        "„Liste aktualisieren“ fragt den Server, welche Modelle er hat.",
        "“Refresh the list” asks the server which models it has.",
    ),
    "writer.no_models": ("Der Server hat keine Modelle.", "The server has no models."),
    "writer.pulled": ("„{model}“ ist geladen.", "“{model}” has been fetched."),
    "writer.not_in_list": (
        "„{model}“ steht nicht in der Liste dieses Servers.",
        "“{model}” is not in this server's list.",
    ),
    "writer.key_unencrypted": (
        "Zu {place} geht der Schlüssel unverschlüsselt. Nimm eine Adresse mit https, wenn der Server eine hat.",
        "The key travels to {place} unencrypted. Take an address with https if the server has one.",
    ),
    "writer.models_found": ("Gefundene Modelle: {count:,}", "Models found: {count:,}"),
    # how many, and which
    "about.styles": (
        "Sie wechseln sich ab, damit das Modell auf verschiedene Fragen antworten lernt.",
        "They take turns, so that the model learns to answer different questions.",
    ),
    "about.topic": (
        "Worum es geht. Mit einem Thema entstehen Beispiele auch ganz ohne Dokumente; dann weiß der Helfer nur, was"
        " er selbst gelernt hat.",
        "What it is about. With a topic, samples can be written without any documents; the helper then knows only"
        " what it has learned itself.",
    ),
    "wishes.topic_example": ("zum Beispiel: Wärmepumpen", "for example: heat pumps"),
    "wishes.more_by_command": (
        "Alles hier geht auch ohne Browser: python3 start.py sft",
        "All of this works without a browser too: python3 start.py sft",
    ),
    "about.temperature": (
        "Wie abwechslungsreich der Helfer schreibt: 0 nüchtern und wiederholbar, über 1 gewagt.",
        "How varied the helper writes: 0 is plain and repeatable, above 1 is daring.",
    ),
    "about.per_request": (
        "Mehrere auf einmal sparen Token, gelingen kleinen Modellen aber seltener.",
        "Several at once save tokens, but small models manage them less often.",
    ),
    "about.turns": (
        "Mehr als eine: Auf die erste Frage folgen Nachfragen.",
        "More than one: the first question is followed by further ones.",
    ),
    "about.concurrency": (
        "So viele Anfragen laufen nebeneinander. Kleine Rechner schaffen meist nur eine.",
        "So many requests run side by side. Small machines usually manage only one.",
    ),
    "about.timeout_seconds": (
        "Nach dieser Zeit ohne Antwort wird noch einmal gefragt.",
        "After this time without an answer it is asked again.",
    ),
    "about.context_tokens": (
        "Wie viel Text der Helfer auf einmal sieht; mehr braucht mehr Speicher.",
        "How much text the helper sees at once; more needs more memory.",
    ),
    "about.budget_usd": (
        "Ist es ausgegeben, hört das Schreiben auf; was da ist, bleibt.",
        "Once it is spent, writing stops; what is there stays.",
    ),
    # prompts
    "prompts.title": ("Prompts für den Helfer", "Prompts for the helper"),
    "prompts.about": (
        "In geschweiften Klammern stehen Platzhalter. Eine Zeile, deren Platzhalter leer sind, fällt weg. Wie die"
        " Antwort als JSON aussehen soll, hängt die App selbst an.",
        "Variables stand in braces. A line whose variables are empty is left out. How the answer shall look as JSON"
        " is added by the app itself.",
    ),
    "prompts.variable.topic": ("das Thema von oben", "the topic from above"),
    "prompts.variable.chunk": ("der Abschnitt aus deinem Dokument", "the chunk of your document"),
    "prompts.variable.language": ("die Sprache der Beispiele", "the language of the samples"),
    "prompts.variable.style": ("die Art der Frage", "the kind of question"),
    "prompts.variable.count": (
        "wie viele Beispiele diese Anfrage bringen soll",
        "how many samples this request asks for",
    ),
    "prompts.reset": ("Auf Vorgabe zurücksetzen", "Reset to default"),
    "prompts.preview": ("Echte Nachrichten zeigen", "Show the real messages"),
    "prompts.role.system": ("Rolle (system)", "Role (system)"),
    "prompts.role.user": ("Auftrag (user)", "Task (user)"),
    "prompts.role.assistant": ("Antwort (assistant)", "Answer (assistant)"),
    # one try
    "tryout.start": ("Helfer ausprobieren (Test API)", "Try the helper (test API)"),
    "tryout.asked": ("Was gefragt wurde", "What was asked"),
    "tryout.answered": ("Was wörtlich zurückkam", "What came back, word for word"),
    "tryout.good": ("Das klappt. Brauchbare Beispiele: {count}", "This works. Usable samples: {count}"),
    "tryout.seconds": ("{seconds:.1f} s", "{seconds:.1f} s"),
    # before and after
    "estimate.title": ("Was {count:,} Beispiele brauchen werden", "What {count:,} samples will take"),
    "estimate.requests": ("Anfragen", "Requests"),
    "estimate.tokens": ("Token", "Tokens"),
    "estimate.cost": ("Kosten", "Cost"),
    "estimate.time": ("Zeit", "Time"),
    "estimate.range": ("{low} bis {high}", "{low} to {high}"),
    "estimate.free": ("nichts", "nothing"),
    "estimate.cost_unknown": ("Preis unbekannt", "price unknown"),
    "estimate.dollars": ("{low} bis {high} $", "${low} to ${high}"),
    "estimate.rough": (
        "Grob geschätzt. Nach dem ersten Lauf mit diesem Modell wird es genauer.",
        "A rough estimate. After the first run with this model it gets better.",
    ),
    "estimate.from_experience": (
        "Geschätzt aus den letzten Läufen mit diesem Modell.",
        "Estimated from the last runs with this model.",
    ),
    "estimate.stays": ("Nichts verlässt diesen Rechner.", "Nothing leaves this machine."),
    "estimate.leaves": (
        "Texte verlassen diesen Rechner und gehen an {place}.",
        "Texts leave this machine and go to {place}.",
    ),
    "estimate.leaves_texts": (
        "Das sind die Abschnitte deiner Dokumente, Prompts und Thema. Nimm nur Texte, die du weitergeben darfst.",
        "These are the chunks of your documents, the prompts and the topic. Use only texts that you may pass on.",
    ),
    "estimate.leaves_topic": ("Das sind die Prompts und das Thema.", "These are the prompts and the topic."),
    "after.title": ("Was es gebraucht hat", "What it took"),
    "after.run": ("{samples:,} Beispiele von {model} ({place})", "{samples:,} samples by {model} ({place})"),
    "after.requests": (
        "{requests:,} Anfragen, {failed:,} davon vergeblich",
        "{requests:,} requests, {failed:,} of them in vain",
    ),
    "after.tokens": ("{tokens:,} Token", "{tokens:,} tokens"),
    "after.cost": ("{cost:,.4f} $", "${cost:,.4f}"),
    "after.nothing_left": ("Nichts hat diesen Rechner verlassen.", "Nothing has left this machine."),
    "after.sent": (
        "An {place} gingen {requests:,} Anfragen mit {characters:,} Zeichen, vom {first} bis {last}.",
        "{requests:,} requests with {characters:,} characters went to {place}, from {first} to {last}.",
    ),
    "after.documents": ("Abschnitte aus: {documents}", "Chunks of: {documents}"),
    "after.more_documents": ("und {count:,} weitere Dokumente", "and {count:,} more documents"),
    "after.day": ("{day}.{month}.{year}", "{day}/{month}/{year}"),
    # why not
    "blocked.no_chunks_no_topic": (
        "Verarbeite zuerst Dokumente in Schritt 1, oder trage ein Thema ein.",
        "Process documents in step 1 first, or enter a topic.",
    ),
    "blocked.no_helper_model": ("Wähle zuerst ein Helfer-Modell.", "Choose a helper model first."),
    "blocked.no_file": ("Wähle zuerst eine GGUF-Datei.", "Choose a GGUF file first."),
    "blocked.no_key": ("Setze zuerst einen API-Schlüssel.", "Set an API key first."),
    # what was found
    "findings.title": ("Was auffällt", "What stands out"),
    "review.title": ("Durchsehen", "Review"),
    "findings.checked": ("{checked:,} von {total:,} geprüft", "{checked:,} of {total:,} checked"),
    "findings.check": ("Jetzt prüfen", "Check now"),
    "findings.accept_clean": ("Alle ohne Auffälligkeiten annehmen", "Accept all without findings"),
    "findings.reject_all": ("Alle {count:,} ablehnen", "Reject all {count:,}"),
    "findings.nothing": ("Nichts fällt auf.", "Nothing stands out."),
    "findings.coverage": (
        "Aus {covered:,} von {documents:,} Dokumenten gibt es Beispiele",
        "{covered:,} of {documents:,} documents have samples",
    ),
    "findings.accepted": ("Angenommen: {count:,}.", "Accepted: {count:,}."),
    "findings.rejected": ("Abgelehnt: {count:,}.", "Rejected: {count:,}."),
    "findings.undo_hint": ("„Rückgängig“ nimmt das zurück.", "“Undo” takes this back."),
    "findings.none_changed": ("Dabei gab es nichts zu ändern.", "There was nothing to change."),
    # review
    "review.search": ("In den Beispielen suchen", "Search the samples"),
    "review.document": ("Aus Dokument", "From document"),
    "review.all_documents": ("alle Dokumente", "all documents"),
    "review.words": ("„{words}“", "“{words}”"),
    "review.every": ("Alle zeigen", "Show all"),
    "review.nothing": ("Kein Beispiel passt dazu.", "No sample fits this."),
    "review.bad_lines": (
        "{count:,} Zeilen der Datei enthalten kein Beispiel und bleiben unbeachtet.",
        "{count:,} lines of the file hold no sample and are left alone.",
    ),
    "review.head_number": ("Nr.", "No."),
    "review.status.new": ("neu", "new"),
    "review.status.accepted": ("angenommen", "accepted"),
    "review.status.edited": ("bearbeitet", "edited"),
    "review.status.rejected": ("abgelehnt", "rejected"),
    "review.sample": ("Beispiel {number:,}", "Sample {number:,}"),
    "review.none_open": (
        "Klicke auf eine Zeile, oder drücke n für das nächste neue Beispiel.",
        "Click on a row, or press n for the next new sample.",
    ),
    "review.gone": ("Dieses Beispiel gibt es nicht mehr.", "This sample is not there any more."),
    "review.practice": ("Übungshelfer", "practice helper"),
    "review.accept": ("Annehmen", "Accept"),
    "review.reject": ("Ablehnen", "Reject"),
    "review.delete": ("Aus der Datei löschen", "Delete from the file"),
    "review.undo": ("Rückgängig", "Undo"),
    "review.next": ("Nächstes neues", "Next new one"),
    "review.save": ("Speichern", "Save"),
    "review.key.a": ("annehmen, weiter", "accept, go on"),
    "review.key.r": ("ablehnen, weiter", "reject, go on"),
    "review.key.e": ("bearbeiten", "edit"),
    "review.key.n": ("nächstes neues", "next new one"),
    "review.key.u": ("rückgängig", "undo"),
    "review.key.esc": ("Textfeld verlassen", "leave the text box"),
    "review.follow_ups": ("Nachfragen", "Further questions"),
    "review.alike": ("({percent} %)", "({percent}%)"),
    "review.other": ("das andere zeigen", "show the other one"),
    "review.no_source": (
        "Dieses Beispiel kommt aus keinem Dokument.",
        "This sample does not come from a document.",
    ),
    "review.no_chunk": (
        "Der Text, aus dem es kam, ist in den Dokumenten nicht mehr da.",
        "The text that it came from is not in the documents any more.",
    ),
    "review.support": ("{percent} % der Antwort stehen im Abschnitt", "{percent}% of the answer stand in the chunk"),
    "review.all_done": ("Alle sind durchgesehen.", "All of them have been reviewed."),
    "review.deleted": ("Gelöscht. „Rückgängig“ holt es zurück.", "Deleted. “Undo” brings it back."),
    "review.undone_typing": ("Der getippte Text ist zurückgenommen.", "What was typed is taken back."),
    "review.nothing_to_undo": ("Es gibt nichts zurückzunehmen.", "There is nothing to take back."),
    # in and out
    "exchange.title": ("Beispiele holen und mitnehmen", "Bring samples in, take them along"),
    "exchange.import_about": (
        "Beispiele, die anderswo entstanden sind: JSONL oder JSON (instruction/output, Alpaca, ShareGPT, messages),"
        " CSV oder TSV. Doppelte kommen nicht noch einmal hinein. Damit lässt sich auch ohne Dokumente trainieren.",
        "Samples made elsewhere: JSONL or JSON (instruction/output, Alpaca, ShareGPT, messages), CSV or TSV."
        " Duplicates are not added again. With these you can train without any documents.",
    ),
    "exchange.file": ("Datei mit Beispielen", "File with samples"),
    "exchange.import": ("Übernehmen", "Import"),
    "error.no_import_file": ("Es ist keine Datei ausgewählt.", "No file is chosen."),
    "hint.no_import_file": (
        "Lege eine Datei in das Feld darüber.",
        "Put a file into the field above.",
    ),
    "exchange.imported": ("Übernommen: {count:,} Beispiele.", "Imported: {count:,} samples."),
    "exchange.duplicates": ("Schon da waren {count:,}.", "There already: {count:,}."),
    "exchange.bad": ("Nicht brauchbar: {count:,} Zeilen.", "Not usable: {count:,} lines."),
    "exchange.bad_line": ("Zeile {line:,}: {reason}", "Line {line:,}: {reason}"),
    "exchange.more_bad": ("und {count:,} weitere", "and {count:,} more"),
    "exchange.export_about": (
        "Alle Beispiele, die niemand abgelehnt hat, als Datei für andere Programme.",
        "All samples that nobody rejected, as a file for other programs.",
    ),
    "exchange.kind": ("Form der Datei", "Form of the file"),
    "exchange.kind.jsonl": ("JSONL mit Quelle und Stand (diese App)", "JSONL with source and status (this app)"),
    "exchange.kind.messages": ("Nachrichten (messages, OpenAI)", "Messages (messages, OpenAI)"),
    "exchange.kind.csv": ("CSV (Tabellenprogramme)", "CSV (spreadsheets)"),
    "exchange.export": ("Datei schreiben", "Write the file"),
    "exchange.exported": ("Geschrieben: {count:,} Beispiele.", "Written: {count:,} samples."),
}
