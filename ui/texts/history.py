"""Words of the run history, of repeating runs, and of bundles to take along."""

TEXTS: dict[str, tuple[str, str]] = {
    "figure.moment": (
        "{day:02d}.{month:02d}.{year} {hour:02d}:{minute:02d}",
        "{year}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}",
    ),
    "field.step": ("Schritt", "Step"),
    "history.title": ("Bisherige Läufe", "Runs so far"),
    "history.about": (
        "Jedes Training ist ein Lauf. Kreuze Läufe an, um sie zu vergleichen; öffne einen, um von ihm aus "
        "weiterzumachen, ihn zu wiederholen, mitzunehmen oder zu löschen.",
        "Every training is a run. Tick runs to compare them; open one to go on from it, to repeat it, to take it "
        "along or to delete it.",
    ),
    "history.compare": ("Nebeneinander zeigen", "Show side by side"),
    "history.compare_about": ("{least} bis {most} Läufe ankreuzen", "tick {least} to {most} runs"),
    "history.tick": ("Lauf vom {run} ankreuzen", "Tick the run of {run}"),
    "history.head_tick": ("Wahl", "Pick"),
    "history.unreadable": ("nicht lesbar", "unreadable"),
    "history.is_branch": ("abgezweigt", "branched off"),
    "history.is_repeat": ("Wiederholung", "repetition"),
    "history.is_published": ("in Gebrauch", "in use"),
    "history.page": ("Seite {page} von {pages}", "Page {page} of {pages}"),
    "history.compared": ("Läufe im Vergleich", "Runs compared"),
    "history.plot_loss": ("Fehler beim Lernen (Loss)", "Loss when learning"),
    "history.plot_eval_loss": ("Fehler beim Prüfen", "Loss when tested"),
    "history.setting": ("Was", "What"),
    "history.no_difference": (
        "Diese Läufe unterscheiden sich in nichts, was festgehalten ist.",
        "These runs differ in nothing that was recorded.",
    ),
    "history.same": ("Was gleich ist ({count})", "What is the same ({count})"),
    "history.details": ("Lauf vom {when}", "Run of {when}"),
    "history.choose_first": ("Öffne zuerst einen Lauf.", "Open a run first."),
    "history.repeat_title": ("Im Vergleich mit dem ersten Mal", "Compared with the first time"),
    "history.bundle_there": ("Bündel geschrieben ({size}):", "Bundle written ({size}):"),
    "history.point": (
        "Gesicherter Stand (Checkpoint), den du verwenden willst",
        "Saved state (checkpoint) to use",
    ),
    "history.evaluate": ("Diesen Stand mit dem Basismodell vergleichen", "Compare this state with the base model"),
    "history.export": ("Diesen Stand exportieren", "Export this state"),
    "history.work_started": (
        "Läuft; das Ergebnis steht oben unter „Vorher und nachher“ oder „Exportieren“.",
        "Running; the result will stand above under “Before and after” or “Export”.",
    ),
    "history.changes": (
        "Mit den Einstellungen von oben: {changes}.",
        "With the settings above: {changes}.",
    ),
    "history.change": ("{name} {before} → {after}", "{name} {before} → {after}"),
    "history.no_changes": (
        "Die Einstellungen oben sind dieselben wie in diesem Lauf.",
        "The settings above are the same as in this run.",
    ),
    "history.adopt": ("Einstellungen dieses Laufs übernehmen", "Take over this run's settings"),
    "history.adopt_first": (
        "Oder übernimm die Einstellungen dieses Laufs und ändere dann, was sich ändern lässt.",
        "Or take over this run's settings, and then change what can be changed.",
    ),
    "history.adopted": (
        "Die Einstellungen oben sind jetzt die dieses Laufs.",
        "The settings above are now those of this run.",
    ),
    "history.continue": ("Von hier aus weitermachen", "Continue from here"),
    "history.continue_started": (
        "Ein neuer Lauf macht von dort aus weiter.",
        "A new run goes on from there.",
    ),
    "history.no_points": (
        "Von diesem Lauf ist kein gesicherter Stand mehr da.",
        "This run has no saved state any more.",
    ),
    "history.unknown_settings": (
        "Diesen Lauf hat eine andere Version der App geschrieben.",
        "Another version of the app wrote this run.",
    ),
    "history.repeat": ("Genau wiederholen", "Repeat exactly"),
    "history.repeat_started": (
        "Die Wiederholung läuft. Wenn sie fertig ist, steht bei ihr, ob dasselbe herauskam.",
        "The repetition is running. Once done, it says whether the same came of it.",
    ),
    "history.bundle": ("Als Bündel exportieren", "Export bundle"),
    "history.bundle_when_done": (
        "Geht, wenn der Lauf fertig ist.",
        "Possible once the run is done.",
    ),
    "history.delete": ("Löschen", "Delete"),
    "history.delete_now": ("Endgültig löschen", "Delete for good"),
    "history.delete_when_done": (
        "Geht, wenn weder der Lauf noch ein Vergleich oder Export arbeitet.",
        "Possible once the run is at rest, and so are comparison and export.",
    ),
    "history.delete_question": ("Diesen Lauf löschen?", "Delete this run?"),
    "history.lost": (
        "Frei werden {size}. Weg sind Kurve, Einstellungen, seine Kopie der Beispiele und {checkpoints} gesicherte "
        "Stände. Ein geschriebenes Bündel bleibt.",
        "This frees {size}. Gone are its curve, settings, its copy of the samples and {checkpoints} saved states. "
        "A bundle that was written stays.",
    ),
    "history.lost_adapter": (
        "Weg ist auch das gelernte Modell, das verglichen und exportiert wird; Exporte bleiben.",
        "Gone is also the trained model that is compared and exported; exports stay.",
    ),
    "history.lost_branches": (
        "Davon abgezweigte Läufe ({count}) lassen sich dann nicht mehr wiederholen.",
        "Runs that branched off it ({count}) can then no longer be repeated.",
    ),
    "history.deleted": ("Gelöscht; {size} sind wieder frei.", "Deleted; {size} are free again."),
    "error.compare_count": (
        "Vergleichen lassen sich {least} bis {most} Läufe, angekreuzt sind {count}.",
        "{least} to {most} runs can be compared; {count} are ticked.",
    ),
    "hint.compare_count": ("Kreuze mehr oder weniger an.", "Tick more or fewer."),
    "history.none": ("Noch kein Training.", "No training yet."),
    "history.head_run": ("Lauf", "Run"),
    "history.head_state": ("Stand", "State"),
    "history.head_base": ("Grundmodell", "Base model"),
    "history.head_loss": ("Fehler beim Lernen", "Loss while learning"),
    "history.head_eval": ("Fehler beim Prüfen", "Loss when tested"),
    "history.head_time": ("Rechenzeit", "Training time"),
    "history.head_size": ("Platz", "Size"),
    "history.loss": ("{first:.3f} → {last:.3f}", "{first:.3f} → {last:.3f}"),
    "history.eval": ("{loss:.3f} (Epoche {epoch})", "{loss:.3f} (epoch {epoch})"),
    "history.value": ("{value}", "{value}"),
    "history.all_layers": ("alle linearen", "all linear ones"),
    "history.yes": ("ja", "yes"),
    "history.no": ("nein", "no"),
    "history.branch_of": (
        "Abgezweigt von {run} bei Schritt {step}; lässt sich nur von dort aus wiederholen.",
        "Branched off {run} at step {step}; it can only be repeated from there.",
    ),
    "history.repeat_of": ("Wiederholt {run}.", "Repeats {run}."),
    "history.point_step": ("Schritt {step}", "Step {step}"),
    "history.point_epoch": ("Epoche {epoch:.3g}", "epoch {epoch:.3g}"),
    "history.point_eval": ("Prüfung {loss:.3f}", "test {loss:.3f}"),
    "history.point_best": ("bester", "best"),
    "history.difference": ("{name}: damals {then}, jetzt {now}", "{name}: then {then}, now {now}"),
    "history.repeat_differs": (
        "Anders als beim ersten Mal: {differences}.",
        "Other than the first time: {differences}.",
    ),
    "history.repeat_same_place": (
        "Versionen, Rechner und App sind dieselben wie beim ersten Mal.",
        "Versions, machine and app are the same as the first time.",
    ),
    "history.identical": (
        "Der Adapter (die gelernten Zusatzmatrizen) ist Bit für Bit derselbe.",
        "The adapter (the learned extra matrices) is the same bit by bit.",
    ),
    "history.not_identical": (
        "Der Adapter (die gelernten Zusatzmatrizen) ist nicht Bit für Bit derselbe.",
        "The adapter (the learned extra matrices) is not the same bit by bit.",
    ),
    "history.apart": (
        "Die Kurven trennen sich bei Schritt {step}; am weitesten liegen sie {largest:.4f} auseinander.",
        "The curves part at step {step}; at most they are {largest:.4f} apart.",
    ),
    "history.together": (
        "Alle {count} verglichenen Fehlerwerte sind gleich.",
        "All {count} losses compared are the same.",
    ),
    "history.fact.run.samples": ("Beispiele zum Lernen", "Samples to learn from"),
    "history.fact.run.held_out": ("Beispiele zum Prüfen", "Samples to test with"),
    "history.fact.run.steps": ("Schritte", "Steps"),
    "history.fact.run.loss": ("Fehler am Ende", "Loss at the end"),
    "history.fact.run.eval_loss": ("Bester Fehler beim Prüfen", "Best loss when tested"),
    "history.fact.run.seconds": ("Dauer (Sekunden)", "Time (seconds)"),
    "history.fact.run.memory_gib": ("Speicher (GiB)", "Memory (GiB)"),
    "history.fact.machine.system": ("Betriebssystem", "Operating system"),
    "history.fact.machine.python": ("Python", "Python"),
    "history.fact.machine.cpu": ("Prozessor", "Processor"),
    "history.fact.machine.cores": ("Rechenkerne", "Cores"),
    "history.fact.machine.ram_gib": ("Arbeitsspeicher (GiB)", "Memory (GiB)"),
    "history.fact.machine.accelerator": ("Rechengerät", "Accelerator"),
    "history.fact.app.commit": ("Stand der App (Commit)", "State of the app (commit)"),
    "history.fact.app.source_sha256": ("Programmtext der App", "The app's source"),
    "history.fact.base.source": ("Herkunft des Modells", "Source of the model"),
    "history.fact.base.name": ("Grundmodell", "Base model"),
    "history.fact.base.revision": ("Stand des Modells", "Revision of the model"),
    "history.fact.base.fingerprint": ("Prüfsumme des Modells", "Fingerprint of the model"),
    "history.fact.engine": ("Trainingsprogramm", "Training engine"),
    "history.fact.force_cpu": ("Nur Prozessor", "Processor only"),
    "history.fact.processes": ("Prozesse", "Processes"),
    "history.fact.samples_sha256": ("Beispiele (Prüfsumme)", "Samples (checksum)"),
    "error.run_ambiguous": (
        "„{run}“ kann einer von {count} Läufen sein.",
        "“{run}” can be any of {count} runs.",
    ),
    "hint.run_ambiguous": (
        "Nenne mehr vom Namen des Laufs; „runs“ zeigt alle.",
        "Give more of the run's name; “runs” lists them all.",
    ),
    "error.run_is_busy": (
        "Dieser Lauf arbeitet noch, oder etwas anderes braucht ihn gerade.",
        "This run is still at work, or something else needs it right now.",
    ),
    "hint.run_is_busy": (
        "Stoppe es oder warte, bis es fertig ist.",
        "Stop that, or wait until it is done.",
    ),
    "error.run_is_published": (
        "Dieser Lauf hat das Modell geschrieben, das verglichen und exportiert wird.",
        "This run wrote the model that is compared and exported.",
    ),
    "hint.run_is_published": (
        "Exportiere es zuerst. Willst du den Lauf trotzdem löschen, bestätige es noch einmal.",
        "Export it first. If you want to delete the run all the same, confirm it once more.",
    ),
    # repeating
    "error.repeat_incomplete": (
        "Der Lauf hält nicht alles fest, was für eine Wiederholung nötig ist ({part}).",
        "The run does not record all that repeating it needs ({part}).",
    ),
    "hint.repeat_incomplete": (
        "Starte mit denselben Einstellungen ein neues Training.",
        "Start a new training with the same settings.",
    ),
    "error.repeat_settings_unknown": (
        "Der Lauf hat eine Einstellung, die diese Version der App nicht kennt: {setting}.",
        "The run has a setting that this version of the app does not know: {setting}.",
    ),
    "hint.repeat_settings_unknown": (
        "Wiederhole ihn mit der Version, die ihn geschrieben hat, oder bring die App auf den neuesten Stand.",
        "Repeat it with the version that wrote it, or bring the app up to date.",
    ),
    "error.repeat_samples_changed": (
        "Die Beispiele dieses Laufs sind nicht mehr die, aus denen er gelernt hat.",
        "This run's samples are no longer those that it learned from.",
    ),
    "hint.repeat_samples_changed": (
        "Die Datei sft_data.jsonl im Ordner des Laufs wurde verändert. Hole sie aus einer Sicherung zurück.",
        "The file sft_data.jsonl in the run's folder was changed. Bring it back from a backup.",
    ),
    "error.repeat_base_missing": (
        "Das Modell „{name}“ ({source}), mit dem der Lauf begann, liegt nicht auf diesem Rechner.",
        "The model “{name}” ({source}) that the run started from is not on this machine.",
    ),
    "hint.repeat_base_missing": (
        "Wähle und lade es im zweiten Schritt, dann wiederhole den Lauf.",
        "Choose and fetch it in step 2, then repeat the run.",
    ),
    "error.repeat_base_changed": (
        "Das Modell „{name}“ ({source}) ist hier ein anderes als das, mit dem der Lauf begann.",
        "The model “{name}” ({source}) is another one here than the one that the run started from.",
    ),
    "hint.repeat_base_changed": (
        "Wähle im zweiten Schritt genau die Fassung von damals. Ein Übungsmodell entsteht aus denselben Dokumenten "
        "und demselben Startwert wieder.",
        "In step 2, choose exactly the version of that time. A practice model comes again from the same documents "
        "and the same seed.",
    ),
    "error.repeat_needs_parent": (
        "Dieser Lauf zweigt von {parent} ab, und dessen Stand bei Schritt {step} ist nicht mehr in diesem Projekt.",
        "This run branched off {parent}, whose checkpoint at step {step} is no longer in this project.",
    ),
    "hint.repeat_needs_parent": (
        "Wiederhole zuerst den Lauf, von dem er abzweigt, und setze dann von dort mit denselben Einstellungen fort.",
        "First repeat the run that it branched off, then continue from there with the same settings.",
    ),
    # bundles
    "job.kind.bundle": ("Lauf packen", "Packing a run"),
    "bundle.packing": ("Wird gepackt: {part}", "Packing: {part}"),
    "error.bundle_not_done": (
        "Erst ein fertiger Lauf lässt sich als Bündel mitnehmen.",
        "Only a finished run can be taken along as a bundle.",
    ),
    "hint.bundle_not_done": ("Setze ihn fort oder warte, bis er fertig ist.", "Resume it, or wait until it is done."),
}
