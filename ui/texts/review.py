"""Words of reviewing, of taking changes back, and of bringing samples in and out."""

TEXTS: dict[str, tuple[str, str]] = {
    "review.undone_status": (
        "Zurückgenommen. Beispiele mit ihrem alten Stand: {count:,}.",
        "Taken back. Samples with the status they had before: {count:,}.",
    ),
    "review.undone_status_partly": (
        "Zurückgenommen. Beispiele mit ihrem alten Stand: {count:,}. Seither geändert oder gelöscht und deshalb"
        " unverändert: {skipped:,}.",
        "Taken back. Samples with the status they had before: {count:,}. Changed or deleted since and therefore left"
        " alone: {skipped:,}.",
    ),
    "review.undone_edit": (
        "Zurückgenommen. Das Beispiel hat wieder seinen alten Text.",
        "Taken back. The sample has its old text again.",
    ),
    "review.undone_delete": (
        "Zurückgenommen. Wieder da: {count:,}.",
        "Taken back. Restored: {count:,}.",
    ),
    "review.undone_delete_partly": (
        "Zurückgenommen. Wieder da: {count:,}. Inzwischen schon wieder vorhanden: {skipped:,}.",
        "Taken back. Restored: {count:,}. There again already: {skipped:,}.",
    ),
    "review.undone_none": (
        "Nichts zurückgenommen: Was diese Änderung betraf, wurde seither wieder geändert. Beispiele: {skipped:,}.",
        "Nothing was taken back: what this change was about has been changed again since. Samples: {skipped:,}.",
    ),
    "error.sample_gone": ("Dieses Beispiel gibt es nicht mehr.", "This sample is gone."),
    "hint.sample_gone": (
        "Jemand hat es gelöscht. Lade die Seite neu, oder nimm das Löschen zurück.",
        "Somebody has deleted it. Reload the page, or undo the deletion.",
    ),
    "error.sample_empty": (
        "Ein Beispiel braucht eine Frage und eine Antwort.",
        "A sample needs a question and an answer.",
    ),
    "hint.sample_empty": (
        "Fülle beide Felder aus, oder lösche das Beispiel.",
        "Fill in both fields, or delete the sample.",
    ),
    "error.samples_busy": (
        "„{file}“ wird gerade von einem anderen Programm geschrieben.",
        "“{file}” is being written by another program.",
    ),
    "hint.samples_busy": (
        "Versuche es gleich noch einmal. Bleibt es dabei, beende andere Fenster dieser App.",
        "Try again in a moment. If this does not help, close other windows of this app.",
    ),
    # bringing samples in
    "exchange.importing": ("Übernommen: {count:,}", "Imported: {count:,}"),
    "exchange.log_done": (
        "Übernommen: {imported:,}. Schon vorhanden: {duplicates:,}. Nicht lesbar: {bad:,}.",
        "Imported: {imported:,}. There already: {duplicates:,}. Not readable: {bad:,}.",
    ),
    "exchange.bad.not_json": ("kein gültiges JSON", "not valid JSON"),
    "exchange.bad.not_an_object": ("kein Objekt mit Feldern", "not an object with fields"),
    "exchange.bad.no_question": ("keine Frage gefunden", "no question found"),
    "exchange.bad.no_answer": ("keine Antwort gefunden", "no answer found"),
    "exchange.bad.too_long": ("zu lang", "too long"),
    "exchange.bad.not_text": ("enthält anderes als Text", "holds something other than text"),
    "exchange.bad.unknown_role": (
        "enthält eine Rolle, die hier niemand kennt",
        "holds a role that is not known here",
    ),
    "exchange.bad.columns": ("mehr Spalten als die Kopfzeile", "more columns than the header row"),
    "exchange.bad.quotes": (
        "ein Anführungszeichen ohne Ende, oder ein zu langes Feld",
        "a quotation mark without end, or a field that is too long",
    ),
    "error.import_empty": ("„{file}“ ist leer.", "“{file}” is empty."),
    "hint.import_empty": (
        "Wähle eine Datei aus, die Beispiele enthält.",
        "Choose a file that holds samples.",
    ),
    "error.import_archive": (
        "„{file}“ ist ein Archiv oder eine Excel-Datei und keine Textdatei.",
        "“{file}” is an archive or an Excel workbook, not a text file.",
    ),
    "hint.import_archive": (
        "Entpacke das Archiv, oder speichere die Tabelle als CSV, und wähle dann diese Datei.",
        "Unpack the archive, or save the table as CSV, then choose that file.",
    ),
    "error.import_not_text": ("„{file}“ ist keine Textdatei.", "“{file}” is not a text file."),
    "hint.import_not_text": (
        "Beispiele kommen aus JSONL, JSON, CSV oder TSV.",
        "Samples come from JSONL, JSON, CSV or TSV.",
    ),
    "error.import_no_columns": (
        "In „{file}“ sind keine Spalten für Frage und Antwort zu erkennen. Die Kopfzeile lautet: {columns}",
        "No columns for question and answer can be told in “{file}”. Its header row is: {columns}",
    ),
    "hint.import_no_columns": (
        "Nenne die Spalten in der ersten Zeile „Frage“ und „Antwort“ oder „instruction“ und „output“.",
        "Name the columns in the first row “question” and “answer”, or “instruction” and “output”.",
    ),
    # taking samples out
    "error.export_no_samples": ("Es gibt keine Beispiele zum Mitnehmen.", "There are no samples to take along."),
    "hint.export_no_samples": (
        "Erzeuge oder importiere Beispiele. Abgelehnte werden nicht exportiert.",
        "Generate or import samples. Rejected ones are not exported.",
    ),
}
