"""Words of the documents: what became of each file, and what can be wrong with one."""

TEXTS: dict[str, tuple[str, str]] = {
    # the statuses of a document
    "document.status.queued": ("wartet", "waiting"),
    "document.status.not_read_yet": ("noch nicht gelesen", "not read yet"),
    "document.status.done": ("fertig", "done"),
    "document.status.partial": ("teilweise gelesen", "partly read"),
    "document.status.no_text": ("kein Text", "no text"),
    "document.status.scan": ("kein Text (Scan)", "no text (scan)"),
    "document.status.password": ("Passwort nötig", "password needed"),
    "document.status.damaged": ("beschädigt", "damaged"),
    "document.status.duplicate": ("schon im Projekt", "already in the project"),
    "document.status.unsupported": ("nicht unterstützt", "not supported"),
    "document.status.failed": ("fehlgeschlagen", "failed"),
    # progress and log
    "documents.taking_in": ("{count:,} Dateien werden übernommen", "Taking in {count:,} files"),
    "documents.reading": (
        "Datei {number} von {count}: {file}, Seite {page:,} von {pages:,}",
        "File {number} of {count}: {file}, page {page:,} of {pages:,}",
    ),
    "documents.comparing": ("Doppelte Abschnitte werden gesucht", "Looking for duplicate chunks"),
    "documents.cutting_again": ("{file} wird neu geteilt", "Cutting {file} again"),
    "documents.file_finished": ("{file} ist fertig", "{file} is done"),
    "documents.log_done": (
        "{file}: {pages:,} Seiten, {chunks:,} Abschnitte, {tokens:,} Token",
        "{file}: {pages:,} pages, {chunks:,} chunks, {tokens:,} tokens",
    ),
    # what can be wrong with a file
    "error.file_unsupported": (
        "„{file}“ hat kein Format, das gelesen werden kann.",
        "“{file}” is in no format that can be read.",
    ),
    "hint.file_unsupported": ("Möglich sind: {formats}.", "These work: {formats}."),
    "error.file_empty": ("„{file}“ ist leer: 0 Bytes.", "“{file}” is empty: 0 bytes."),
    "hint.file_empty": (
        "Wahrscheinlich brach ein Download ab. Besorge die Datei noch einmal.",
        "Probably a download broke off. Get the file again.",
    ),
    "error.file_no_text": ("In „{file}“ steht kein Text.", "There is no text in “{file}”."),
    "hint.file_no_text": ("Prüfe, ob es die richtige Datei ist.", "Check whether this is the right file."),
    "error.file_not_text": ("„{file}“ ist keine Textdatei.", "“{file}” is not a text file."),
    "hint.file_not_text": (
        "Der Inhalt ist binär, auch wenn der Name etwas anderes sagt. Speichere ihn als TXT, PDF oder DOCX.",
        "Its content is binary whatever its name says. Save it as TXT, PDF or DOCX.",
    ),
    "error.file_duplicate": (
        "„{file}“ ist schon im Projekt, als „{same_as}“.",
        "“{file}” is already in the project, as “{same_as}”.",
    ),
    "hint.file_duplicate": ("Es ist nichts zu tun.", "There is nothing to do."),
    "error.file_unreadable": (
        "„{file}“ konnte nicht gelesen werden ({problem}).",
        "“{file}” could not be read ({problem}).",
    ),
    "hint.file_unreadable": (
        "Öffne die Datei in ihrem Programm und speichere sie neu. Die anderen Dateien sind davon nicht betroffen.",
        "Open the file in its own program and save it again. The other files are not affected.",
    ),
    "error.pages_unreadable": (
        "„{file}“ ist beschädigt: {read:,} von {pages:,} Seiten wurden gelesen.",
        "“{file}” is damaged: {read:,} of {pages:,} pages were read.",
    ),
    "hint.pages_unreadable": (
        "Was lesbar war, ist im Projekt. Eine unbeschädigte Kopie ergibt mehr.",
        "What could be read is in the project. An undamaged copy would give more.",
    ),
    "error.pdf_not_pdf": ("„{file}“ heißt PDF, ist aber keines.", "“{file}” is called PDF but is none."),
    "hint.pdf_not_pdf": (
        "Öffne die Datei, um zu sehen, was sie ist, und gib ihr die richtige Endung.",
        "Open the file to see what it is, and give it the right ending.",
    ),
    "error.pdf_password": ("„{file}“ ist mit einem Passwort geschützt.", "“{file}” is protected by a password."),
    "hint.pdf_password": (
        "Gib das Passwort in Schritt 1 ein, dann wird die Datei gelesen.",
        "Enter the password in step 1 and the file will be read.",
    ),
    "error.pdf_wrong_password": (
        "Das Passwort passt nicht zu „{file}“.",
        "The password does not fit “{file}”.",
    ),
    "hint.pdf_wrong_password": (
        "Groß- und Kleinschreibung zählt. Versuche es noch einmal.",
        "Upper and lower case count. Try again.",
    ),
    "error.pdf_damaged": (
        "„{file}“ ist beschädigt: Keine Seite ist lesbar.",
        "“{file}” is damaged: no page can be read.",
    ),
    "hint.pdf_damaged": (
        "Vielleicht ist die Datei unvollständig. Besorge sie noch einmal.",
        "The file may be incomplete. Get it again.",
    ),
    "error.pdf_no_text": (
        "„{file}“ hat keinen Text, nur Bilder: wahrscheinlich ein Scan.",
        "“{file}” has no text, only images: probably a scan.",
    ),
    "hint.pdf_no_text": (
        "Lass eine Texterkennung (OCR) darüberlaufen und lade das Ergebnis hoch.",
        "Run text recognition (OCR) on it and upload the result.",
    ),
    "error.docx_not_docx": ("„{file}“ heißt DOCX, ist aber keines.", "“{file}” is called DOCX but is none."),
    "hint.docx_not_docx": (
        "Öffne die Datei in einem Textprogramm und speichere sie als DOCX. Das alte Format DOC geht nicht.",
        "Open the file in a word processor and save it as DOCX. The old DOC format does not work.",
    ),
    "error.docx_password": ("„{file}“ ist mit einem Passwort geschützt.", "“{file}” is protected by a password."),
    "hint.docx_password": (
        "Öffne die Datei mit dem Passwort und speichere eine Kopie ohne Passwort.",
        "Open the file with its password and save a copy without one.",
    ),
    "error.docx_damaged": ("„{file}“ ist beschädigt.", "“{file}” is damaged."),
    "hint.docx_damaged": (
        "Öffne die Datei in einem Textprogramm: Oft kann es sie reparieren und neu speichern.",
        "Open the file in a word processor: often it can repair and save it again.",
    ),
    "error.documents_running": (
        "Die Dokumente werden gerade verarbeitet.",
        "The documents are being processed right now.",
    ),
    "hint.documents_running": (
        "Warte, bis das fertig ist, oder stoppe es zuerst.",
        "Wait until that is done, or stop it first.",
    ),
    "documents.waiting_for_chunks": (
        "Wartet: Ein anderes Fenster oder Programm schreibt aus den Abschnitten Beispiele oder schneidet sie neu.",
        "Waiting: another window or program writes samples from the chunks, or cuts them again.",
    ),
    "error.samples_running": (
        "Gerade entstehen Beispiele aus den Abschnitten.",
        "Samples are being written from the chunks right now.",
    ),
    "hint.samples_running": (
        "Warte, bis sie fertig sind, oder stoppe es zuerst.",
        "Wait until they are done, or stop that first.",
    ),
    "error.documents_not_writable": (
        "„{file}“ konnte nicht in den Projektordner kopiert werden ({problem}).",
        "“{file}” could not be copied into the project folder ({problem}).",
    ),
    "hint.documents_not_writable": (
        "Prüfe, ob auf der Festplatte Platz ist und ob du in den Projektordner schreiben darfst.",
        "Check that there is room on the disk and that you may write to the project folder.",
    ),
    "error.tokenizer_unreadable": (
        "Der Tokenizer des Basismodells ist nicht lesbar: {file}.",
        "The base model's tokenizer cannot be read: {file}.",
    ),
    "hint.tokenizer_unreadable": (
        "Wähle im zweiten Schritt ein anderes Modell oder lade dieses neu.",
        "Choose another model in step 2, or download this one again.",
    ),
    # the database
    "error.store_damaged": ("Die Datenbank „{file}“ ist beschädigt.", "The database “{file}” is damaged."),
    "hint.store_damaged": (
        "Benenne sie im Projektordner um und verarbeite die Dokumente neu: Die Originale liegen noch im Projekt.",
        "Rename it in the project folder and process the documents again: the originals are still in the project.",
    ),
    "error.store_busy": ("Die Datenbank „{file}“ ist gerade belegt.", "The database “{file}” is busy."),
    "hint.store_busy": (
        "Schließe andere Programme, die sie geöffnet haben, und versuche es noch einmal.",
        "Close other programs that have it open, and try again.",
    ),
    "error.store_disk_full": (
        "Die Festplatte ist voll: „{file}“ kann nicht wachsen.",
        "The disk is full: “{file}” cannot grow.",
    ),
    "hint.store_disk_full": (
        "Schaffe Platz und starte noch einmal. Fertige Dokumente sind gespeichert.",
        "Free some space and start again. Finished documents are saved.",
    ),
    "error.store_unwritable": (
        "Die Datenbank „{file}“ kann nicht geöffnet oder beschrieben werden.",
        "The database “{file}” cannot be opened or written.",
    ),
    "hint.store_unwritable": (
        "Prüfe, ob du in den Projektordner schreiben darfst.",
        "Check that you may write to the project folder.",
    ),
    "error.parser_crashed": (
        "„{file}“ hat das Leseprogramm zum Absturz gebracht.",
        "“{file}” made the reading program crash.",
    ),
    "hint.parser_crashed": (
        "Die anderen Dateien sind nicht betroffen. Öffne die Datei und speichere sie neu, zum Beispiel als PDF.",
        "The other files are not affected. Open the file and save it anew, for example as PDF.",
    ),
    "error.parser_too_slow": (
        "„{file}“ brauchte länger als {minutes} Minuten.",
        "“{file}” took longer than {minutes} minutes.",
    ),
    "hint.parser_too_slow": (
        "Die anderen Dateien sind nicht betroffen. Teile die Datei, oder speichere sie neu, zum Beispiel als PDF.",
        "The other files are not affected. Split the file, or save it anew, for example as PDF.",
    ),
    "error.parser_memory": (
        "„{file}“ brauchte mehr als {limit_mb:,} MB Arbeitsspeicher.",
        "“{file}” needed more than {limit_mb:,} MB of memory.",
    ),
    "hint.parser_memory": (
        "Die anderen Dateien sind nicht betroffen. Die Datei ist beschädigt oder seltsam gebaut: Speichere sie neu.",
        "The other files are not affected. The file is damaged or built in an unusual way: save it anew.",
    ),
    "error.parser_hangs": (
        "„{file}“ war nach {seconds} Sekunden an einer Seite noch nicht gelesen.",
        "“{file}” was stuck at one page for {seconds} seconds.",
    ),
    "hint.parser_hangs": (
        "Die anderen Dateien sind nicht betroffen. Öffne die Datei und speichere sie neu, zum Beispiel als PDF.",
        "The other files are not affected. Open the file and save it anew, for example as PDF.",
    ),
}
