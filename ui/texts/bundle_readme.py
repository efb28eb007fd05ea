"""The README inside a bundle: what it holds and how the run is repeated. Markdown, for whoever opens the file."""

TEXTS: dict[str, tuple[str, str]] = {
    "readme.title": ("# Ein Trainingslauf zum Mitnehmen: {run}", "# A training run to take along: {run}"),
    "readme.about": (
        "Geschrieben von der Custom AI Training App: das gelernte Modell, und woraus und wie es entstand.",
        "Written by the Custom AI Training App: the trained model, and what it was made from and how.",
    ),
    "readme.repeat_title": ("## Wiederholen", "## Repeat it"),
    "readme.repeat": (
        "In dem Projekt, aus dem der Lauf ist, genau und mit Vergleich am Ende:\n\n"
        "    python3 start.py train PROJEKT --reproduce {run}\n\n"
        "Anderswo als neues Training: Entpacke diese Datei, wähle dasselbe Grundmodell, hole `sft_data.jsonl` in ein "
        "leeres Projekt und stelle ein, was in `run.json` unter `training` steht.\n\n"
        "    python3 start.py import-samples PROJEKT sft_data.jsonl",
        "In the project that the run is from, exactly, with a comparison at the end:\n\n"
        "    python3 start.py train PROJECT --reproduce {run}\n\n"
        "Elsewhere as a new training: unpack this file, choose the same base model, bring `sft_data.jsonl` into an "
        "empty project, and set what `run.json` has under `training`.\n\n"
        "    python3 start.py import-samples PROJECT sft_data.jsonl",
    ),
    "readme.branch": (
        "**Dieser Lauf wurde von einem anderen abgezweigt** ({parent}, Schritt {step}). Der Stand, mit dem er "
        "begann, liegt nicht bei.",
        "**This run branched off another one** ({parent}, step {step}). The checkpoint that it began with does not "
        "come along.",
    ),
    "readme.base_title": ("## Das Grundmodell", "## The base model"),
    "readme.base": (
        "{name} (Herkunft: {source}; Stand: {revision}; Prüfsumme: {fingerprint})",
        "{name} (source: {source}; revision: {revision}; fingerprint: {fingerprint})",
    ),
    "readme.base_outside": (
        "Es liegt nicht bei. Wähle und lade es im zweiten Schritt; das Übungsmodell hat nur das Projekt des Laufs.",
        "It does not come along. Choose and fetch it in step 2; the practice model is in the run's project only.",
    ),
    "readme.came_of_it_title": ("## Was dabei herauskam", "## What came of it"),
    "readme.came_of_it": (
        "Fehler (Loss) {first:.4f} → {last:.4f} in {steps} Schritten, aus {samples} Beispielen.",
        "Loss {first:.4f} → {last:.4f} in {steps} steps, from {samples} samples.",
    ),
    "readme.adapter": (
        "`adapter`: der beste erhaltene Stand (nach Schritt {step}).",
        "`adapter`: the best checkpoint that was kept (after step {step}).",
    ),
    "readme.adapter_none": (
        "Der Adapter war nicht mehr da, als dieses Bündel geschrieben wurde; das Training bringt ihn wieder.",
        "The adapter was gone when this bundle was written; training brings it back.",
    ),
    "readme.parts_title": ("## Was hier liegt", "## What is here"),
    "readme.parts": (
        "- `run.json`: Einstellungen, Startwert, Versionen, Rechner\n"
        "- `sft_data.jsonl`: die Beispiele; bei jedem steht, woher es kommt und wer es schrieb\n"
        "- `metrics.jsonl`, `result.json`: Kurve und Ergebnis\n"
        "- `adapter/`: die gelernten Zusatzmatrizen (LoRA), wie peft und transformers sie laden\n"
        "- `SHA256SUMS`: Prüfsummen, `sha256sum -c SHA256SUMS`",
        "- `run.json`: settings, seed, versions, machine\n"
        "- `sft_data.jsonl`: the samples; each says where it comes from and who wrote it\n"
        "- `metrics.jsonl`, `result.json`: curve and result\n"
        "- `adapter/`: the learned extra matrices (LoRA), as peft and transformers load them\n"
        "- `SHA256SUMS`: checksums, `sha256sum -c SHA256SUMS`",
    ),
    "readme.versions_title": ("## Versionen", "## Versions"),
}
