"""Words of single document formats: what can be wrong with an archive or an e-book."""

TEXTS: dict[str, tuple[str, str]] = {
    "error.docx_too_large": (
        "„{file}“ würde beim Auspacken mehr Speicher brauchen, als ein Dokument je braucht.",
        "“{file}” would need more memory to unpack than any document does.",
    ),
    "hint.docx_too_large": (
        "Öffne die Datei in einem Textprogramm und speichere sie neu oder teile sie in mehrere.",
        "Open the file in a word processor and save it again, or split it into several.",
    ),
    "error.epub_not_epub": ("„{file}“ heißt EPUB, ist aber keines.", "“{file}” is called EPUB but is none."),
    "hint.epub_not_epub": (
        "Öffne die Datei, um zu sehen, was sie ist, und gib ihr die richtige Endung.",
        "Open the file to see what it is, and give it the right ending.",
    ),
    "error.epub_protected": (
        "„{file}“ hat einen Kopierschutz: Der Text ist verschlüsselt.",
        "“{file}” is copy-protected: its text is encrypted.",
    ),
    "hint.epub_protected": (
        "Besorge eine Ausgabe ohne Kopierschutz. Viele Verlage bieten sie an.",
        "Get an edition without copy protection. Many publishers offer one.",
    ),
    "error.epub_damaged": (
        "„{file}“ ist beschädigt: Kein Kapitel ist lesbar.",
        "“{file}” is damaged: no chapter can be read.",
    ),
    "hint.epub_damaged": (
        "Vielleicht ist die Datei unvollständig. Besorge sie noch einmal.",
        "The file may be incomplete. Get it again.",
    ),
    "error.epub_too_large": (
        "In „{file}“ ist ein Kapitel größer, als ein Kapitel je ist.",
        "A chapter in “{file}” is larger than chapters ever are.",
    ),
    "hint.epub_too_large": (
        "Öffne sie in einem E-Book-Programm wie Calibre und speichere sie neu: Lange Kapitel werden dabei geteilt.",
        "Open the file in an e-book program such as Calibre and save it again, which splits long chapters.",
    ),
}
