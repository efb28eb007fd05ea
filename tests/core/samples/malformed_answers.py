# ruff: noqa: E501 (one answer a line)
"""Answers as small models write them when they are asked for samples as JSON, in German, each with what it says.

Written for this purpose, after the habits of Llama 3.2 3B, Qwen 2.5, Mistral 7B, Phi and R1's distillations.
"""

from dataclasses import dataclass

from core.samples.answers.answers import Pair


@dataclass(frozen=True)
class Written:
    """One answer. `pairs` are those that a careful reader would take from it; none where it is beyond repair."""

    name: str
    text: str
    pairs: tuple[Pair, ...] = ()
    problem: str = ""


ENERGY = Pair(
    "Was versteht man in der Physik unter Energie?",
    "Energie ist die Fähigkeit eines Körpers, Arbeit zu verrichten, Wärme abzugeben oder Licht auszusenden.",
)
JOULE = Pair("In welcher Einheit wird Energie gemessen?", "Die Einheit der Energie ist das Joule (J).")
MOTOR = Pair(
    "Warum erreicht ein Dieselmotor nur etwa 40 Prozent Wirkungsgrad?",
    "Weil ein großer Teil der Energie als Wärme über Kühler und Auspuff verlorengeht.",
)


def filled(text: str) -> str:
    """An answer in which `ENERGY?` stands for what that pair asks, and `ENERGY!` for what it says."""
    for name, pair in (("ENERGY", ENERGY), ("JOULE", JOULE), ("MOTOR", MOTOR)):
        text = text.replace(f"{name}?", pair.instruction).replace(f"{name}!", pair.output)
    return text


# What is wrong with it, the pairs in it, the answer.
_RECOVERABLE: list[tuple[str, tuple[Pair, ...], str]] = [
    ("a fence with prose around it", (ENERGY, JOULE),
     'Natürlich! Hier sind zwei Frage-Antwort-Paare auf Basis des Textes:\n\n```json\n{\n  "samples": [\n    {\n      "instruction": "ENERGY?",\n      "output": "ENERGY!"\n    },\n    {\n      "instruction": "JOULE?",\n      "output": "JOULE!"\n    }\n  ]\n}\n```\n\nIch hoffe, das hilft dir weiter! Wenn du weitere Beispiele {zu anderen Themen} brauchst, sag Bescheid.'),
    ("a fence for each object", (ENERGY, JOULE),
     '**Beispiel 1**\n```json\n{"instruction": "ENERGY?", "output": "ENERGY!"}\n```\n**Beispiel 2**\n```\n{"instruction": "JOULE?", "output": "JOULE!"}\n```'),
    ("German quotation marks closed with a straight one", (Pair('Was bedeutet der Begriff „Wirkungsgrad"?', 'Der „Wirkungsgrad" ist das Verhältnis von nutzbarer zu zugeführter Energie.'), Pair('Wie heißt „Bewegungsenergie" noch?', 'Man nennt sie auch „kinetische Energie".')),
     '{"samples": [{"instruction": "Was bedeutet der Begriff „Wirkungsgrad"?", "output": "Der „Wirkungsgrad" ist das Verhältnis von nutzbarer zu zugeführter Energie."}, {"instruction": "Wie heißt „Bewegungsenergie" noch?", "output": "Man nennt sie auch „kinetische Energie"."}]}'),
    ("a German quotation at the very end and before a comma", (Pair('Wie lauten die Fachwörter für „Lage" und „Bewegung"', 'Es sind „potentiell", „kinetisch" und „elastisch"'),),
     '{"samples": [{"instruction": "Wie lauten die Fachwörter für „Lage" und „Bewegung"", "output": "Es sind „potentiell", „kinetisch" und „elastisch""}]}'),
    ("straight quotation marks inside", (Pair('Was ist ein "Perpetuum mobile"?', 'Ein "Perpetuum mobile" ist eine erdachte Maschine, die "ewig" läuft, also ohne Zufuhr von Energie.'),),
     '{"samples": [{"instruction": "Was ist ein "Perpetuum mobile"?", "output": "Ein "Perpetuum mobile" ist eine erdachte Maschine, die "ewig" läuft, also ohne Zufuhr von Energie."}]}'),
    ("single quotes and an apostrophe", (Pair("Was besagt Newton's drittes Gesetz?", "Zu jeder Kraft gibt's eine gleich große Gegenkraft."),),
     "{'samples': [{'instruction': 'Was besagt Newton's drittes Gesetz?', 'output': 'Zu jeder Kraft gibt's eine gleich große Gegenkraft.'}]}"),
    ("a Python literal with mixed quotes and None", (Pair("Was zeigt ein Pendel?", 'Die Umwandlung von "Höhen-" in "Bewegungsenergie".'),),
     "samples = [{'instruction': \"Was zeigt ein Pendel?\", 'input': None, 'output': 'Die Umwandlung von \"Höhen-\" in \"Bewegungsenergie\".', 'wahr': True}]"),
    ("trailing commas and comments", (JOULE,),
     '{\n  // Beispiele zum Text\n  "samples": [\n    { "instruction": "JOULE?", # die "Frage"\n      "output": "JOULE!", }, /* das war "leicht" */\n  ],\n}'),
    ("missing commas", (ENERGY, JOULE),
     '{"samples": [{"instruction": "ENERGY?"\n "output": "ENERGY!"}\n{"instruction": "JOULE?" "output": "JOULE!"}]}'),
    ("line breaks in strings", (Pair("Nenne drei Energieformen.", 'Drei Formen sind:\n\n- Bewegungsenergie\n- „Höhenenergie"\n- chemische Energie'),),
     '{"samples": [{"instruction": "Nenne drei Energieformen.", "output": "Drei Formen sind:\n\n- Bewegungsenergie\n- „Höhenenergie"\n- chemische Energie\n"}]}'),
    ("an array at the top with German keys", (JOULE, MOTOR),
     '[{"Frage": "JOULE?", "Antwort": "JOULE!"}, {"Frage": "MOTOR?", "Antwort": "MOTOR!"}]'),
    ("a single object with capitals and spaces in its keys", (MOTOR,),
     '{ " Instruction ": "MOTOR?", "OUTPUT ": "MOTOR!" }'),
    ("JSON lines", (ENERGY, JOULE, MOTOR),
     '{"prompt": "ENERGY?", "completion": "ENERGY!"}\n{"prompt": "JOULE?", "completion": "JOULE!"}\n{"prompt": "MOTOR?", "completion": "MOTOR!"}'),
    ("numbered objects", (ENERGY, JOULE),
     '1. {"question": "ENERGY?", "answer": "ENERGY!"}\n2. {"question": "JOULE?", "answer": "JOULE!"}'),
    ("numbered objects with the hard quotation marks", (Pair('Was ist „Reibung"?', 'Eine Kraft, die „hemmt".'), Pair('Und „Wärme"?', '„Wärme" ist übergehende Energie.')),
     '1. {"question": "Was ist „Reibung"?", "answer": "Eine Kraft, die „hemmt"."}\n\n2. {"question": "Und „Wärme"?", "answer": "„Wärme" ist übergehende Energie."}'),
    ("thinking before", (JOULE,),
     '<think>\nDer Nutzer will JSON im Format {"samples": [{"instruction": "Was?", "output": "Dies hier."}]}. Also los.\n</think>\n\n{"samples": [{"instruction": "JOULE?", "output": "JOULE!"}]}'),
    ("thinking whose beginning the server took away", (JOULE,),
     'Okay, let me think. Vielleicht {"instruction": "Wie heißt die Einheit?", "output": "Sie heißt Joule."} – nein.\n</think>\n```json\n{"samples": [{"instruction": "JOULE?", "output": "JOULE!"}]}\n```'),
    ("messages", (Pair(ENERGY.instruction, ENERGY.output, ((JOULE.instruction, JOULE.output),)),),
     '{"messages": [{"role": "system", "content": "Du bist Physiklehrer."}, {"role": "user", "content": "ENERGY?"}, {"role": "assistant", "content": "ENERGY!"}, {"role": "user", "content": "JOULE?"}, {"role": "assistant", "content": "JOULE!"}]}'),
    ("ShareGPT", (MOTOR,),
     '{"conversations": [{"from": "human", "value": "MOTOR?"}, {"from": "gpt", "value": "MOTOR!"}]}'),
    ("follow-ups", (Pair(ENERGY.instruction, ENERGY.output, ((JOULE.instruction, JOULE.output), ("Und ein Watt?", 'Ein Watt ist „ein Joule je Sekunde".'))),),
     '{"samples": [{"instruction": "ENERGY?", "output": "ENERGY!", "follow_ups": [{"instruction": "JOULE?", "output": "JOULE!",}, {"instruction": "Und ein Watt?", "output": "Ein Watt ist „ein Joule je Sekunde"."}]}]}'),
    ("nested under other keys", (ENERGY, JOULE),
     '{"status": "ok", "anzahl": 2, "data": {"qa_pairs": [{"id": 1, "q": "ENERGY?", "a": "ENERGY!", "schwierigkeit": "leicht"}, {"id": 2, "q": "JOULE?", "a": "JOULE!"}]}}'),
    ("JSON in a string", (Pair("Was misst man in Joule?", "Die „Energie“."),),
     '{"samples": "[{\\"instruction\\": \\"Was misst man in Joule?\\", \\"output\\": \\"Die \\u201eEnergie\\u201c.\\"}]"}'),
    ("all of it in a string", (Pair("Was misst man in Joule?", "Die Energie,\nauch Wärme."),),
     '"{\\"samples\\": [{\\"instruction\\": \\"Was misst man in Joule?\\", \\"output\\": \\"Die Energie,\\nauch Wärme.\\"}]}"'),
    ("escaped umlauts and entities", (Pair("Was ist Wärme?", "Wärme fließt von heiß nach kalt &ndash; nie &quot;zurück&quot;."),),
     '{"samples": [{"instruction": "Was ist W\\u00e4rme?", "output": "W\\u00e4rme flie\\u00dft von hei\\u00df nach kalt &ndash; nie &quot;zur\\u00fcck&quot;."}]}'),
    ("byte order mark and zero-width spaces", (JOULE,),
     '\ufeff\u200b{"samples":\u200b [{"instruction": "JOULE?",\u2060 "output": "JOULE!"}]}\u200b'),
    ("typographic quotation marks everywhere", (Pair("Was ist ein Joule?", "Ein Joule ist ein ‚Newtonmeter‘, also Kraft mal Weg."),),
     '{“samples”: [{“instruction”: “Was ist ein Joule?”, “output”: “Ein Joule ist ein ‚Newtonmeter‘, also Kraft mal Weg.”}]}'),
    ("keys without quotation marks", (JOULE,),
     '{samples: [{instruction: "JOULE?", output: "JOULE!"}]}'),
    ("a brace that was forgotten between two samples", (ENERGY, JOULE),
     '{"samples": [{"instruction": "ENERGY?", "output": "ENERGY!",\n{"instruction": "JOULE?", "output": "JOULE!"}]}'),
    ("one object for all samples", (ENERGY, JOULE),
     '{"instruction": "ENERGY?", "output": "ENERGY!", "instruction": "JOULE?", "output": "JOULE!"}'),
    ("numbered keys", (ENERGY, JOULE),
     '{"frage_1": "ENERGY?", "antwort_1": "ENERGY!", "frage_2": "JOULE?", "antwort_2": "JOULE!"}'),
    ("the last brackets forgotten, but the fence closed", (ENERGY,),
     '```json\n{"samples": [{"instruction": "ENERGY?", "output": "ENERGY!"}\n]\n```'),
    ("one of three is broken", (ENERGY, JOULE),
     '{"samples": [{"instruction": "ENERGY?", "output": "ENERGY!"}, {"instruction": "Was ist ein Watt?", "output": ""}, {"instruction": "JOULE?", "output": "JOULE!"}]}'),
    ("the example of the prompt repeated first", (JOULE,),
     'Hier das Format: {"samples": [{"instruction": "...", "output": "..."}]}\n\n{"samples": [{"instruction": "JOULE?", "output": "JOULE!"}]}'),
    ("an answer as a list of lines", (Pair("Nenne Formen der Energie.", "1. Wärme\n2. Licht\n3. Bewegung"),),
     '{"samples": [{"instruction": "Nenne Formen der Energie.", "output": ["1. Wärme", "2. Licht", "3. Bewegung"]}]}'),
    ("guillemets and English quotation marks inside", (Pair("Was heißt »Energie« auf Englisch?", "Es heißt “energy”, französisch « énergie »."),),
     '{"samples": [{"instruction": "Was heißt »Energie« auf Englisch?", "output": "Es heißt “energy”, französisch « énergie »."}]}'),
    ("a mark forgotten after a sentence", (JOULE,),
     '{"samples": [{"instruction": "JOULE?,\n "output": "JOULE!"}]}'),
    ("Alpaca with an input", (Pair("Rechne in Joule um.\n\n2 Kilowattstunden", "Das sind 7,2 Millionen Joule."),),
     '{"instruction": "Rechne in Joule um.", "input": "2 Kilowattstunden", "output": "Das sind 7,2 Millionen Joule."}'),
    ("plain text", (ENERGY, JOULE),
     'Hier sind die Paare:\n\nFrage: ENERGY?\nAntwort: ENERGY!\n\nFrage: JOULE?\nAntwort: JOULE!\n\nIch hoffe, diese Beispiele helfen dir weiter!'),
    ("plain text with Markdown", (ENERGY, JOULE),
     '### Beispiel 1\n**Frage 1:** ENERGY?\n**Antwort 1:** ENERGY!\n\n---\n\n### Beispiel 2\n**Frage 2:** JOULE?\n**Antwort 2:** JOULE!'),
    ("plain text with headings", (JOULE,),
     '### Frage\nJOULE?\n\n### Antwort\nJOULE!'),
    ("objects in the middle of sentences", (Pair('Was ist „Arbeit"?', "Kraft mal Weg."), Pair('Was ist „Leistung"?', 'Das ist „Energie je Zeit".')),
     'Gerne! {"instruction": "Was ist „Arbeit"?", "output": "Kraft mal Weg."} Und noch eins: {"instruction": "Was ist „Leistung"?", "output": "Das ist „Energie je Zeit"."} Mehr gibt der Text nicht her.'),
    ("lines of a Windows file, tabs and a program with its own quotation marks", (Pair("Wie grüßt man in Python?", 'So:\n\n```python\nprint("hallo")\n```\nMehr braucht es nicht.'),),
     '{\r\n\t"samples": [\r\n\t\t{"instruction": "Wie grüßt man in Python?",\r\n\t\t"output": "So:\n\n```python\nprint("hallo")\n```\nMehr braucht es nicht."}\r\n\t]\r\n}'),
    ("a key without its second mark", (JOULE,),
     '{"samples": [{"instruction: "JOULE?", "output": "JOULE!"}]}'),
    ("a bracket for a brace", (JOULE,),
     '{"samples": [{"instruction": "JOULE?", "output": "JOULE!"]}]}'),
    ("a round mark at the end of a string", (JOULE,),
     '{"samples": [{"instruction": "JOULE?“, "output": "JOULE!“}]}'),
    ("code with braces and quotation marks in an answer", (Pair("Wie gibt man x in Python aus?", 'Mit print():\n```python\nprint(f"{x}")\n```\nDie geschweiften Klammern {} setzen „x" ein.'),),
     '{"samples": [{"instruction": "Wie gibt man x in Python aus?", "output": "Mit print():\\n```python\\nprint(f\\"{x}\\")\\n```\\nDie geschweiften Klammern {} setzen „x" ein."}]}'),
    ("a table", (ENERGY, JOULE),
     'Hier die Tabelle:\n\n| Nr. | Frage | Antwort |\n|---|:---|---|\n| 1 | ENERGY? | ENERGY! |\n| 2 | JOULE? | JOULE! |\n'),
    ("rows of CSV in a plain fence", (ENERGY, JOULE),
     '```csv\nquestion,answer\n"ENERGY?","ENERGY!"\n"JOULE?","JOULE!"\n```'),
    ("tags", (ENERGY, JOULE),
     '<samples>\n<sample><frage>ENERGY?</frage><antwort>ENERGY!</antwort></sample>\n<sample><frage>JOULE?</frage>\n<antwort>JOULE!</antwort></sample></samples>'),
    ("tags without anything around and an entity", (Pair("Was heißt R&D?", "Forschung & Entwicklung."),),
     '<Question>Was heißt R&amp;D?</Question>\n<Answer>Forschung &amp; Entwicklung.</Answer>'),
    ("pairs without names", (ENERGY, JOULE),
     '```json\n[\n  ["ENERGY?", "ENERGY!"],\n  ["JOULE?", "JOULE!"]\n]\n```'),
    ("two lists", (ENERGY, JOULE),
     '{"fragen": ["ENERGY?", "JOULE?"], "antworten": ["ENERGY!", "JOULE!"]}'),
    ("answers by question", (ENERGY, JOULE),
     '{"ENERGY?": "ENERGY!", "JOULE?": "JOULE!"}'),
    ("Spanish keys", (Pair("¿Qué es el julio?", "Es la unidad de la energía."),),
     '[{"pregunta": "¿Qué es el julio?", "respuesta": "Es la unidad de la energía."}]'),
    ("Japanese keys", (Pair("導体とは何ですか。", "電気を通す物質です。"),),
     '{"samples": [{"質問": "導体とは何ですか。", "回答": "電気を通す物質です。"}]}'),
    ("plain text with numbered questions", (ENERGY, JOULE),
     'Hier sind zwei Fragen:\n\n1. ENERGY?\n   ENERGY!\n2. JOULE?\n   JOULE!\n\nIch hoffe, das hilft!'),
    ("plain text with bold questions on the line of the answer", (ENERGY, JOULE),
     '1. **ENERGY?** ENERGY!\n2. **JOULE?** – JOULE!'),
    ("plain text with questions as headings", (ENERGY, JOULE),
     '## ENERGY?\n\nENERGY!\n\n## 2. JOULE?\n\nJOULE!\n'),
    ("plain text as YAML", (ENERGY, JOULE),
     'samples:\n  - question: "ENERGY?"\n    answer: "ENERGY!"\n  - question: JOULE?\n    answer: JOULE!\n'),
    ("plain text as YAML with a block", (Pair("Was heißt das?", "Erste Zeile.\nZweite Zeile."),),
     '- frage: Was heißt das?\n  antwort: |\n    Erste Zeile.\n    Zweite Zeile.\n'),
    ("an answer in an object and one in a list", (ENERGY, JOULE),
     '[{"frage": "ENERGY?", "antwort": {"text": "ENERGY!"}}, {"frage": "JOULE?", "antwort": ["JOULE!"]}]'),
    ("a truth value in Python's words after a forgotten comma", (Pair("Leitet Kupfer?", "true"),),
     "{'instruction': 'Leitet Kupfer?' 'output': True}"),
]  # fmt: skip

# What is wrong with it, what is said of it, the answer.
_BEYOND_REPAIR = [
    ("cut in the second answer", "cut_off",
     '{"samples": [{"instruction": "ENERGY?", "output": "ENERGY!"}, {"instruction": "MOTOR?", "output": "Weil ein großer Teil der Ener'),
    ("cut between two samples", "cut_off",
     '{"samples": [{"instruction": "ENERGY?", "output": "ENERGY!"},'),
    ("cut in a fence that was closed by nobody", "cut_off",
     '```json\n[{"instruction": "ENERGY?", "output": "ENERGY!"}, {"instr'),
    ("JSON lines of which the last one is cut", "cut_off",
     '{"instruction": "ENERGY?", "output": "ENERGY!"}\n{"instruction": "Was i'),
    ("plain text that breaks off", "cut_off",
     'Frage: ENERGY?\nAntwort: ENERGY!\n\nFrage: MOTOR?\nAntwort: Weil ein großer Teil'),
    ("a schema that closed the string at the quotation mark", "no_samples",
     '{"samples": [{"instruction": "Wie nennt man das?", "output": "Man nennt das „Energie"}]}'),
    ("only thinking", "empty",
     '<think>Ich soll Fragen schreiben. Zuerst lese ich den Text'),
    ("a refusal", "no_json",
     'Es tut mir leid, aber ich kann dazu keine Fragen schreiben. Der Text enthält keine Informationen.'),
    ("placeholders", "no_samples",
     '{"samples": [{"instruction": "<Frage>", "output": "<Antwort>"}]}'),
    ("the question as its own answer", "no_samples",
     '{"samples": [{"instruction": "JOULE?", "output": "JOULE?"}]}'),
    ("an instruction that is a number", "no_samples",
     '{"samples": [{"instruction": "1", "output": "Joule."}]}'),
    ("an object as an answer", "no_samples",
     '{"samples": [{"instruction": "Was ist ein Joule?", "output": {"wert": "Eine Einheit", "quelle": "Text"}}]}'),
    ("a key swallowed by a value", "no_samples",
     '{"samples": [{"instruction": "Was ist ein Joule\\", \\"output\\": \\"Eine Einheit", "output": "Ein Newtonmeter."}]}'),
    ("only questions", "no_samples",
     '{"fragen": ["Was ist Energie?", "Was ist Arbeit?"]}'),
    ("a list of questions and a farewell", "no_json",
     '1. ENERGY?\n2. JOULE?\n3. MOTOR?\n\nIch hoffe, das hilft!'),
    ("numbered questions, the last answer of which breaks off", "cut_off",
     '1. ENERGY?\n   ENERGY!\n2. MOTOR?\n   Weil ein großer Teil'),
    ("questions in pairs", "no_samples",
     '[["ENERGY?", "JOULE?"], ["MOTOR?", "Was ist Licht?"]]'),
    ("pairs without names that are cut", "cut_off",
     '[["ENERGY?", "ENERGY!"], ["MOTOR?", "Weil ein'),
    ("two lists of different length", "no_samples",
     '{"questions": ["ENERGY?", "JOULE?"], "answers": ["ENERGY!"]}'),
    ("nothing", "empty",
     ' \n'),
]  # fmt: skip

RECOVERABLE = [Written(name, filled(text), pairs) for name, pairs, text in _RECOVERABLE]
BEYOND_REPAIR = [Written(name, filled(text), problem=problem) for name, problem, text in _BEYOND_REPAIR]
