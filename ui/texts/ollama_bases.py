"""Words about base models from Ollama's store: the list, unpacking, and why some of them cannot be trained."""

TEXTS: dict[str, tuple[str, str]] = {
    "job.kind.unpack_base": ("Modell auspacken", "Unpacking the model"),
    "model.source.ollama": ("Ollama", "Ollama"),
    "model.about.ollama": (
        "Ein Modell, das Ollama auf diesem Rechner schon geladen hat. Es wird ohne Internet ausgepackt; Ollama muss "
        "dafür nicht laufen. Seine Gewichte sind meist gerundet (zum Beispiel auf 4 Bit), und das bleiben sie auch "
        "ausgepackt: Mit den Originalgewichten von Hugging Face wird das Ergebnis besser.",
        "A model that Ollama has already fetched to this machine. It is unpacked without internet, and Ollama "
        "need not run for it. Its weights are mostly rounded (to 4 bits, say) and stay so when unpacked: with the "
        "original weights from Hugging Face the result will be better.",
    ),
    "field.base_ollama": ("Modell von Ollama", "Model of Ollama"),
    "ollama_bases.refresh": ("Liste aktualisieren", "Refresh list"),
    "ollama_bases.name": ("Modell", "Model"),
    "ollama_bases.state": ("Training", "Training"),
    "ollama_bases.possible": ("möglich", "possible"),
    "ollama_bases.impossible": ("nicht möglich", "not possible"),
    "ollama_bases.unpacked": ("schon ausgepackt", "unpacked already"),
    "ollama_bases.none": (
        "Hier liegen keine Modelle von Ollama. Lade eines mit „ollama pull qwen3:0.6b“ (Ollama gibt es auf "
        "ollama.com) und aktualisiere die Liste. Liegen sie in einem anderen Ordner, nenne ihn vor dem Start in der "
        "Umgebungsvariable OLLAMA_MODELS. Läuft Ollama als Dienst, muss sein Ordner für dich lesbar sein. Gesucht "
        "wurde in: {folders}",
        "There are no models of Ollama here. Fetch one with “ollama pull qwen3:0.6b” (Ollama is at ollama.com) and "
        "refresh the list. If they are in another folder, name it in the environment variable OLLAMA_MODELS before "
        "starting. If Ollama runs as a service, its folder has to be readable for you. Looked in: {folders}",
    ),
    "ollama_bases.agreement": (
        "Ausgepackt und mit der Datei von Ollama verglichen: An {percent:.0f} % von {positions} Stellen ist das "
        "nächste Token dasselbe; die Log-Wahrscheinlichkeiten weichen im Mittel um {difference:.3f} ab. Gleich in "
        "Tokens zerlegt: {same} von {texts} Texten.",
        "Unpacked and compared with Ollama's file: at {percent:.0f}% of {positions} positions the next token is the "
        "same; log-probabilities differ by {difference:.3f} on average. Cut into the same tokens: {same} of {texts} "
        "texts.",
    ),
    "ollama_bases.doubtful": (
        "Das ist weniger, als Rundung erklärt. Sieh dir das trainierte Modell genau an, oder nimm die "
        "Originalgewichte.",
        "That is less than rounding explains. Look closely at the trained model, or use the original weights.",
    ),
    "blocked.unpack_base_running": ("Ein Modell wird gerade ausgepackt.", "A model is being unpacked."),
    # unpacking
    "model.unpack.reading": ("{name} lesen", "Reading {name}"),
    "model.unpack.weights": ("Gewichte auspacken", "Unpacking weights"),
    "model.unpack.comparing": ("Mit der Datei von Ollama vergleichen", "Comparing with Ollama's file"),
    "model.unpack.no_template": (
        "Die Chat-Vorlage in der Datei lässt sich nicht ausfüllen; das Training nimmt eine einfache eigene",
        "The chat template in the file cannot be filled in; training uses a plain one of its own",
    ),
    "model.unpack.done": ("{name} ausgepackt in {seconds:.0f} s", "{name} unpacked in {seconds:.0f} s"),
    "model.unpack.kept": ("{name} ist schon ausgepackt", "{name} is unpacked already"),
    "model.unpack.agrees": (
        "Stimmt mit der Datei von Ollama überein: nächstes Token an {percent:.0f} % von {positions} Stellen gleich, "
        "mittlere Abweichung {difference:.3f}",
        "Agrees with Ollama's file: same next token at {percent:.0f}% of {positions} positions, mean difference "
        "{difference:.3f}",
    ),
    "model.unpack.doubtful": (
        "Weicht von der Datei von Ollama stärker ab, als Rundung erklärt: nächstes Token an {percent:.0f} % von "
        "{positions} Stellen gleich, mittlere Abweichung {difference:.3f}",
        "Differs from Ollama's file more than rounding explains: same next token at {percent:.0f}% of {positions} "
        "positions, mean difference {difference:.3f}",
    ),
    # what can be wrong
    "error.ollama_missing": (
        "Bei Ollama liegt auf diesem Rechner kein Modell „{name}“.",
        "Ollama has no model “{name}” on this machine.",
    ),
    "hint.ollama_missing": (
        "Lade es mit „ollama pull {name}“, oder wähle eines aus der Liste.",
        "Fetch it with “ollama pull {name}”, or choose one from the list.",
    ),
    "error.base_not_unpacked": (
        "Das Modell „{name}“ von Ollama ist noch nicht ausgepackt.",
        "The model “{name}” of Ollama is not unpacked yet.",
    ),
    "hint.base_not_unpacked": (
        "Übernimm es im zweiten Schritt noch einmal: Dabei wird es ausgepackt.",
        "Choose it again in step 2, which unpacks it.",
    ),
    "error.ollama_cloud": (
        "„{name}“ liegt nicht auf diesem Rechner, sondern in Ollamas Cloud.",
        "“{name}” is not on this machine, but in Ollama's cloud.",
    ),
    "hint.ollama_cloud": (
        "Wähle ein Modell ohne „cloud“ im Namen.",
        "Choose a model without “cloud” in its name.",
    ),
    "error.ollama_tensor_layers": (
        "„{name}“ ist in Apples MLX-Format gespeichert, nicht als GGUF.",
        "“{name}” is stored in Apple's MLX format, not as GGUF.",
    ),
    "hint.ollama_tensor_layers": (
        "Wähle eine GGUF-Fassung des Modells oder die Originalgewichte von Hugging Face.",
        "Choose a GGUF version of the model, or the original weights from Hugging Face.",
    ),
    "error.ollama_vision": (
        "„{name}“ versteht auch Bilder; hier lassen sich nur reine Textmodelle trainieren.",
        "“{name}” also understands images; only pure text models can be trained here.",
    ),
    "hint.ollama_vision": ("Wähle ein reines Textmodell.", "Choose a pure text model."),
    "error.ollama_adapter": (
        "„{name}“ besteht aus einem Modell und einem Adapter, der hier nicht ausgepackt werden kann.",
        "“{name}” is a model with an adapter, which cannot be unpacked here.",
    ),
    "hint.ollama_adapter": (
        "Wähle das Modell, auf dem es beruht.",
        "Choose the model that it is based on.",
    ),
    "error.ollama_incomplete": (
        "„{name}“ ist nicht vollständig geladen oder beschädigt.",
        "“{name}” is not completely fetched, or damaged.",
    ),
    "hint.ollama_incomplete": (
        "Hole es noch einmal mit „ollama pull {name}“.",
        "Fetch it again with “ollama pull {name}”.",
    ),
    "error.ollama_architecture": (
        "„{name}“ ist von der Bauart „{family}“, die hier nicht ausgepackt werden kann.",
        "“{name}” is of the kind “{family}”, which cannot be unpacked here.",
    ),
    "hint.ollama_architecture": (
        "Wähle ein anderes Modell, zum Beispiel aus den Familien llama, qwen2 oder qwen3.",
        "Choose another model, for example of the families llama, qwen2 or qwen3.",
    ),
    "error.ollama_tokenizer": (
        "Der Tokenizer des Modells (Art „{kind}“) lässt sich nicht so nachbauen, dass er Text gleich zerlegt.",
        "The model's tokenizer (kind “{kind}”) cannot be rebuilt so that it cuts text the same way.",
    ),
    "hint.ollama_tokenizer": (
        "Nimm die Originalgewichte von Hugging Face oder ein anderes Modell.",
        "Use the original weights from Hugging Face, or another model.",
    ),
    "error.ollama_rope": (
        "„{name}“ dehnt seine Positionen auf eine Art, die sich nicht auspacken lässt.",
        "“{name}” stretches its positions in a way that cannot be unpacked.",
    ),
    "hint.ollama_rope": (
        "Nimm die Originalgewichte von Hugging Face oder ein anderes Modell.",
        "Use the original weights from Hugging Face, or another model.",
    ),
    "error.ollama_unfaithful": (
        "„{name}“ sagt ausgepackt etwas anderes als die Datei von Ollama (nur {percent} % gleiche Tokens).",
        "Unpacked, “{name}” says something else than Ollama's file (only {percent}% of tokens are the same).",
    ),
    "hint.ollama_unfaithful": (
        "Nimm die Originalgewichte von Hugging Face oder ein anderes Modell.",
        "Use the original weights from Hugging Face, or another model.",
    ),
    "error.memory_short": (
        "Im Arbeitsspeicher sind nur {free_gib} GiB frei; gebraucht werden etwa {needed_gib} GiB.",
        "Only {free_gib} GiB of memory are free; about {needed_gib} GiB are needed.",
    ),
    "hint.memory_short": (
        "Schließe andere Programme oder wähle ein kleineres Modell.",
        "Close other programs, or choose a smaller model.",
    ),
}
