"""Words of training and comparison: what happens and what can go wrong. The settings are explained in `steps`."""

TEXTS: dict[str, tuple[str, str]] = {
    # a training run
    "training.loading": ("Programme und Modell werden geladen …", "Loading programs and model …"),
    "training.engine": (
        "Es trainiert {engine} auf {device} ({threads} Rechenkerne, bfloat16: {bf16}).",
        "Training with {engine} on {device} ({threads} cores, bfloat16: {bf16}).",
    ),
    "training.plain_template": (
        "Das Modell bringt keine Gesprächsvorlage mit; es bekommt eine schlichte.",
        "The model brings no chat template; it gets a plain one.",
    ),
    "training.samples": (
        "{samples} Beispiele zum Lernen, {held_out} zum Prüfen; das längste hat {longest} Tokens.",
        "{samples} samples to learn from, {held_out} to test with; the longest has {longest} tokens.",
    ),
    "training.samples_cut": (
        "{cut} von {samples} Beispielen sind länger als {max_length} Tokens; das Ende ihrer Antworten fehlt.",
        "{cut} of {samples} samples are longer than {max_length} tokens; the ends of their answers are missing.",
    ),
    "training.samples_dropped": (
        "{dropped} von {samples} Beispielen entfallen: Schon ihre Frage füllt {max_length} Tokens.",
        "{dropped} of {samples} samples are left out: their question alone fills {max_length} tokens.",
    ),
    "training.batch": (
        "Jeder Schritt lernt aus {effective} Beispielen: Batch {batch} × {accumulation} gesammelt × {processes} "
        "Prozesse.",
        "Each step learns from {effective} samples: batch {batch} × {accumulation} accumulated × {processes} "
        "processes.",
    ),
    "training.resumed": ("Es geht bei Schritt {step} weiter.", "Going on at step {step}."),
    "training.epoch": ("Epoche {epoch} von {epochs}", "Epoch {epoch} of {epochs}"),
    "training.measuring": (
        "Prüfen mit den zurückgehaltenen Beispielen …",
        "Testing with the held-out samples …",
    ),
    "training.stopped": (
        "Angehalten nach Schritt {step} von {steps}; der Stand ist gesichert.",
        "Stopped after step {step} of {steps}; the state is saved.",
    ),
    "training.memory": (
        "Höchster Speicherbedarf: {ram_gib} GiB Arbeitsspeicher, {device_gib} GiB Grafikspeicher.",
        "Peak memory: {ram_gib} GiB of RAM, {device_gib} GiB of graphics memory.",
    ),
    "training.memory_expected": (
        "Geschätzter Speicherbedarf: {estimated_gib:.2f} GiB; frei sind {free_gib:.2f} GiB.",
        "Estimated memory: {estimated_gib:.2f} GiB; {free_gib:.2f} GiB are free.",
    ),
    "training.memory_short": (
        "Der Speicher reicht vermutlich nicht: geschätzt {estimated_gib:.2f} GiB, frei {free_gib:.2f} GiB. "
        "Bricht das Training ab, halbiere die Batch-Größe.",
        "Memory will probably not suffice: {estimated_gib:.2f} GiB estimated, {free_gib:.2f} GiB free. "
        "Should training break off, halve the batch size.",
    ),
    "training.finished": (
        "Fertig: {steps} Schritte. Dieser Lauf dauerte {seconds} Sekunden.",
        "Done: {steps} steps. This session took {seconds} seconds.",
    ),
    "error.training_no_samples": (
        "In diesem Lauf sind keine Beispiele, aus denen das Modell lernen kann.",
        "This run has no samples that the model can learn from.",
    ),
    "hint.training_no_samples": (
        "Erzeuge im dritten Schritt Beispiele oder nimm abgelehnte wieder an.",
        "Write samples in step 3, or accept rejected ones again.",
    ),
    "error.training_nothing_to_learn": (
        "Kein Beispiel behält bei {max_length} Tokens etwas von seiner Antwort.",
        "With {max_length} tokens no sample keeps any of its answer.",
    ),
    "hint.training_nothing_to_learn": (
        "Erhöhe die höchste Länge oder kürze die Fragen.",
        "Raise the maximum length, or shorten the questions.",
    ),
    "error.training_no_stop_token": (
        "Das Modell kennt kein Zeichen für das Ende einer Antwort.",
        "The model has no token that ends an answer.",
    ),
    "hint.training_no_stop_token": (
        "Wähle ein anderes Modell, am besten eines mit „Instruct“ im Namen.",
        "Choose another model, best one with “Instruct” in its name.",
    ),
    "error.training_base_missing": (
        "Das Modell im Ordner „{folder}“ ist nicht mehr da.",
        "The model in the folder “{folder}” is no longer there.",
    ),
    "hint.training_base_missing": (
        "Lege den Ordner wieder an dieselbe Stelle und setze fort, oder wähle ein Modell und starte neu.",
        "Put the folder back in its place and resume, or choose a model and start anew.",
    ),
    "error.training_base_damaged": (
        "Das Modell in „{folder}“ lässt sich nicht laden: {reason}",
        "The model in “{folder}” cannot be loaded: {reason}",
    ),
    "hint.training_base_damaged": (
        "Lade oder kopiere das Modell noch einmal, oder wähle ein anderes.",
        "Download or copy the model again, or choose another one.",
    ),
    "error.training_process_lost": (
        "Einer der {processes} Prozesse, die gemeinsam trainierten, ist weg.",
        "One of the {processes} processes that trained together is gone.",
    ),
    "hint.training_process_lost": (
        "Setze das Training fort: Es geht beim letzten gesicherten Stand weiter. Passiert es wieder, reicht "
        "vielleicht der Speicher nicht für so viele Prozesse.",
        "Resume the training: it goes on from the last saved state. If it happens again, the memory may be too small "
        "for so many processes.",
    ),
    "error.training_processes_changed": (
        "Dieser Lauf begann mit {was} Prozessen, gestartet sind jetzt {now}.",
        "This run began with {was} processes, but {now} were started now.",
    ),
    "hint.training_processes_changed": (
        "Starte wieder {was} Prozesse, oder beginne ein neues Training.",
        "Start {was} processes again, or begin a new training.",
    ),
    "error.training_processes_unsupported": (
        "Auf diesem Gerät ({device}) kann nur ein Prozess trainieren.",
        "On this device ({device}) only one process can train.",
    ),
    "hint.training_processes_unsupported": (
        "Stelle unter „Erweitert“ einen Prozess ein und starte ein neues Training.",
        "Set one process under “Advanced” and start a new training.",
    ),
    "error.training_too_few_devices": (
        "Für {processes} Prozesse gibt es hier nur {devices} Grafikkarten.",
        "There are only {devices} GPUs here for {processes} processes.",
    ),
    "hint.training_too_few_devices": (
        "Stelle unter „Erweitert“ höchstens so viele Prozesse ein, wie es Grafikkarten gibt, und starte neu.",
        "Under “Advanced”, set at most as many processes as there are GPUs, and start again.",
    ),
    "error.training_engine_unknown": (
        "Ein Trainingsprogramm namens „{engine}“ gibt es nicht.",
        "There is no training engine called “{engine}”.",
    ),
    "hint.training_engine_unknown": ("Starte ein neues Training.", "Start a new training."),
    "error.training_four_bit_unavailable": (
        "4-Bit-Training geht auf diesem Gerät ({device}) nicht.",
        "4-bit training does not work on this device ({device}).",
    ),
    "hint.training_four_bit_unavailable": (
        "Schalte „4-Bit-Training“ aus und starte noch einmal, oder nimm ein kleineres Modell.",
        "Switch “4-bit training” off and start again, or take a smaller model.",
    ),
    "error.training_out_of_memory": (
        "Der Speicher hat für dieses Training nicht gereicht.",
        "There was not enough memory for this training.",
    ),
    "hint.training_out_of_memory": (
        "Halbiere die Batch-Größe und verdopple „Gradienten sammeln“: Das lernt dasselbe mit weniger Speicher. "
        "Auch eine kleinere höchste Länge, Gradient Checkpointing oder 4-Bit helfen. Gesicherte Stände bleiben.",
        "Halve the batch size and double the gradient accumulation: it learns the same with less memory. "
        "A smaller maximum length, gradient checkpointing or 4-bit help too. Saved checkpoints are kept.",
    ),
    "error.training_diverged": (
        "In Schritt {step} ist das Training entgleist: Der Fehler ist keine Zahl mehr.",
        "At step {step} the training broke down: its loss is no longer a number.",
    ),
    "hint.training_diverged": (
        "Mach mit einer kleineren Lernrate weiter, etwa einem Fünftel. Gesicherte Stände bleiben.",
        "Continue with a smaller learning rate, about a fifth. Saved checkpoints are kept.",
    ),
    # what fits
    "memory.title": ("Speicher und Dauer dieses Trainings", "Memory and time for this training"),
    "memory.needed": ("geschätzt nötig", "estimated need"),
    "memory.free": ("zurzeit frei", "free now"),
    "memory.gib": ("{gib:.1f} GiB", "{gib:.1f} GiB"),
    "memory.unknown_free": ("unbekannt", "unknown"),
    "memory.green": ("Passt: Es bleibt Speicher übrig.", "Fits: memory is left over."),
    "memory.amber": (
        "Knapp: Es geht nur, wenn andere Programme nicht mehr Speicher brauchen.",
        "Tight: it works only if other programs need no more memory.",
    ),
    "memory.red": (
        "Zu groß: Das Training bricht vermutlich ab, weil der Speicher nicht reicht.",
        "Too large: training will probably break off for lack of memory.",
    ),
    "memory.unknown": (
        "Wie viel auf dem Grafikspeicher frei ist, lässt sich hier nicht feststellen.",
        "How much graphics memory is free cannot be told here.",
    ),
    "memory.ways": ("Das hilft: {ways}", "What helps: {ways}"),
    "memory.way.batch_size": ("Batch-Größe halbieren (−{gib:.1f} GiB)", "halve the batch size (−{gib:.1f} GiB)"),
    "memory.way.gradient_checkpointing": (
        "Gradient Checkpointing einschalten (−{gib:.1f} GiB)",
        "switch gradient checkpointing on (−{gib:.1f} GiB)",
    ),
    "memory.way.four_bit": (
        "4-Bit-Training einschalten (−{gib:.1f} GiB)",
        "switch 4-bit training on (−{gib:.1f} GiB)",
    ),
    "memory.way.max_length": (
        "höchste Länge auf {value} Tokens senken (−{gib:.1f} GiB)",
        "lower the maximum length to {value} tokens (−{gib:.1f} GiB)",
    ),
    "memory.basis": (
        "Gerechnet mit dem längsten Beispiel: {tokens} Tokens.",
        "Computed with the longest sample: {tokens} tokens.",
    ),
    "memory.basis_corrected": (
        "Gerechnet mit dem längsten Beispiel: {tokens} Tokens; frühere Läufe auf diesem Rechner ändern die "
        "Schätzung um {percent:+d} %.",
        "Computed with the longest sample: {tokens} tokens; earlier runs on this machine change the estimate by "
        "{percent:+d}%.",
    ),
    "memory.running": (
        "Für das laufende Training sind {gib:.1f} GiB geschätzt.",
        "The running training is estimated to need {gib:.1f} GiB.",
    ),
    "memory.after": (
        "Letztes Training: geschätzt {estimated:.2f} GiB, gebraucht {needed:.2f} GiB (Fehler {percent:+d} %).",
        "Last training: estimated {estimated:.2f} GiB, needed {needed:.2f} GiB (error {percent:+d}%).",
    ),
    # base against tuned
    "evaluation.loading": ("Das Modell wird geladen …", "Loading the model …"),
    "evaluation.measuring": (
        "Beide Modelle werden an {samples} zurückgehaltenen Beispielen gemessen.",
        "Both models are measured on {samples} held-out samples.",
    ),
    "evaluation.answering": (
        "Beide Modelle beantworten {questions} Fragen.",
        "Both models answer {questions} questions.",
    ),
    "evaluation.better": (
        "Besser als vorher: Das trainierte Modell sagt die Antworten, die es nie gesehen hat, besser voraus.",
        "Better than before: the tuned model predicts answers that it has never seen better than the base model.",
    ),
    "evaluation.no_better": (
        "Kein Unterschied, der sich vom Zufall trennen lässt.",
        "No difference that can be told from chance.",
    ),
    "evaluation.worse": (
        "Schlechter als vorher: Das trainierte Modell sagt die ungesehenen Antworten schlechter voraus. "
        "Oft helfen weniger Epochen, eine kleinere Lernrate oder mehr und bessere Beispiele.",
        "Worse than before: the tuned model predicts the unseen answers less well. "
        "Fewer epochs, a smaller learning rate or more and better samples often help.",
    ),
    "evaluation.too_few": (
        "Zu wenige zurückgehaltene Stellen für ein Urteil.",
        "Too few held-out passages for a verdict.",
    ),
    "error.evaluation_nothing_held_out": (
        "Dieses Training hat keine Beispiele zum Prüfen zurückgehalten.",
        "This training held out no samples to test with.",
    ),
    "hint.evaluation_nothing_held_out": (
        "Trainiere noch einmal mit einem Anteil zum Prüfen von etwa 0,1.",
        "Train again with a held-out share of about 0.1.",
    ),
    "error.adapter_missing": (
        "Vom Training „{run}“ gibt es keinen vollständigen Stand (mehr).",
        "There is no complete checkpoint of the training “{run}” (any more).",
    ),
    "hint.adapter_missing": (
        "Nimm in der Liste der Läufe einen anderen, oder trainiere noch einmal.",
        "Take another run from the list, or train again.",
    ),
    "error.adapter_damaged": (
        "Das Ergebnis des Trainings lässt sich nicht laden: {reason}",
        "The result of the training cannot be loaded: {reason}",
    ),
    "hint.adapter_damaged": (
        "Nimm einen anderen Stand oder Lauf, oder trainiere noch einmal; geschieht es wieder, prüfe die Festplatte.",
        "Take another checkpoint or run, or train again; if it happens once more, check the disk.",
    ),
}
