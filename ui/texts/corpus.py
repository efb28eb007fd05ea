"""Words of tab 1: the list of documents, the overview, how texts are cut, the chunks, the exported database."""

TEXTS: dict[str, tuple[str, str]] = {
    "documents.about": (
        "Lade Texte hoch, aus denen dein Modell lernen soll. Sie werden in Abschnitte geteilt und bleiben auf"
        " diesem Rechner.",
        "Upload the texts your model shall learn from. They are cut into chunks and stay on this machine.",
    ),
    "documents.files": ("Deine Dokumente", "Your documents"),
    "documents.formats": ("Lesbar: {formats}", "Readable: {formats}"),
    "documents.process": ("Verarbeiten", "Process"),
    "documents.section.list": ("Deine Dokumente", "Your documents"),
    "documents.section.chunks": ("Was das Modell lesen wird", "What the model will read"),
    "documents.section.export": ("Mitnehmen", "Take it along"),
    # the list
    "documents.none": ("Noch keine Dokumente.", "No documents yet."),
    "documents.head_tick": ("✓", "✓"),
    "documents.head_name": ("Dokument", "Document"),
    "documents.head_status": ("Stand", "Status"),
    "documents.head_pages": ("Seiten", "Pages"),
    "documents.head_chunks": ("Abschnitte", "Chunks"),
    "documents.head_tokens": ("Token", "Tokens"),
    "documents.all": ("alle", "all"),
    "documents.tick": ("{file} auswählen", "Select {file}"),
    "documents.tick_all": ("alle {count:,} auswählen", "select all {count:,}"),
    "documents.ticked": ("{count} ausgewählt", "{count} selected"),
    "documents.wait": (
        "Erneut lesen und Entfernen geht, sobald die Verarbeitung fertig ist.",
        "Reading again and removing are possible once the processing is done.",
    ),
    "documents.again": ("Erneut lesen", "Read again"),
    "documents.remove": ("Entfernen …", "Remove …"),
    "documents.remove_now": ("Endgültig entfernen", "Remove for good"),
    "documents.remove_question": (
        "Dokumente entfernen: {count:,}? Ihre Abschnitte und die Dateien im Projekt werden gelöscht; deine"
        " eigenen Dateien bleiben, wo sie sind.",
        "Documents to remove: {count:,}. Their chunks and the files in the project are deleted; your own files"
        " stay where they are.",
    ),
    "documents.removed": ("Entfernt: {count:,}", "Removed: {count:,}"),
    "documents.back": ("← Zurück", "← Back"),
    "documents.onward": ("Weiter →", "Next →"),
    "documents.place": ("{first:,} bis {last:,} von {count:,}", "{first:,} to {last:,} of {count:,}"),
    "documents.pages_of": ("{read:,} von {pages:,}", "{read:,} of {pages:,}"),
    "documents.reading_page": ("liest Seite {page:,} von {pages:,}", "reading page {page:,} of {pages:,}"),
    "documents.not_read_hint": (
        "Wähle das Dokument aus und klicke auf „Erneut lesen“, oder setze die Verarbeitung fort.",
        "Select the document and click “Read again”, or resume the processing.",
    ),
    "documents.show_chunks": ("Abschnitte von {file} zeigen", "Show the chunks of {file}"),
    "documents.page": ("Seite {page:,}", "page {page:,}"),
    # passwords
    "documents.password_about": (
        "Mit einem Passwort geschützt: {count:,}. Es wird nur zum Lesen benutzt und nirgends gespeichert.",
        "Protected by a password: {count:,}. It is used for reading only and stored nowhere.",
    ),
    "documents.password_for": ("Dokument", "Document"),
    "documents.password_all": ("alle {count:,} geschützten", "all {count:,} protected ones"),
    "documents.password": ("Passwort", "Password"),
    "documents.unlock": ("Öffnen und lesen", "Unlock and read"),
    "error.password_empty": ("Das Passwort ist leer.", "The password is empty."),
    "hint.password_empty": (
        "Tippe das Passwort ein, mit dem sich die Datei öffnen lässt.",
        "Type the password that opens the file.",
    ),
    # the overview
    "overview.no_text_yet": (
        "Sobald ein Dokument gelesen ist, siehst du hier, was darin steckt.",
        "As soon as a document is read, you see here what is in it.",
    ),
    "overview.documents": ("Dokumente", "Documents"),
    "overview.pages": ("Seiten", "Pages"),
    "overview.chunks": ("Abschnitte", "Chunks"),
    "overview.tokens": ("Token", "Tokens"),
    "overview.unknown": ("unbekannt", "unknown"),
    "overview.other_languages": ("andere", "others"),
    "overview.percent": ("{percent:.0f} %", "{percent:.0f}%"),
    "overview.histogram": ("Wie lang die Abschnitte sind", "How long the chunks are"),
    "overview.tokens_axis": ("Token je Abschnitt", "tokens per chunk"),
    "overview.bar": ("{low:,} bis {high:,} Token: {count:,}", "{low:,} to {high:,} tokens: {count:,}"),
    "overview.possible": ("Etwa {count:,} Beispiele möglich", "About {count:,} samples possible"),
    "overview.possible_about": (
        "geschätzt: eine Frage je {tokens} Token brauchbaren Textes",
        "an estimate: a question for every {tokens} tokens of usable text",
    ),
    "overview.usable": ("{usable:,} von {chunks:,} Abschnitten brauchbar", "{usable:,} of {chunks:,} chunks usable"),
    "overview.flagged": ("{count:,} {flag}", "{count:,} {flag}"),
    "overview.coverage": (
        "{percent} % der Seiten gelesen: {read:,} von {pages:,}",
        "{percent}% of the pages read: {read:,} of {pages:,}",
    ),
    "overview.sampled": (
        "{count:,} von {documents:,} Dokumenten haben schon Beispiele",
        "{count:,} of {documents:,} documents have samples already",
    ),
    # how texts are cut
    "job.kind.rechunk": ("Neu teilen", "Cutting again"),
    "documents.chunking": ("Wie Texte geteilt werden", "How texts are cut"),
    "cutting.chunk": ("Abschnitt", "Chunk"),
    "cutting.chunk_about": (
        "Ein Stück Text, aus dem Beispiele entstehen. Kurze geben genaue Beispiele, lange mehr Zusammenhang."
        " Geschnitten wird möglichst an Überschriften, Absätzen und Satzenden.",
        "A piece of text that samples are made from. Short ones give precise samples, long ones more context."
        " Cuts fall on headings, paragraphs and ends of sentences where possible.",
    ),
    "cutting.token": ("Token", "Token"),
    "cutting.token_about": (
        "Ein Wortstück, wie das Modell es liest. Im Deutschen sind es oft zwei je Wort.",
        "A piece of a word, as the model reads it. In English most words are one or two.",
    ),
    "cutting.overlap": ("Überlappung", "Overlap"),
    "cutting.overlap_about": (
        "So viel steht am Ende eines Abschnitts und am Anfang des nächsten, damit kein Gedanke an der"
        " Schnittstelle verloren geht.",
        "This much stands at the end of a chunk and at the beginning of the next one, so that no thought is lost"
        " at a cut.",
    ),
    "cutting.counted_with": ("Gezählt mit: {tokenizer}", "Counted with: {tokenizer}"),
    "cutting.local_vocabulary": (
        "dem Wortschatz der App (noch kein Modell gewählt)",
        "the app's own vocabulary (no model chosen yet)",
    ),
    "cutting.preview": ("Vorschau", "Preview"),
    "cutting.preview_empty": (
        "Die Vorschau zeigt, wie dein Text mit diesen Werten geteilt würde.",
        "The preview shows how your text would be cut with these values.",
    ),
    "cutting.preview_legend": (
        "wiederholt das Ende des Abschnitts davor. Gezeigt werden die ersten {count}.",
        "repeats the end of the chunk before. The first {count} are shown.",
    ),
    "cutting.preview_place": ("Abschnitt {number} · Seite {page:,}", "Chunk {number} · page {page:,}"),
    "cutting.preview_tokens": ("{tokens:,} Token", "{tokens:,} tokens"),
    "cutting.again": ("Neu teilen", "Cut again"),
    "cutting.nothing_yet": (
        "Die Werte gelten für die nächsten Dokumente.",
        "The values hold for the next documents.",
    ),
    "cutting.settings_changed": (
        "Die gespeicherten Abschnitte wurden mit anderen Werten geteilt. „Neu teilen“ gleicht sie an, ohne die"
        " Dateien neu zu lesen.",
        "The stored chunks were cut with other values. “Cut again” brings them in line without reading the files"
        " again.",
    ),
    "cutting.tokenizer_changed": (
        "Die Abschnitte wurden mit „{stored}“ gezählt, das gewählte Modell zählt mit „{wanted}“. „Neu teilen“"
        " gleicht sie an.",
        "The chunks were counted with “{stored}”, the chosen model counts with “{wanted}”. “Cut again” brings them"
        " in line.",
    ),
    "cutting.up_to_date": (
        "Alle Abschnitte passen zu diesen Werten. Es gibt nichts neu zu teilen.",
        "All chunks fit these values: there is nothing to cut again.",
    ),
    # chunks
    "chunks.about": (
        "Jeder Abschnitt steht hier genau so, wie das Modell ihn zu lesen bekommt. Was nicht gelehrt werden"
        " soll, nimmst du heraus.",
        "Each chunk stands here exactly as the model gets to read it. Take out what shall not be taught.",
    ),
    "chunks.all_documents": ("alle Dokumente", "all documents"),
    "chunks.document": ("Dokument", "Document"),
    "chunks.none": ("Hier ist kein Abschnitt.", "There is no chunk here."),
    "chunks.all": ("alle", "all"),
    "chunks.flag.duplicate": ("fast gleich", "near-duplicate"),
    "chunks.flag.boilerplate": ("Beiwerk", "boilerplate"),
    "chunks.flag.excluded": ("herausgenommen", "taken out"),
    "chunks.why.duplicate_of": (
        "Zu {percent} % gleich wie Abschnitt {number:,}: {file}, {pages}.",
        "{percent}% the same as chunk {number:,}: {file}, {pages}.",
    ),
    "chunks.why.duplicate": (
        "Fast gleich wie ein anderer Abschnitt.",
        "Nearly the same as another chunk.",
    ),
    "chunks.why.boilerplate": (
        "Sieht nach Beiwerk aus, zum Beispiel Inhaltsverzeichnis, Register, Lizenz oder Menü.",
        "Looks like boilerplate, such as a table of contents, an index, a licence or a menu.",
    ),
    "chunks.why.boilerplate.contents": (
        "Ein Inhaltsverzeichnis lehrt nichts.",
        "A table of contents teaches nothing.",
    ),
    "chunks.why.boilerplate.index": ("Ein Register lehrt nichts.", "An index teaches nothing."),
    "chunks.why.boilerplate.licence": (
        "Sieht nach einem Lizenztext aus.",
        "Looks like the text of a licence.",
    ),
    "chunks.why.boilerplate.numbers": (
        "Besteht fast nur aus Zahlen und Zeichen.",
        "Is hardly anything but numbers and signs.",
    ),
    "chunks.why.excluded": (
        "Von dir herausgenommen: Daraus entsteht kein Beispiel.",
        "Taken out by you: no sample is made from it.",
    ),
    "chunks.exclude": ("Herausnehmen", "Take out"),
    "chunks.include": ("Wieder aufnehmen", "Put back"),
    "chunks.exclude_about": (
        "Abschnitt {number} aus den Trainingsdaten herausnehmen",
        "Take chunk {number} out of the training data",
    ),
    "chunks.include_about": (
        "Abschnitt {number} wieder in die Trainingsdaten aufnehmen",
        "Put chunk {number} back into the training data",
    ),
    "chunks.pages": ("Seiten {first:,} bis {last:,}", "pages {first:,} to {last:,}"),
    "chunks.size": ("Nr. {number:,} · {tokens:,} Token", "No. {number:,} · {tokens:,} tokens"),
    "chunks.whole": ("Ganzer Abschnitt", "Whole chunk"),
    "field.skip_duplicates": ("Fast gleiche Abschnitte weglassen", "Leave out near-duplicates"),
    "about.skip_duplicates": (
        "Aus ihnen entsteht kein Beispiel; das Original bleibt.",
        "No sample is made from them; the original stays.",
    ),
    "field.skip_boilerplate": ("Beiwerk weglassen", "Leave out boilerplate"),
    "about.skip_boilerplate": (
        "Inhaltsverzeichnisse, Register, Lizenzen und Ähnliches lehren nichts.",
        "Tables of contents, indexes, licences and the like teach nothing.",
    ),
    "documents.search": ("In den Dokumenten suchen", "Search the documents"),
    "documents.search_example": ("Wörter, dann Eingabetaste", "Words, then Enter"),
    "documents.nothing_found": ("Nichts gefunden zu „{words}“.", "Nothing found for “{words}”."),
    # export
    "documents.export_about": (
        "Alle Abschnitte mit Quelle, Seite und Suche in einer Datei, die jedes SQLite-Programm öffnet.",
        "All chunks with source, page and search in one file that every SQLite program opens.",
    ),
    "documents.export": ("Datenbank exportieren", "Export database"),
    "documents.exported": ("Die Datenbank ist exportiert.", "The database is exported."),
    "documents.download": ("Herunterladen", "Download"),
    "documents.downloading": ("Der Browser lädt die Datei herunter.", "The browser downloads the file."),
    # sizes
    "size.kb": ("{value:,.0f} kB", "{value:,.0f} kB"),
    "size.mb": ("{value:,.1f} MB", "{value:,.1f} MB"),
    "size.gb": ("{value:,.2f} GB", "{value:,.2f} GB"),
    # languages of documents
    "language.name.de": ("Deutsch", "German"),
    "language.name.en": ("Englisch", "English"),
    "language.name.fr": ("Französisch", "French"),
    "language.name.es": ("Spanisch", "Spanish"),
    "language.name.it": ("Italienisch", "Italian"),
    "language.name.pt": ("Portugiesisch", "Portuguese"),
    "language.name.nl": ("Niederländisch", "Dutch"),
    "language.name.pl": ("Polnisch", "Polish"),
    "language.name.sv": ("Schwedisch", "Swedish"),
    "language.name.da": ("Dänisch", "Danish"),
    "language.name.fi": ("Finnisch", "Finnish"),
    "language.name.cs": ("Tschechisch", "Czech"),
    "language.name.tr": ("Türkisch", "Turkish"),
    "language.name.hu": ("Ungarisch", "Hungarian"),
    "language.name.ro": ("Rumänisch", "Romanian"),
    "language.name.ja": ("Japanisch", "Japanese"),
    "language.name.zh": ("Chinesisch", "Chinese"),
    "language.name.ko": ("Koreanisch", "Korean"),
    "language.name.ru": ("Russisch", "Russian"),
    "language.name.uk": ("Ukrainisch", "Ukrainian"),
    "language.name.el": ("Griechisch", "Greek"),
    "language.name.ar": ("Arabisch", "Arabic"),
    "language.name.he": ("Hebräisch", "Hebrew"),
    "language.name.th": ("Thailändisch", "Thai"),
    "language.name.hi": ("Hindi", "Hindi"),
}
