"""The README inside a bundle: what it holds and how the run is repeated. Markdown, for whoever opens the file."""

TEXTS: dict[str, tuple[str, str]] = {
    "readme.title": ("# Ein Trainingslauf zum Mitnehmen: {run}", "# A training run to take along: {run}"),
    "readme.about": (
        "Geschrieben von der Custom AI Training App. Alles, was nötig ist, um das Training zu wiederholen.",
        "Written by the Custom AI Training App. All that is needed to repeat the training.",
    ),
    "readme.repeat_title": ("## Wiederholen", "## Repeat it"),
    "readme.repeat": (
        "Im Browser: vierter Schritt, „Bisherige Läufe“, „Aus einem Bündel wiederholen“. Auf der Kommandozeile:\n\n"
        "    python app.py train PROJEKT --reproduce DIESE-DATEI.zip\n\n"
        "Am Ende sagt die App, ob der Adapter Bit für Bit derselbe ist. Das ist zu erwarten, wo Versionen und "
        "Rechner gleich sind; sonst weichen die Zahlen ein wenig ab.",
        "In the browser: step 4, “Runs so far”, “Repeat from a bundle”. On the command line:\n\n"
        "    python app.py train PROJECT --reproduce THIS-FILE.zip\n\n"
        "At the end the app says whether the adapter is the same bit by bit. Expect that where versions and machine "
        "are the same; elsewhere the figures differ a little.",
    ),
    "readme.branch_inside": (
        "**Dieser Lauf wurde von einem anderen abgezweigt** ({parent}, Schritt {step}). Der Stand, mit dem er "
        "begann, liegt im Ordner `start` bei; jenen anderen Lauf brauchst du nicht.",
        "**This run branched off another one** ({parent}, step {step}). The checkpoint that it began with is in the "
        "folder `start`; you do not need that other run.",
    ),
    "readme.branch_outside": (
        "**Dieser Lauf wurde von einem anderen abgezweigt** ({parent}, Schritt {step}), und der Stand, mit dem er "
        "begann, war nicht mehr da. Er lässt sich nur wiederholen, wo dieser Stand noch liegt.",
        "**This run branched off another one** ({parent}, step {step}), and the checkpoint that it began with was "
        "gone. It can be repeated only where that checkpoint still lies.",
    ),
    "readme.base_title": ("## Das Grundmodell", "## The base model"),
    "readme.base": (
        "{name} (Herkunft: {source}; Stand: {revision}; Prüfsumme: {fingerprint})",
        "{name} (source: {source}; revision: {revision}; fingerprint: {fingerprint})",
    ),
    "readme.base_inside": (
        "Das Übungsmodell liegt im Ordner `base` bei.",
        "The practice model is in the folder `base`.",
    ),
    "readme.base_outside": (
        "Es liegt nicht bei. Wähle und lade es zuerst im zweiten Schritt; die App prüft, dass es dasselbe ist.",
        "It does not come along. First choose and fetch it in step 2; the app checks that it is the same.",
    ),
    "readme.came_of_it_title": ("## Was dabei herauskam", "## What came of it"),
    "readme.came_of_it": (
        "Fehler (Loss) {first:.4f} → {last:.4f} in {steps} Schritten, aus {samples} Beispielen.",
        "Loss {first:.4f} → {last:.4f} in {steps} steps, from {samples} samples.",
    ),
    "readme.adapter_best": ("`adapter`: der beste Stand.", "`adapter`: the best state."),
    "readme.adapter_other": (
        "`adapter`: der letzte erhaltene Stand; der beste war nicht mehr da.",
        "`adapter`: the last state that was kept; the best one was gone.",
    ),
    "readme.adapter_none": (
        "Der Adapter war nicht mehr da, als dieses Bündel geschrieben wurde; das Training bringt ihn wieder.",
        "The adapter was gone when this bundle was written; training brings it back.",
    ),
    "readme.parts_title": ("## Was hier liegt", "## What is here"),
    "readme.parts": (
        "- `run.json`: Einstellungen, Startwert, Versionen, Rechner\n"
        "- `sft_data.jsonl`: die Beispiele; bei jedem steht, woher es kommt und wer es schrieb\n"
        "- `prompts.json`: womit Helfer um Beispiele gebeten werden (so, wie es beim Packen eingestellt war)\n"
        "- `metrics.jsonl`, `result.json`: Kurve und Ergebnis\n"
        "- `adapter/`: die gelernten Zusatzmatrizen (LoRA), wie peft und transformers sie laden\n"
        "- `SHA256SUMS`: Prüfsummen, `sha256sum -c SHA256SUMS`",
        "- `run.json`: settings, seed, versions, machine\n"
        "- `sft_data.jsonl`: the samples; each says where it comes from and who wrote it\n"
        "- `prompts.json`: what helpers are asked for samples (as it was set when this was packed)\n"
        "- `metrics.jsonl`, `result.json`: curve and result\n"
        "- `adapter/`: the learned extra matrices (LoRA), as peft and transformers load them\n"
        "- `SHA256SUMS`: checksums, `sha256sum -c SHA256SUMS`",
    ),
    "readme.versions_title": ("## Versionen", "## Versions"),
}
