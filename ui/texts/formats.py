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
}
