"""Words of the training settings: what each one does, the presets that fill them, and why they chose as they did."""

TEXTS: dict[str, tuple[str, str]] = {
    # what each setting does; the labels of the older ones stand in `common`
    "about.epochs": (
        "Wie oft das Modell alle Beispiele durchgeht. Zu oft, und es lernt sie auswendig, statt sie zu verstehen.",
        "How often the model goes through all samples. Too often, and it learns them by heart instead of "
        "understanding them.",
    ),
    "about.learning_rate": (
        "Wie stark jeder Schritt das Modell verändert. Zu hoch: Es vergisst, was es konnte; zu niedrig: Es lernt "
        "kaum etwas.",
        "How much each step changes the model. Too high: it forgets what it could do; too low: it hardly learns.",
    ),
    "about.batch_size": (
        "So viele Beispiele rechnet das Modell auf einmal. Mehr braucht mehr Speicher.",
        "So many samples are computed at once. More needs more memory.",
    ),
    "about.lora_rank": (
        "LoRA lässt das Modell, wie es ist, und trainiert kleine Zusätze dazu. Der Rang ist ihre Größe: 16 genügt "
        "meist, mehr merkt sich mehr und braucht mehr Speicher.",
        "LoRA leaves the model as it is and trains small additions to it. The rank is their size: 16 is usually "
        "enough, more remembers more and needs more memory.",
    ),
    "about.lora_alpha": (
        "Wie laut die Zusätze gegenüber dem Modell sprechen. Üblich ist das Doppelte des Rangs.",
        "How loudly the additions speak beside the model. Usual is twice the rank.",
    ),
    "about.gradient_checkpointing": (
        "Vergisst Zwischenergebnisse und rechnet sie noch einmal: braucht viel weniger Speicher, dauert etwa ein "
        "Drittel länger. Am Ergebnis ändert es nichts.",
        "Forgets intermediate results and computes them again: needs much less memory, takes about a third longer. "
        "It does not change the outcome.",
    ),
    "about.four_bit": (
        "Hält das Modell beim Training stark verkleinert im Speicher, mit 4 Bit je Gewicht. So passen große Modelle; "
        "es kostet etwas Genauigkeit.",
        "Keeps the model strongly compressed in memory while it trains, with 4 bits per weight. Large models fit "
        "that way, at the price of some precision.",
    ),
    "about.gradient_accumulation": (
        "So viele Batches zählen als ein Lernschritt. Das lernt wie eine größere Batch, ohne mehr Speicher.",
        "So many batches count as one learning step. It learns like a larger batch, without more memory.",
    ),
    "about.lora_dropout": (
        "Dieser Anteil der Zusätze wird beim Lernen zufällig ausgelassen. Das hilft ein wenig gegen Auswendiglernen.",
        "This share of the additions is left out at random while learning. It helps a little against learning by "
        "heart.",
    ),
    "field.target_modules": ("Welche Schichten lernen", "Which layers learn"),
    "about.target_modules": (
        "Ist nichts angekreuzt, lernen alle linearen Schichten; das ist die beste Wahl. Weniger Schichten brauchen "
        "etwas weniger Speicher und lernen weniger.",
        "With nothing ticked all linear layers learn, which is the best choice. Fewer layers need a little less "
        "memory and learn less.",
    ),
    "choice.target_modules.q_proj": ("q_proj (Aufmerksamkeit: Frage)", "q_proj (attention: query)"),
    "choice.target_modules.k_proj": ("k_proj (Aufmerksamkeit: Schlüssel)", "k_proj (attention: key)"),
    "choice.target_modules.v_proj": ("v_proj (Aufmerksamkeit: Inhalt)", "v_proj (attention: value)"),
    "choice.target_modules.o_proj": ("o_proj (Aufmerksamkeit: Ergebnis)", "o_proj (attention: output)"),
    "choice.target_modules.gate_proj": ("gate_proj (Wissen: Auswahl)", "gate_proj (knowledge: gate)"),
    "choice.target_modules.up_proj": ("up_proj (Wissen: hinein)", "up_proj (knowledge: in)"),
    "choice.target_modules.down_proj": ("down_proj (Wissen: heraus)", "down_proj (knowledge: out)"),
    "about.warmup_ratio": (
        "In diesem ersten Teil des Trainings steigt die Lernrate von null an, damit die ersten Schritte nichts "
        "verderben.",
        "In this first part of the training the learning rate rises from zero, so that the first steps do no harm.",
    ),
    "about.scheduler": (
        "Wie die Lernrate nach dem Aufwärmen weitergeht. Sinkt sie, wird das Modell am Ende nur noch fein angepasst.",
        "How the learning rate goes on after the warm-up. When it falls, the model is only fine-tuned at the end.",
    ),
    "choice.scheduler.cosine": ("Kosinus (sinkt sanft)", "cosine (falls gently)"),
    "choice.scheduler.linear": ("linear (sinkt gleichmäßig)", "linear (falls evenly)"),
    "choice.scheduler.constant": ("gleichbleibend", "constant"),
    "about.weight_decay": (
        "Zieht die Zahlen der Zusätze ein wenig zur Null hin, damit keine zu groß wird. Meist unnötig.",
        "Pulls the numbers of the additions a little towards zero, so that none grows too large. Rarely needed.",
    ),
    "about.max_length": (
        "Längere Beispiele verlieren das Ende ihrer Antwort. Ein Token ist etwa ein Dreiviertel Wort.",
        "Longer samples lose the end of their answer. A token is about three quarters of a word.",
    ),
    "about.held_out_share": (
        "Dieser Teil der Beispiele wird nicht gelernt. An ihm zeigt sich ehrlich, ob das Modell besser geworden ist.",
        "This part of the samples is not learned. It shows honestly whether the model has become better.",
    ),
    "field.train_on_answers": ("Nur aus den Antworten lernen", "Learn from the answers only"),
    "about.train_on_answers": (
        "Das Modell liest die Fragen und lernt nur zu antworten. Ausgeschaltet lernt es auch, Fragen zu stellen.",
        "The model reads the questions and learns only to answer. Switched off, it also learns to ask questions.",
    ),
    "about.processes": (
        "Mehrere Grafikkarten trainieren gemeinsam, je Prozess eine. Jeder Schritt lernt dann aus Batch × "
        "gesammelten Batches × Prozessen Beispielen.",
        "Several GPUs train together, one per process. Each step then learns from batch × accumulated batches × "
        "processes samples.",
    ),
    "field.early_stopping": ("Früher aufhören (Epochen ohne Fortschritt)", "Stop early (epochs without progress)"),
    "about.early_stopping": (
        "Wird der Fehler an den zurückgehaltenen Beispielen so viele Epochen lang nicht kleiner, hört das Training "
        "auf. 0 heißt: nie. Machst du von einem gesicherten Stand aus weiter, wird ab dort neu gezählt.",
        "Training stops when the loss on the held-out samples has not fallen for so many epochs. 0 means never. If "
        "you continue from a checkpoint, counting begins anew there.",
    ),
    "field.keep_checkpoints": ("Zwischenstände aufheben", "Checkpoints to keep"),
    "about.keep_checkpoints": (
        "So viele der neuesten Stände bleiben auf der Festplatte, um von dort weiterzutrainieren.",
        "So many of the newest states stay on the disk, to go on training from.",
    ),
    # groups of the advanced settings
    "settings.group.learning": ("Wie gelernt wird", "How it learns"),
    "settings.group.data": ("Woraus gelernt wird", "What it learns from"),
    "settings.group.machine": ("Speicher und Rechner", "Memory and machine"),
    "settings.group.keeping": ("Aufhören und Aufheben", "Stopping and keeping"),
    # presets
    "preset.title": ("Vorlagen", "Presets"),
    "preset.about": (
        "Ein Klick füllt alle Felder passend zu Modell, Beispielen und Rechner. Ändern kannst du danach jedes.",
        "A click fills all fields to suit model, samples and machine. You can change each of them afterwards.",
    ),
    "preset.quick": ("Schnell", "Quick"),
    "preset.balanced": ("Ausgewogen", "Balanced"),
    "preset.thorough": ("Gründlich", "Thorough"),
    "preset.chosen": ("Gewählt: {name}.", "Chosen: {name}."),
    "preset.own": ("Es gelten eigene Einstellungen.", "Your own settings hold."),
    "preset.refit": (
        "Batch, Länge oder Speicher sind anders eingestellt, als es jetzt am besten passt; ein Klick passt sie an.",
        "Batch, length or memory are set otherwise than would fit best now; a click adapts them.",
    ),
    "preset.plan": (
        "{epochs} × durch {samples:,} Beispiele, etwa {steps:,} Schritte aus je {effective}; LoRA-Rang {rank}, "
        "Lernrate {rate}.",
        "{epochs} × through {samples:,} samples, about {steps:,} steps of {effective} each; LoRA rank {rank}, "
        "learning rate {rate}.",
    ),
    "preset.why.practice": (
        "Das winzige Übungsmodell braucht eine hohe Lernrate und große Zusätze, um etwas zu lernen.",
        "The tiny practice model needs a high learning rate and large additions to learn anything.",
    ),
    "preset.why.small_batch": (
        "Wenige Beispiele: Jeder Schritt lernt aus nur {effective}, damit es genug Schritte werden.",
        "Few samples: each step learns from only {effective}, so that there are enough steps.",
    ),
    "preset.why.short": (
        "Kurzes Training: Die Lernrate ist etwas höher.",
        "Short training: the learning rate is somewhat higher.",
    ),
    "preset.why.long": (
        "Langes Training: Die Lernrate ist niedriger, damit das Modell nichts vergisst.",
        "Long training: the learning rate is lower, so that the model forgets nothing.",
    ),
    "preset.why.large_model": (
        "Großes Modell: Es lernt vorsichtiger, mit niedrigerer Lernrate.",
        "Large model: it learns more carefully, with a lower learning rate.",
    ),
    "preset.why.early_stopping": (
        "Es hört von selbst auf, wenn es an den zurückgehaltenen Beispielen nicht mehr besser wird.",
        "It stops by itself when it no longer gets better on the held-out samples.",
    ),
    "preset.why.cut": (
        "Beispiele über {tokens:,} Tokens werden gekürzt, damit es schnell geht.",
        "Samples beyond {tokens:,} tokens are cut, to be quick.",
    ),
    "preset.why.no_model": (
        "Noch ist kein Modell da; wähle danach noch einmal eine Vorlage, damit sie zum Speicher passt.",
        "There is no model yet; choose a preset again afterwards, so that it fits the memory.",
    ),
    "preset.why.memory_unknown": (
        "Wie viel Speicher frei ist, lässt sich hier nicht feststellen; deshalb wird sparsam gerechnet.",
        "How much memory is free cannot be told here; therefore it computes sparingly.",
    ),
    "preset.why.batch": (
        "Batch {batch}: Mehr auf einmal passt nicht in den Speicher.",
        "Batch {batch}: more at once does not fit into memory.",
    ),
    "preset.why.checkpointing": (
        "Batch {batch} und Gradient Checkpointing, weil der Speicher knapp ist.",
        "Batch {batch} and gradient checkpointing, because memory is tight.",
    ),
    "preset.why.four_bit": (
        "4-Bit-Training, weil das Modell sonst nicht in den Speicher passt.",
        "4-bit training, because the model does not fit into memory otherwise.",
    ),
    "preset.why.tight": (
        "Auch so wird der Speicher knapp: Schließe andere Programme.",
        "Memory is tight even so: close other programs.",
    ),
    "preset.why.small_adapter": (
        "So sparsam wie möglich, mit kleinen Zusätzen, weil der Speicher sonst nicht reicht.",
        "As sparing as possible, with small additions, because memory does not suffice otherwise.",
    ),
    "preset.why.shorter": (
        "So sparsam wie möglich, und Beispiele über {tokens:,} Tokens werden gekürzt: Der Speicher reicht sonst "
        "nicht. Ein kleineres Modell wäre besser.",
        "As sparing as possible, and samples beyond {tokens:,} tokens are cut: memory does not suffice otherwise. "
        "A smaller model would be better.",
    ),
    "preset.why.too_large": (
        "Dieses Modell ist für den freien Speicher zu groß; wähle in Schritt 2 ein kleineres.",
        "This model is too large for the free memory; choose a smaller one in step 2.",
    ),
    # a run
    "training.stopped_early": (
        "Früher fertig, nach Epoche {epoch} von {epochs}: Am besten war Epoche {best}, seitdem wurde der Fehler an "
        "den zurückgehaltenen Beispielen nicht kleiner.",
        "Done early, after epoch {epoch} of {epochs}: epoch {best} was best, since then the loss on the held-out "
        "samples has not fallen.",
    ),
    "training.early_stopping_unused": (
        "Ohne zurückgehaltene Beispiele kann das Training nicht früher aufhören; alle Epochen werden trainiert.",
        "Without held-out samples training cannot stop early; all epochs are trained.",
    ),
    "error.training_modules_missing": (
        "Dieses Modell hat die gewählten Schichten nicht: {missing}. Es hat: {there}.",
        "This model lacks the chosen layers: {missing}. It has: {there}.",
    ),
    "hint.training_modules_missing": (
        "Kreuze unter „Erweitert“ bei „Welche Schichten lernen“ nichts an: Dann lernen alle, die es gibt.",
        "Under “Advanced”, tick nothing at “Which layers learn”: then all layers learn that there are.",
    ),
}
