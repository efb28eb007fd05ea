"""Words about helper models: what can go wrong with a server, with Ollama and with a model file."""

TEXTS: dict[str, tuple[str, str]] = {
    # a server's answer
    "error.helper_key_missing": (
        "{place} verlangt einen API-Schlüssel.",
        "{place} asks for an API key.",
    ),
    "hint.helper_key_missing": (
        "Trage ihn in Schritt 3 bei „API-Schlüssel“ ein. Für OpenRouter bekommst du ihn unter openrouter.ai/keys.",
        "Enter it in step 3 under “API key”. For OpenRouter you get one at openrouter.ai/keys.",
    ),
    "error.helper_key_refused": (
        "{place} nimmt den API-Schlüssel nicht an. Der Server sagt: {detail}",
        "{place} does not accept the API key. The server says: {detail}",
    ),
    "hint.helper_key_refused": (
        "Prüfe, ob der Schlüssel vollständig ist, noch gilt und zu dieser Adresse gehört, und trage ihn neu ein.",
        "Check that the key is complete, still valid and belongs to this address, and enter it again.",
    ),
    "error.helper_no_credit": (
        "Das Guthaben bei {place} ist aufgebraucht. Der Server sagt: {detail}",
        "The credit at {place} is used up. The server says: {detail}",
    ),
    "hint.helper_no_credit": (
        "Lade das Konto auf oder erhöhe die Grenze des Schlüssels, dann mache weiter. Alle Beispiele sind gesichert.",
        "Top up the account or raise the key's limit, then continue. All samples so far are kept.",
    ),
    "error.helper_forbidden": (
        "{place} erlaubt diese Anfrage nicht. Der Server sagt: {detail}",
        "{place} does not permit this request. The server says: {detail}",
    ),
    "hint.helper_forbidden": (
        "Prüfe, was der Schlüssel darf und ob dein Konto „{model}“ benutzen kann, oder nimm ein anderes Modell.",
        "Check what the key may do and whether your account can use “{model}”, or choose another model.",
    ),
    "error.helper_moderated": (
        "{place} lehnt diesen Text wegen seines Inhalts ab. Der Server sagt: {detail}",
        "{place} declines this text because of its content. The server says: {detail}",
    ),
    "hint.helper_moderated": (
        "Der Abschnitt wird übersprungen. Ein lokales Modell (Ollama oder GGUF-Datei) kennt diese Prüfung nicht.",
        "The chunk is skipped. A local model (Ollama or a GGUF file) has no such check.",
    ),
    "error.helper_prompt_too_long": (
        "Die Anfrage ist zu lang für „{model}“. Der Server sagt: {detail}",
        "The request is too long for “{model}”. The server says: {detail}",
    ),
    "hint.helper_prompt_too_long": (
        "Vergrößere den Kontext des Helfers, nimm ein Modell mit mehr Kontext, oder schneide in Schritt 1 kürzer.",
        "Enlarge the helper's context, choose a model with a longer one, or cut shorter chunks in step 1.",
    ),
    "error.helper_request_refused": (
        "{place} kann mit der Anfrage nichts anfangen (HTTP {status}). Der Server sagt: {detail}",
        "{place} cannot use the request (HTTP {status}). The server says: {detail}",
    ),
    "hint.helper_request_refused": (
        "Meist passt das Modell nicht: Es muss Chat-Anfragen beantworten. Nimm ein anderes und probiere es aus.",
        "Most often the model does not fit: it has to answer chat requests. Choose another one and try it out.",
    ),
    "error.helper_model_missing": (
        "Bei {place} gibt es „{model}“ nicht. Der Server sagt: {detail}",
        "There is no “{model}” at {place}. The server says: {detail}",
    ),
    "hint.helper_model_missing": (
        "Hole die Liste der Modelle neu und wähle eines daraus.",
        "Fetch the list of models again and choose one of them.",
    ),
    "error.helper_wrong_address": (
        "Unter dieser Adresse bei {place} beantwortet niemand Chat-Anfragen (HTTP {status}).",
        "Nobody answers chat requests at this address of {place} (HTTP {status}).",
    ),
    "hint.helper_wrong_address": (
        "Eine Adresse sieht so aus: http://127.0.0.1:8080/v1. Der Teil nach dem Port muss stimmen, meist ist es /v1.",
        "An address looks like this: http://127.0.0.1:8080/v1. The part after the port matters, mostly it is /v1.",
    ),
    "error.helper_redirected": (
        "{place} verweist auf eine andere Adresse (HTTP {status}).",
        "{place} points to another address (HTTP {status}).",
    ),
    "hint.helper_redirected": (
        "Texte und Schlüssel gehen nur an die Adresse, die du gewählt hast. Trage die richtige ein, oft mit https://.",
        "Texts and key go only to the address that you chose. Enter the right one, often with https://.",
    ),
    "error.helper_rate_limited": (
        "{place} bekommt zu viele Anfragen. Der Server sagt: {detail}",
        "{place} gets too many requests. The server says: {detail}",
    ),
    "hint.helper_rate_limited": (
        "Es wird gewartet und langsamer weitergemacht. Weniger Anfragen gleichzeitig helfen auch.",
        "The work waits and goes on more slowly. Fewer requests at once help too.",
    ),
    "error.helper_daily_limit": (
        "Für heute ist die Grenze bei {place} erreicht. Der Server sagt: {detail}",
        "The limit at {place} is reached for today. The server says: {detail}",
    ),
    "hint.helper_daily_limit": (
        "Mache morgen weiter: Alle Beispiele sind gesichert. Kostenlose Modelle haben solche Grenzen, bezahlte kaum.",
        "Continue tomorrow: all samples are kept. Free models have such limits, paid ones hardly do.",
    ),
    "error.helper_overloaded": (
        "{place} ist überlastet. Der Server sagt: {detail}",
        "{place} is overloaded. The server says: {detail}",
    ),
    "hint.helper_overloaded": (
        "Es wird gewartet und langsamer weitergemacht. Dauert es an, nimm ein anderes Modell.",
        "The work waits and goes on more slowly. If it lasts, choose another model.",
    ),
    "error.helper_server_failed": (
        "Bei {place} ist ein Fehler passiert (HTTP {status}). Der Server sagt: {detail}",
        "Something failed at {place} (HTTP {status}). The server says: {detail}",
    ),
    "hint.helper_server_failed": (
        "Meist hilft ein neuer Versuch. Kommt es immer wieder, nimm ein anderes Modell.",
        "Most often another try helps. If it happens again and again, choose another model.",
    ),
    "error.helper_no_memory": (
        "Für „{model}“ reicht der Speicher bei {place} nicht. Der Server sagt: {detail}",
        "{place} has not enough memory for “{model}”. The server says: {detail}",
    ),
    "hint.helper_no_memory": (
        "Nimm ein kleineres Modell, einen kleineren Kontext oder weniger Anfragen gleichzeitig.",
        "Choose a smaller model, a smaller context or fewer requests at once.",
    ),
    "error.helper_too_slow": (
        "{place} hat nicht rechtzeitig geantwortet.",
        "{place} did not answer in time.",
    ),
    "hint.helper_too_slow": (
        "Meist hilft ein neuer Versuch. Kommt es oft: weniger Anfragen gleichzeitig oder ein kleineres Modell.",
        "Most often another try helps. If it happens again and again: fewer requests at once, or a smaller model.",
    ),
    "error.helper_strange_answer": (
        "{place} antwortet, aber nicht wie ein Helfer-Modell. Die Antwort beginnt so: {detail}",
        "{place} answers, but not as a helper model does. The answer begins like this: {detail}",
    ),
    "hint.helper_strange_answer": (
        "Prüfe die Adresse: Dort muss ein Server sein, der OpenAIs Chat-Protokoll oder das von Ollama spricht.",
        "Check the address: it must belong to a server that speaks OpenAI's chat protocol, or Ollama's.",
    ),
    # no answer at all
    "error.helper_nobody_there": (
        "Unter {place} ist niemand zu erreichen.",
        "Nobody can be reached at {place}.",
    ),
    "hint.helper_nobody_there": (
        "Starte den Server, oder prüfe Adresse und Port.",
        "Start the server, or check address and port.",
    ),
    "error.helper_no_network": (
        "{place} ist nicht zu finden.",
        "{place} cannot be found.",
    ),
    "hint.helper_no_network": (
        "Prüfe das Netz und die Schreibweise der Adresse. Ohne Netz schreibt der Übungs-Helfer Beispiele.",
        "Check the network and the spelling of the address. Without a network the practice helper writes samples.",
    ),
    "error.helper_tls": (
        "Mit {place} kommt keine sichere Verbindung zustande.",
        "No secure connection to {place} can be made.",
    ),
    "hint.helper_tls": (
        "Spricht der Server nur http://? Sonst prüfe Uhrzeit und Zertifikate dieses Rechners.",
        "Does the server speak http:// only? If not, check this computer's clock and certificates.",
    ),
    "error.helper_proxy": (
        "Der eingestellte Proxy lässt die Verbindung zu {place} nicht zu.",
        "The proxy that is set does not permit the connection to {place}.",
    ),
    "hint.helper_proxy": (
        "Prüfe HTTPS_PROXY und NO_PROXY oder die Netzwerkeinstellungen. Ein Proxy muss mit http:// beginnen.",
        "Check HTTPS_PROXY and NO_PROXY or the network settings. A proxy has to begin with http://.",
    ),
    "error.helper_address_invalid": (
        "„{place}“ ist keine gültige Adresse.",
        "“{place}” is not a valid address.",
    ),
    "hint.helper_address_invalid": (
        "Eine Adresse sieht so aus: https://openrouter.ai/api/v1 oder http://127.0.0.1:8080/v1.",
        "An address looks like this: https://openrouter.ai/api/v1 or http://127.0.0.1:8080/v1.",
    ),
    "error.helper_connection_lost": (
        "Die Verbindung zu {place} ist abgebrochen.",
        "The connection to {place} broke.",
    ),
    "hint.helper_connection_lost": (
        "Meist hilft ein neuer Versuch. Alle Beispiele sind gesichert.",
        "Most often another try helps. All samples so far are kept.",
    ),
    # Ollama
    "error.ollama_not_running": (
        "Ollama antwortet unter {place} nicht.",
        "Ollama does not answer at {place}.",
    ),
    "hint.ollama_not_running": (
        "Starte Ollama („ollama serve“ oder das Programm); fehlt es noch, gibt es das Programm auf ollama.com.",
        "Start Ollama (“ollama serve” or the program); if it is not installed yet, it is at ollama.com.",
    ),
    "error.ollama_not_there": (
        "Unter {place} antwortet ein Server, aber nicht Ollama.",
        "A server answers at {place}, but it is not Ollama.",
    ),
    "hint.ollama_not_there": (
        "Prüfe die Adresse; Ollamas eigene ist http://127.0.0.1:11434.",
        "Check the address; Ollama's own is http://127.0.0.1:11434.",
    ),
    "error.ollama_too_old": (
        "Ollama {version} unter {place} ist zu alt: Nötig ist {least} oder neuer.",
        "Ollama {version} at {place} is too old: {least} or newer is needed.",
    ),
    "hint.ollama_too_old": (
        "Aktualisiere Ollama; das Programm gibt es auf ollama.com.",
        "Update Ollama; the program is at ollama.com.",
    ),
    "error.ollama_model_missing": (
        "Ollama hat „{model}“ noch nicht.",
        "Ollama does not have “{model}” yet.",
    ),
    "hint.ollama_model_missing": (
        "Lass es holen („Modell holen“ oder „ollama pull {model}“), oder wähle eines aus der Liste.",
        "Have it fetched (“Fetch model” or “ollama pull {model}”), or choose one from the list.",
    ),
    "error.ollama_cloud_model": (
        "„{model}“ läuft nicht auf diesem Rechner: Ollama würde deine Texte in seine Cloud schicken.",
        "“{model}” does not run on this computer: Ollama would send your texts to its cloud.",
    ),
    "hint.ollama_cloud_model": (
        "Wähle ein Modell ohne „cloud“ im Namen. Soll es die Cloud sein, dann offen: mit OpenRouter.",
        "Choose a model without “cloud” in its name. If it shall be the cloud, then openly: with OpenRouter.",
    ),
    "error.ollama_writes_nothing": (
        "„{model}“ schreibt keine Texte, es macht nur Zahlen aus ihnen.",
        "“{model}” writes no text, it only turns text into numbers.",
    ),
    "hint.ollama_writes_nothing": (
        "Wähle ein Sprachmodell, zum Beispiel qwen3 oder llama3.1.",
        "Choose a language model, for example qwen3 or llama3.1.",
    ),
    "error.ollama_no_such_model": (
        "Ollama findet kein Modell „{model}“ zum Herunterladen.",
        "Ollama finds no model “{model}” to download.",
    ),
    "hint.ollama_no_such_model": (
        "Prüfe die Schreibweise; alle Modelle stehen auf ollama.com/library.",
        "Check the spelling; all models are listed at ollama.com/library.",
    ),
    "error.ollama_disk_full": (
        "Für „{model}“ reicht der Platz auf der Festplatte nicht.",
        "There is not enough disk space for “{model}”.",
    ),
    "hint.ollama_disk_full": (
        "Schaffe Platz oder nimm ein kleineres Modell. Was schon da ist, wird nicht noch einmal geladen.",
        "Make room or choose a smaller model. What is there already is not downloaded again.",
    ),
    "error.ollama_pull_failed": (
        "Ollama konnte „{model}“ nicht herunterladen. Es sagt: {detail}",
        "Ollama could not download “{model}”. It says: {detail}",
    ),
    "hint.ollama_pull_failed": (
        "Prüfe die Internetverbindung und versuche es noch einmal: Was schon da ist, wird nicht noch einmal geladen.",
        "Check the network and try again: what is there already is not downloaded again.",
    ),
    # a model file
    "error.local_model_missing": (
        "Die Modelldatei „{file}“ gibt es nicht.",
        "There is no model file “{file}”.",
    ),
    "hint.local_model_missing": (
        "Wähle eine GGUF-Datei, mit ihrem vollständigen Pfad.",
        "Choose a GGUF file, with its full path.",
    ),
    "error.local_model_unreadable": (
        "Die Modelldatei „{file}“ lässt sich nicht öffnen: {problem}.",
        "The model file “{file}” cannot be opened: {problem}.",
    ),
    "hint.local_model_unreadable": (
        "Prüfe, ob es eine Datei ist und ob du sie lesen darfst.",
        "Check that it is a file and that you may read it.",
    ),
    "error.local_model_no_gguf": (
        "„{file}“ ist keine GGUF-Datei.",
        "“{file}” is not a GGUF file.",
    ),
    "hint.local_model_no_gguf": (
        "Solche Dateien enden auf .gguf. Dein eigenes exportiertes Modell geht auch.",
        "Such files end in .gguf. A model that you exported yourself works too.",
    ),
    "error.local_model_ended": (
        "Das Modell „{file}“ wurde beendet (Code {code}), vielleicht weil der Speicher nicht reichte.",
        "The model “{file}” ended (code {code}), perhaps because memory ran out.",
    ),
    "hint.local_model_ended": (
        "Nimm ein kleineres Modell, einen kleineren Kontext oder weniger Anfragen gleichzeitig.",
        "Choose a smaller model, a smaller context or fewer requests at once.",
    ),
    "error.local_model_too_slow": (
        "Das Modell „{file}“ war nach {minutes} Minuten noch nicht geladen.",
        "The model “{file}” was not loaded after {minutes} minutes.",
    ),
    "hint.local_model_too_slow": (
        "Nimm ein kleineres Modell oder lege die Datei auf eine schnellere Festplatte.",
        "Choose a smaller model, or put the file on a faster disk.",
    ),
}
