"""Words of the sample generator: its progress and its log."""

TEXTS: dict[str, tuple[str, str]] = {
    "samples.writing": ("{count:,} von {total:,} Beispielen", "{count:,} of {total:,} samples"),
    "samples.log_start": (
        "{wanted:,} Beispiele werden aus {chunks:,} Abschnitten geschrieben; {already:,} sind schon da.",
        "Writing {wanted:,} samples from {chunks:,} chunks; {already:,} are there already.",
    ),
    "samples.log_exhausted": (
        "Mehr geben die Texte nicht her: {count:,} von {wanted:,} Beispielen. Weitere Dokumente helfen.",
        "The texts give no more: {count:,} of {wanted:,} samples. More documents help.",
    ),
    "error.no_usable_chunks": (
        "Alle Abschnitte dieses Projekts sind von den Trainingsdaten ausgeschlossen.",
        "All chunks of this project are excluded from the training data.",
    ),
    "hint.no_usable_chunks": (
        "Nimm in Schritt 1 Abschnitte wieder auf, oder füge Dokumente hinzu, die keine Wiederholungen sind.",
        "Include chunks again in step 1, or add documents that do not repeat others.",
    ),
    "samples.log_done": ("{new:,} neue Beispiele, zusammen {count:,}.", "{new:,} new samples, {count:,} altogether."),
}
