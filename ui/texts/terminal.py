"""Words outside the tabs: the command line, `doctor`, and the page that asks for the join code."""

TEXTS: dict[str, tuple[str, str]] = {
    "cli.interrupted": (
        "Unterbrochen; der Stand ist gesichert. Derselbe Befehl (beim Training mit --resume) macht weiter.",
        "Interrupted; the state is saved. The same command (train: with --resume) continues.",
    ),
    "cli.stopping": ("Halte an und sichere den Stand …", "Stopping and saving the state …"),
    "cli.still_stopping": (
        "Der Stand ist noch nicht gesichert; das kann dauern. Wer das Terminal schließt, findet ein Training mit"
        " „train PROJEKT --resume“ oder in der App wieder.",
        "The state is not saved yet; that may take a while. If you close the terminal, “train PROJECT --resume” or"
        " the app finds a training again.",
    ),
    "cli.time_left": ("noch {seconds} s", "{seconds} s left"),
    "cli.project_closed": ("{name} (lässt sich nicht öffnen: {reason})", "{name} (cannot be opened: {reason})"),
    "cli.no_hits": ("Nichts gefunden.", "Nothing found."),
    "cli.password_for": ("Passwort für {file}: ", "Password for {file}: "),
    "error.document_missing": (
        "Ein Dokument „{file}“ ist nicht im Projekt.",
        "There is no document “{file}” in the project.",
    ),
    "hint.document_missing": (
        "Nimm den Namen, unter dem es in der Liste der Dokumente steht.",
        "Use the name under which it stands in the list of documents.",
    ),
    "error.no_readable_document": (
        "Keine der Dateien ließ sich verwenden.",
        "None of the files could be used.",
    ),
    "hint.no_readable_document": (
        "Die Gründe stehen oben bei jeder Datei.",
        "The reasons are listed above for each file.",
    ),
    "doctor.system": ("System", "System"),
    "doctor.python": ("Python", "Python"),
    "doctor.cpu": ("Prozessor", "Processor"),
    "doctor.cores": ("Kerne", "Cores"),
    "doctor.ram_gib": ("Arbeitsspeicher (GiB)", "Memory (GiB)"),
    "doctor.free_ram_gib": ("davon frei (GiB)", "of it free (GiB)"),
    "doctor.free_disk_gib": ("Freier Plattenplatz (GiB)", "Free disk space (GiB)"),
    "doctor.accelerator_name": ("Trainiert wird auf", "Training runs on"),
    "doctor.accelerator_memory_gib": ("Speicher der Grafikkarte (GiB)", "GPU memory (GiB)"),
    "doctor.engine": ("Engine", "Engine"),
    "doctor.bf16": ("Schnelles bfloat16", "Fast bfloat16"),
    "doctor.versions": ("Versionen", "Versions"),
    "cli.join_code": ("Beitrittscode für andere: {code}", "Join code for others: {code}"),
    "cli.host_link": (
        "Dein eigener Link, der dich als Gastgeber ausweist (gib ihn nicht weiter): {link}",
        "Your own link, which makes you the host (do not pass it on): {link}",
    ),
    "host_link.title": ("Nur mit dem Link", "Link needed"),
    "host_link.needed": (
        "Diese App ist nur über den Link erreichbar, der beim Start im Terminal steht.",
        "This app can only be reached by the link that the terminal shows when it starts.",
    ),
    "cookies.title": ("Cookies nötig", "Cookies needed"),
    "cookies.needed": (
        "Dieser Browser behält keine Cookies, an denen die App ihn erkennt. Erlaube sie für diese Adresse, und öffne "
        "den Link noch einmal oder gib den Code noch einmal ein.",
        "This browser keeps no cookies, by which the app knows it. Allow them for this address, then open the link "
        "or type the code once more.",
    ),
    "join.wait": (
        "Zu viele falsche Codes. Versuche es in {seconds} Sekunden noch einmal.",
        "Too many wrong codes. Try again in {seconds} seconds.",
    ),
    "join.full": (
        "Es sind so viele beigetreten, wie ein Code hereinlässt. Wer die App gestartet hat, kann sie neu starten.",
        "As many have joined as one code lets in. Whoever started the app can start it again.",
    ),
    "join.title": ("Beitreten", "Join"),
    "join.label": ("Code, den die Lehrkraft nennt", "Code that the teacher gives"),
    "join.button": ("Weiter", "Continue"),
    "join.wrong": ("Der Code stimmt nicht. Versuche es noch einmal.", "The code is not right. Try again."),
}
