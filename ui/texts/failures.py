"""Words for a training that broke off, for what helps then, and for a run that branches off another one."""

TEXTS: dict[str, tuple[str, str]] = {
    "fix.smaller_batch": (
        "Mit Batch-Größe {batch_size} und „Gradienten sammeln“ {gradient_accumulation} weitermachen",
        "Continue with batch size {batch_size} and gradient accumulation {gradient_accumulation}",
    ),
    "fix.smaller_batch.why": (
        "Weniger Beispiele zugleich brauchen weniger Speicher. Jeder Schritt lernt trotzdem aus ebenso vielen "
        "Beispielen (effektive Batch-Größe), nur in mehr Teilen: Das Ergebnis bleibt vergleichbar.",
        "Fewer samples at a time need less memory. Each step still learns from as many samples (effective batch "
        "size), only in more parts: the result stays comparable.",
    ),
    "fix.gradient_checkpointing": (
        "Mit Gradient Checkpointing weitermachen",
        "Continue with gradient checkpointing",
    ),
    "fix.gradient_checkpointing.why": (
        "Gradient Checkpointing behält weniger Zwischenergebnisse und rechnet sie bei Bedarf noch einmal: Das spart "
        "Speicher und dauert etwa ein Drittel länger.",
        "Gradient checkpointing keeps fewer intermediate results and computes them again when needed: that saves "
        "memory and takes about a third longer.",
    ),
    "fix.lower_rate": ("Mit Lernrate {learning_rate} weitermachen", "Continue with learning rate {learning_rate}"),
    "fix.lower_rate.why": (
        "Meist war die Lernrate zu hoch: Das Modell machte so große Schritte, dass seine Zahlen unbrauchbar wurden. "
        "Ein Fünftel davon hilft meistens.",
        "Usually the learning rate was too high: the model took steps so large that its numbers became useless. A "
        "fifth of it helps in most cases.",
    ),
    "fix.from_step": (
        "Es geht am letzten gesicherten Stand (Schritt {step}) in einem neuen Lauf weiter; der alte ist damit "
        "aufgegeben, bleibt aber liegen.",
        "It goes on from the last saved state (step {step}) in a new run; the old one is given up, but kept.",
    ),
    "fix.from_start": (
        "Gesichert war noch nichts: Es beginnt in einem neuen Lauf von vorn.",
        "Nothing was saved yet: it begins anew in a new run.",
    ),
    "error.child_out_of_memory": (
        "Das Betriebssystem hat den Prozess beendet, weil der Arbeitsspeicher nicht reichte.",
        "The operating system ended the process because memory ran out.",
    ),
    "hint.child_out_of_memory": (
        "Schließe andere Programme oder verkleinere die Batch-Größe. „Fortsetzen“ macht am letzten gesicherten Stand "
        "weiter.",
        "Close other programs or lower the batch size. “Resume” continues from the last saved state.",
    ),
    "error.child_probably_out_of_memory": (
        "Der Prozess wurde von außen beendet, wahrscheinlich weil der Arbeitsspeicher nicht reichte.",
        "The process was ended from outside, probably because memory ran out.",
    ),
    "hint.child_probably_out_of_memory": (
        "„Fortsetzen“ macht am letzten gesicherten Stand weiter. Reicht der Speicher nicht: andere Programme "
        "schließen oder die Batch-Größe verkleinern.",
        "“Resume” continues from the last saved state. If memory is short, close other programs or lower the batch "
        "size.",
    ),
    "error.training_device_trouble": (
        "Die Grafikkarte oder ihr Treiber meldet einen Fehler: {reason}",
        "The GPU or its driver reports an error: {reason}",
    ),
    "hint.training_device_trouble": (
        "„Fortsetzen“ macht am letzten gesicherten Stand weiter. Kommt der Fehler wieder, starte den Rechner neu "
        "und aktualisiere den Treiber; „python3 start.py doctor“ zeigt, was gefunden wird.",
        "“Resume” continues from the last saved state. If the error comes back, restart the computer and update the "
        "driver; “python3 start.py doctor” shows what is found.",
    ),
    "error.training_device_unsupported": (
        "Das installierte PyTorch passt nicht zu dieser Grafikkarte: {reason}",
        "The installed PyTorch does not fit this GPU: {reason}",
    ),
    "hint.training_device_unsupported": (
        "„python3 start.py doctor“ nennt die passende Installation. Ohne sie: Wähle in den Einstellungen (⚙) „Nur "
        "den Prozessor benutzen“ und beginne ein neues Training.",
        "“python3 start.py doctor” names the fitting installation. Without it: choose “Use the CPU only” in the "
        "settings (⚙) and begin a new training.",
    ),
    "error.branch_no_checkpoint": (
        "Von Schritt {step} gibt es keinen vollständigen Stand (mehr).",
        "There is no complete checkpoint of step {step} (any more).",
    ),
    "hint.branch_no_checkpoint": (
        "Wähle einen anderen Stand. Wie viele behalten werden, legst du unter „Erweitert“ fest.",
        "Choose another checkpoint. How many are kept is set under “Advanced”.",
    ),
    "error.branch_fixed": (
        "„{field}“ kann sich mitten in einem Training nicht ändern.",
        "“{field}” cannot change in the middle of a training.",
    ),
    "hint.branch_fixed": (
        "Der gesicherte Stand gilt nur dafür. Beginne für diese Änderung ein neues Training.",
        "The checkpoint is good for that only. Begin a new training for this change.",
    ),
    "error.branch_batch": (
        "Ein Schritt lernte bisher aus {was} Beispielen, mit diesen Einstellungen aus {now}.",
        "A step learned from {was} samples until now; with these settings from {now}.",
    ),
    "hint.branch_batch": (
        "Batch-Größe mal „Gradienten sammeln“ muss {was} bleiben.",
        "Batch size times gradient accumulation has to stay {was}.",
    ),
    "error.branch_nothing_left": (
        "An diesem Stand ist schon alles gelernt, was eingestellt ist: {done} von {epochs} Epochen sind fertig.",
        "At this checkpoint all that is set is learned already: {done} of {epochs} epochs are done.",
    ),
    "hint.branch_nothing_left": (
        "Stelle mehr Epochen ein oder wähle einen früheren Stand.",
        "Set more epochs or choose an earlier checkpoint.",
    ),
}
