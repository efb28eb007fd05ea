"""Words of the quality gate: what each kind of finding is called, what it means, and what to do about it."""

TEXTS: dict[str, tuple[str, str]] = {
    "gate.kind.duplicate": ("Doppelt", "Duplicate"),
    "gate.about.duplicate": (
        "Dieselbe Frage steht schon in einem früheren Beispiel. Behalte die bessere der beiden Antworten.",
        "An earlier sample asks exactly the same. Keep the better one of the two answers.",
    ),
    "gate.kind.near_duplicate": ("Fast gleich", "Near-duplicate"),
    "gate.about.near_duplicate": (
        "Ein früheres Beispiel fragt fast dasselbe. Wenige davon schaden nicht, viele lassen das Modell"
        " auswendig lernen.",
        "An earlier sample asks nearly the same. A few do no harm, many make the model learn by heart.",
    ),
    "gate.kind.too_short": ("Zu kurz", "Too short"),
    "gate.about.too_short": (
        "Die Antwort hat weniger Wörter, als die Frage verlangt. Ergänze sie oder lehne das Beispiel ab.",
        "The answer has fewer words than the question calls for. Complete it or reject the sample.",
    ),
    "gate.kind.too_long": ("Zu lang", "Too long"),
    "gate.about.too_long": (
        "Frage und Antwort haben zusammen mehr Token als die Trainingslänge; das Ende würde abgeschnitten."
        " Kürze die Antwort, oder stelle in Schritt 4 eine größere Länge ein.",
        "Question and answer together have more tokens than the training length; the end would be cut off."
        " Shorten the answer, or set a greater length in step 4.",
    ),
    "gate.kind.wrong_language": ("Falsche Sprache", "Wrong language"),
    "gate.about.wrong_language": (
        "Die Antwort steht in einer anderen Sprache als gewünscht. Lehne sie ab, oder verlange die Sprache im"
        " Prompt.",
        "The answer is in another language than wanted. Reject it, or ask for the language in the prompt.",
    ),
    "gate.kind.unsupported": ("Nicht belegt", "Unsupported"),
    "gate.about.unsupported": (
        "Wenige Wörter der Antwort stehen in ihrem Abschnitt; vielleicht ist sie erfunden. Lies im Abschnitt nach.",
        "Few words of the answer stand in its chunk; it may be invented. Look it up in the chunk.",
    ),
    "gate.kind.source_gone": ("Text fehlt", "Text is gone"),
    "gate.about.source_gone": (
        "Der Text, aus dem dieses Beispiel kam, steht nicht mehr in den Dokumenten. Lies das Dokument wieder ein,"
        " oder prüfe die Antwort selbst.",
        "The text that this sample came from is no longer in the documents. Read the document in again, or check the"
        " answer yourself.",
    ),
    "gate.kind.refusal": ("Verweigert", "Refusal"),
    "gate.about.refusal": (
        "Statt zu antworten, sagt das Helfermodell, dass es nicht kann. Das Modell würde lernen, es ebenso zu"
        " machen.",
        "The helper model says that it cannot answer instead of answering. The model would learn to do the same.",
    ),
    "gate.kind.template_text": ("Reste der Vorlage", "Left from the template"),
    "gate.about.template_text": (
        "Hier steht ein Platzhalter, eine Überschrift aus dem Prompt oder ein Verweis auf einen Text, den"
        " später niemand sieht. Schreibe die Stelle um oder lehne das Beispiel ab.",
        "There is a placeholder, a heading of the prompt, or a mention of a text that nobody will see later."
        " Rewrite it or reject the sample.",
    ),
    "gate.kind.personal_data": ("Persönliche Daten", "Personal data"),
    "gate.about.personal_data": (
        "Das Modell könnte diese Angaben später jedem verraten. Entferne sie, wenn sie nicht öffentlich sind.",
        "The model might tell these to anybody later. Remove them unless they are public.",
    ),
    "gate.detail.email": ("E-Mail-Adresse", "e-mail address"),
    "gate.detail.phone": ("Telefonnummer", "telephone number"),
    "gate.detail.iban": ("Kontonummer (IBAN)", "account number (IBAN)"),
    "gate.detail.card": ("Kartennummer", "card number"),
    "gate.detail.points_to_text": ("Verweis auf „den Text“", "mention of “the text”"),
}
