"""Words of the tabs 2 to 4: what each step is for, its labels, its choices and its explanations."""

TEXTS: dict[str, tuple[str, str]] = {
    # 2 model
    "model.about": (
        "Training gibt einem vorhandenen Modell dein Wissen mit. Wähle, womit es beginnt.",
        "Training adds your knowledge to an existing model. Choose where it starts.",
    ),
    "model.source.practice": ("Übungsmodell", "Practice model"),
    "model.source.path": ("Ordner auf diesem Rechner", "Folder on this machine"),
    "model.source.hf": ("Hugging Face", "Hugging Face"),
    "model.about.practice": (
        "Ein winziges Modell, das hier in etwa einer Minute aus deinen Dokumenten entsteht, ohne Internet und"
        " ohne Grafikkarte. Es ist zum Üben: Du lernst damit jeden Schritt kennen, kluge Antworten gibt es "
        "nicht.",
        "A tiny model that is made here from your documents in about a minute, without internet or a graphics"
        " card. It is for practice: you get to know every step, but it gives no clever answers.",
    ),
    "model.about.path": (
        "Ein Modell, das schon auf diesem Rechner liegt, im Format von Hugging Face (config.json, "
        "safetensors, Tokenizer).",
        "A model that already lies on this machine, in Hugging Face format (config.json, safetensors, tokenizer).",
    ),
    "model.about.hf": (
        "Ein Modell von huggingface.co. Fehlt es auf diesem Rechner, wird es beim Übernehmen aus dem Internet"
        " geladen; das können mehrere Gigabyte sein.",
        "A model from huggingface.co. If it is not on this machine, choosing it downloads it from the "
        "internet; that can be several gigabytes.",
    ),
    "field.base_path": ("Ordner des Modells", "Folder of the model"),
    "about.base_path": (
        "Ganzer Pfad, zum Beispiel /home/anna/modelle/qwen",
        "Full path, for example /home/anna/models/qwen",
    ),
    "field.base_hf": ("Name auf Hugging Face", "Name on Hugging Face"),
    "about.base_hf": (
        "Wähle aus der Liste, oder schreibe einen anderen Namen: anbieter/modell.",
        "Choose from the list, or type another name: vendor/model.",
    ),
    "model.create": ("Übungsmodell erstellen", "Create practice model"),
    "model.create_again": ("Übungsmodell neu erstellen", "Create practice model anew"),
    "model.choose": ("Modell übernehmen", "Use this model"),
    "model.chosen": ("Gewählt: {name}", "Chosen: {name}"),
    "model.none": ("Noch kein Modell gewählt.", "No model chosen yet."),
    "model.current": ("Gewähltes Modell", "Chosen model"),
    "model.ready": ("bereit", "ready"),
    "model.not_ready": ("noch nicht da", "not there yet"),
    "about.format": (
        "GGUF läuft in llama.cpp, LM Studio und anderen Programmen. Safetensors ist das Format von Hugging Face. "
        "Ollama legt das Modell gleich in Ollama auf diesem Rechner an.",
        "GGUF runs in llama.cpp, LM Studio and other programs. Safetensors is Hugging Face's format. Ollama creates "
        "the model in Ollama on this machine right away.",
    ),
    "choice.format.gguf": ("GGUF", "GGUF"),
    "choice.format.safetensors": ("Safetensors", "Safetensors"),
    "choice.format.ollama": ("Ollama", "Ollama"),
    "about.quantization": (
        "Weniger Bits machen die GGUF-Datei klein und schnell, kosten aber etwas Genauigkeit.",
        "Fewer bits make the GGUF file small and fast, at the price of some precision.",
    ),
    "choice.quantization.f16": ("f16: genau, groß", "f16: precise, large"),
    "choice.quantization.q8_0": ("q8_0: halb so groß, kaum Verlust", "q8_0: half the size, hardly any loss"),
    "choice.quantization.q4_k_m": ("q4_k_m: klein, üblich", "q4_k_m: small, usual"),
    # 3 samples
    "samples.about": (
        "Ein Modell lernt aus Beispielen: einer Frage und der Antwort, die es geben soll. Jedes Beispiel "
        "kennt seine Stelle im Dokument.",
        "A model learns from samples: a question and the answer it shall give. Each sample knows its place in"
        " the document.",
    ),
    "choice.provider.practice": ("Übungshelfer (ohne Netz)", "Practice helper (offline)"),
    "choice.provider.ollama": ("Ollama (auf diesem Rechner)", "Ollama (on this machine)"),
    "choice.provider.openrouter": ("OpenRouter oder ein anderer Server", "OpenRouter or another server"),
    "choice.provider.local": ("GGUF-Datei (ohne Server)", "GGUF file (no server)"),
    "samples.practice": ("Der Übungshelfer ist keine KI.", "The practice helper is not an AI."),
    "samples.practice_about": (
        "Er baut Fragen nach festen Regeln aus Überschriften, Definitionen und Sätzen deiner Dokumente, ohne "
        "Internet. So kannst du alles ausprobieren; für gute Daten brauchst du später ein echtes Helfer-"
        "Modell.",
        "It builds questions by fixed rules from headings, definitions and sentences of your documents, "
        "without internet. That lets you try everything; for good data you will later need a real helper "
        "model.",
    ),
    "about.samples": (
        "Wie viele es insgesamt sein sollen. Fehlende werden ergänzt.",
        "How many there shall be in total. Missing ones are added.",
    ),
    "about.language": ("In welcher Sprache gefragt wird.", "The language of the questions."),
    "choice.language.auto": ("wie das Dokument", "as the document"),
    "choice.language.de": ("Deutsch", "German"),
    "choice.language.en": ("Englisch", "English"),
    "about.seed": (
        "Gleicher Startwert, gleiches Ergebnis.",
        "The same seed gives the same result.",
    ),
    "samples.generate": ("Beispiele erzeugen", "Generate samples"),
    "samples.continue": ("Weiter erzeugen", "Continue generating"),
    "samples.none": ("Noch keine Beispiele.", "No samples yet."),
    "samples.counter": ("{count:,}/{wanted:,} Beispiele", "{count:,}/{wanted:,} samples"),
    "samples.head_instruction": ("Frage", "Question"),
    "samples.head_output": ("Antwort", "Answer"),
    "samples.head_source": ("Quelle", "Source"),
    # 4 training
    "training.about": (
        "Das Modell geht deine Beispiele mehrmals durch. Sinkt der Fehler, lernt es. Für den Anfang genügt "
        "eine Vorlage.",
        "The model goes through your samples several times. When the loss falls, it learns. A preset is all "
        "you need to begin with.",
    ),
    "training.start": ("Training starten", "Start training"),
    "training.loss_now": ("Fehler jetzt", "Loss now"),
    "training.loss_best": ("Bester beim Prüfen", "Best when tested"),
    "training.loss": ("{loss:.3f}", "{loss:.3f}"),
    "training.time_label": ("Rechenzeit", "Training time"),
    "training.left": ("Noch", "Left"),
    "training.epoch_label": ("Epoche", "Epoch"),
    "training.epoch_reached": ("{epoch:.2f}", "{epoch:.2f}"),
    "training.rate_label": ("Lernrate", "Learning rate"),
    "training.rate_now": ("{rate}", "{rate}"),
    "training.rate_zero": ("fast 0", "almost 0"),
    "training.pace_label": ("Tokens je Sekunde", "Tokens per second"),
    "training.tokens_per_second": ("{tokens:,.0f}", "{tokens:,.0f}"),
    "training.memory_label": ("Speicher", "Memory"),
    "training.memory_now": ("{gib:.2f} GiB", "{gib:.2f} GiB"),
    "training.steps": ("Schritt", "Step"),
    "training.loss_title": ("Fehler (Loss)", "Loss"),
    "training.line_loss": ("beim Lernen", "learning"),
    "training.line_eval_loss": ("beim Prüfen", "testing"),
    "training.no_plot": (
        "Hier erscheint die Kurve des Fehlers, sobald das Training läuft.",
        "The loss curve appears here once the training runs.",
    ),
    "evaluation.title": ("Vorher und nachher", "Before and after"),
    "evaluation.about": (
        "Vergleicht das ursprüngliche mit deinem Modell, an Beispielen, die nicht gelernt wurden.",
        "Compares the original with your model, on samples that were not learned.",
    ),
    "evaluation.start": ("Vergleichen", "Compare"),
    "evaluation.before": ("Fehler vorher", "Loss before"),
    "evaluation.after": ("Fehler nachher", "Loss after"),
    "evaluation.interval": (
        "Unterschied {difference:+.3f}; mit 95 % Sicherheit zwischen {low:+.3f} und {high:+.3f}. Minus heißt besser.",
        "Difference {difference:+.3f}; with 95% confidence between {low:+.3f} and {high:+.3f}. Minus means better.",
    ),
    "evaluation.counts": (
        "Geprüfte Beispiele: {samples}, aus Abschnitten: {chunks}, davon jetzt besser: {wins}.",
        "Samples tested: {samples}, from chunks: {chunks}, of them better now: {wins}.",
    ),
    "evaluation.answers": ("Antworten im Vergleich", "Answers compared"),
    "evaluation.head_question": ("Frage", "Question"),
    "evaluation.head_expected": ("Erwartet", "Expected"),
    "evaluation.head_base": ("Vorher", "Before"),
    "evaluation.head_tuned": ("Nachher", "After"),
    "export.title": ("Exportieren", "Export"),
    "export.plan": ("Format aus Schritt 2: {chosen}.", "Format from step 2: {chosen}."),
    "export.folder": ("Die Dateien liegen hier:", "The files lie here:"),
    "export.passed": ("geprüft", "checked"),
    "export.failed": ("weicht ab", "differs"),
    "export.checks": ("Was geprüft wurde ({count})", "What was checked ({count})"),
    "export.counted": ("{same} von {of}", "{same} of {of}"),
    "ask.title": ("Frag dein Modell", "Ask your model"),
    "ask.about": (
        "Hier antwortet die exportierte Datei selbst.",
        "The exported file itself answers here.",
    ),
    "ask.question": ("Deine Frage", "Your question"),
    "ask.start": ("Fragen", "Ask"),
    "ask.source": ("{file}, {seconds:.1f} s", "{file}, {seconds:.1f} s"),
    "ask.cut": (
        "Nach {tokens:,} Tokens abgebrochen: Das Modell hat von selbst kein Ende gefunden.",
        "Broken off after {tokens:,} tokens: the model found no end by itself.",
    ),
    "ask.empty": ("(keine Antwort)", "(no answer)"),
    "result.outdated": (
        "Das gehört zu einem anderen oder früheren Training. Starte es noch einmal für das neueste.",
        "This belongs to another or an earlier training. Start it again for the newest one.",
    ),
    "result.of_run": ("Training {run}, Stand nach Schritt {step}", "Training run {run}, checkpoint at step {step}"),
    "result.takes": ("Genommen wird der beste Stand von {run}.", "Takes the best checkpoint of {run}."),
    "result.takes_unfinished": (
        "Noch ist kein Training fertig. Genommen wird der beste Stand von {run}.",
        "No training is finished yet. Takes the best checkpoint of {run}.",
    ),
}
