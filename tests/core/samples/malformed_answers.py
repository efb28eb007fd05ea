# ruff: noqa: E501 (answers stand here as they were written)
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
    finished: bool = True
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

RECOVERABLE = [
    Written(
        "a fence with prose around it",
        'Natürlich! Hier sind zwei Frage-Antwort-Paare auf Basis des Textes:\n\n```json\n{\n  "samples": [\n    {\n'
        f'      "instruction": "{ENERGY.instruction}",\n      "output": "{ENERGY.output}"\n    }},\n    {{\n'
        f'      "instruction": "{JOULE.instruction}",\n      "output": "{JOULE.output}"\n    }}\n  ]\n}}\n```\n\n'
        "Ich hoffe, das hilft dir weiter! Wenn du weitere Beispiele {zu anderen Themen} brauchst, sag Bescheid.",
        (ENERGY, JOULE),
    ),
    Written(
        "a fence for each object",
        f'**Beispiel 1**\n```json\n{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}"}}\n```\n'
        f'**Beispiel 2**\n```\n{{"instruction": "{JOULE.instruction}", "output": "{JOULE.output}"}}\n```',
        (ENERGY, JOULE),
    ),
    Written(
        "German quotation marks closed with a straight one",
        '{"samples": [{"instruction": "Was bedeutet der Begriff „Wirkungsgrad"?", "output": "Der „Wirkungsgrad" ist das '
        'Verhältnis von nutzbarer zu zugeführter Energie."}, {"instruction": "Wie heißt „Bewegungsenergie" noch?", '
        '"output": "Man nennt sie auch „kinetische Energie"."}]}',
        (
            Pair(
                'Was bedeutet der Begriff „Wirkungsgrad"?',
                'Der „Wirkungsgrad" ist das Verhältnis von nutzbarer zu zugeführter Energie.',
            ),
            Pair('Wie heißt „Bewegungsenergie" noch?', 'Man nennt sie auch „kinetische Energie".'),
        ),
    ),
    Written(
        "a German quotation at the very end and before a comma",
        '{"samples": [{"instruction": "Wie lauten die Fachwörter für „Lage" und „Bewegung"", "output": "Es sind '
        '„potentiell", „kinetisch" und „elastisch""}]}',
        (
            Pair(
                'Wie lauten die Fachwörter für „Lage" und „Bewegung"',
                'Es sind „potentiell", „kinetisch" und „elastisch"',
            ),
        ),
    ),
    Written(
        "straight quotation marks inside",
        '{"samples": [{"instruction": "Was ist ein "Perpetuum mobile"?", "output": "Ein "Perpetuum mobile" ist eine '
        'erdachte Maschine, die "ewig" läuft, also ohne Zufuhr von Energie."}]}',
        (
            Pair(
                'Was ist ein "Perpetuum mobile"?',
                'Ein "Perpetuum mobile" ist eine erdachte Maschine, die "ewig" läuft, also ohne Zufuhr von Energie.',
            ),
        ),
    ),
    Written(
        "single quotes and an apostrophe",
        "{'samples': [{'instruction': 'Was besagt Newton's drittes Gesetz?', 'output': 'Zu jeder Kraft gibt's eine "
        "gleich große Gegenkraft.'}]}",
        (Pair("Was besagt Newton's drittes Gesetz?", "Zu jeder Kraft gibt's eine gleich große Gegenkraft."),),
    ),
    Written(
        "a Python literal with mixed quotes and None",
        "samples = [{'instruction': \"Was zeigt ein Pendel?\", 'input': None, 'output': 'Die Umwandlung von \"Höhen-\" in "
        "\"Bewegungsenergie\".', 'wahr': True}]",
        (Pair("Was zeigt ein Pendel?", 'Die Umwandlung von "Höhen-" in "Bewegungsenergie".'),),
    ),
    Written(
        "trailing commas and comments",
        f'{{\n  // Beispiele zum Text\n  "samples": [\n    {{ "instruction": "{JOULE.instruction}", # die "Frage"\n'
        f'      "output": "{JOULE.output}", }}, /* das war "leicht" */\n  ],\n}}',
        (JOULE,),
    ),
    Written(
        "missing commas",
        f'{{"samples": [{{"instruction": "{ENERGY.instruction}"\n "output": "{ENERGY.output}"}}\n'
        f'{{"instruction": "{JOULE.instruction}" "output": "{JOULE.output}"}}]}}',
        (ENERGY, JOULE),
    ),
    Written(
        "line breaks in strings",
        '{"samples": [{"instruction": "Nenne drei Energieformen.", "output": "Drei Formen sind:\n\n- Bewegungsenergie\n'
        '- „Höhenenergie"\n- chemische Energie\n"}]}',
        (
            Pair(
                "Nenne drei Energieformen.",
                'Drei Formen sind:\n\n- Bewegungsenergie\n- „Höhenenergie"\n- chemische Energie',
            ),
        ),
    ),
    Written(
        "an array at the top with German keys",
        f'[{{"Frage": "{JOULE.instruction}", "Antwort": "{JOULE.output}"}}, {{"Frage": "{MOTOR.instruction}", '
        f'"Antwort": "{MOTOR.output}"}}]',
        (JOULE, MOTOR),
    ),
    Written(
        "a single object with capitals and spaces in its keys",
        f'{{ " Instruction ": "{MOTOR.instruction}", "OUTPUT ": "{MOTOR.output}" }}',
        (MOTOR,),
    ),
    Written(
        "JSON lines",
        "\n".join(
            f'{{"prompt": "{pair.instruction}", "completion": "{pair.output}"}}' for pair in (ENERGY, JOULE, MOTOR)
        ),
        (ENERGY, JOULE, MOTOR),
    ),
    Written(
        "numbered objects",
        f'1. {{"question": "{ENERGY.instruction}", "answer": "{ENERGY.output}"}}\n'
        f'2. {{"question": "{JOULE.instruction}", "answer": "{JOULE.output}"}}',
        (ENERGY, JOULE),
    ),
    Written(
        "numbered objects with the hard quotation marks",
        '1. {"question": "Was ist „Reibung"?", "answer": "Eine Kraft, die „hemmt"."}\n\n2. {"question": "Und „Wärme"?", '
        '"answer": "„Wärme" ist übergehende Energie."}',
        (
            Pair('Was ist „Reibung"?', 'Eine Kraft, die „hemmt".'),
            Pair('Und „Wärme"?', '„Wärme" ist übergehende Energie.'),
        ),
    ),
    Written(
        "thinking before",
        '<think>\nDer Nutzer will JSON im Format {"samples": [{"instruction": "Was?", "output": "Dies hier.'
        f'"}}]}}. Also los.\n</think>\n\n{{"samples": [{{"instruction": "{JOULE.instruction}", "output": "{JOULE.output}"}}]}}',
        (JOULE,),
    ),
    Written(
        "thinking whose beginning the server took away",
        'Okay, let me think. Vielleicht {"instruction": "Wie heißt die Einheit?", "output": "Sie heißt Joule."} – nein.\n'
        f'</think>\n```json\n{{"samples": [{{"instruction": "{JOULE.instruction}", "output": "{JOULE.output}"}}]}}\n```',
        (JOULE,),
    ),
    Written(
        "messages",
        '{"messages": [{"role": "system", "content": "Du bist Physiklehrer."}, {"role": "user", "content": '
        f'"{ENERGY.instruction}"}}, {{"role": "assistant", "content": "{ENERGY.output}"}}, {{"role": "user", "content": '
        f'"{JOULE.instruction}"}}, {{"role": "assistant", "content": "{JOULE.output}"}}]}}',
        (Pair(ENERGY.instruction, ENERGY.output, ((JOULE.instruction, JOULE.output),)),),
    ),
    Written(
        "ShareGPT",
        f'{{"conversations": [{{"from": "human", "value": "{MOTOR.instruction}"}}, {{"from": "gpt", "value": '
        f'"{MOTOR.output}"}}]}}',
        (MOTOR,),
    ),
    Written(
        "follow-ups",
        f'{{"samples": [{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}", "follow_ups": [{{'
        f'"instruction": "{JOULE.instruction}", "output": "{JOULE.output}",}}, {{"instruction": "Und ein Watt?", "output": '
        '"Ein Watt ist „ein Joule je Sekunde"."}]}]}',
        (
            Pair(
                ENERGY.instruction,
                ENERGY.output,
                (
                    (JOULE.instruction, JOULE.output),
                    ("Und ein Watt?", 'Ein Watt ist „ein Joule je Sekunde".'),
                ),
            ),
        ),
    ),
    Written(
        "nested under other keys",
        f'{{"status": "ok", "anzahl": 2, "data": {{"qa_pairs": [{{"id": 1, "q": "{ENERGY.instruction}", "a": '
        f'"{ENERGY.output}", "schwierigkeit": "leicht"}}, {{"id": 2, "q": "{JOULE.instruction}", "a": "{JOULE.output}"}}]}}}}',
        (ENERGY, JOULE),
    ),
    Written(
        "JSON in a string",
        '{"samples": "[{\\"instruction\\": \\"Was misst man in Joule?\\", \\"output\\": \\"Die \\u201eEnergie\\u201c.\\"}]"}',
        (Pair("Was misst man in Joule?", "Die „Energie“."),),
    ),
    Written(
        "all of it in a string",
        '"{\\"samples\\": [{\\"instruction\\": \\"Was misst man in Joule?\\", \\"output\\": \\"Die Energie,\\nauch Wärme.\\"}]}"',
        (Pair("Was misst man in Joule?", "Die Energie,\nauch Wärme."),),
    ),
    Written(
        "escaped umlauts and entities",
        '{"samples": [{"instruction": "Was ist W\\u00e4rme?", "output": "W\\u00e4rme flie\\u00dft von hei\\u00df nach kalt '
        '&ndash; nie &quot;zur\\u00fcck&quot;."}]}',
        (Pair("Was ist Wärme?", "Wärme fließt von heiß nach kalt &ndash; nie &quot;zurück&quot;."),),
    ),
    Written(
        "byte order mark and zero-width spaces",
        f'\ufeff\u200b{{"samples":\u200b [{{"instruction": "{JOULE.instruction}",\u2060 "output": "{JOULE.output}"}}]}}\u200b',
        (JOULE,),
    ),
    Written(
        "typographic quotation marks everywhere",
        "{“samples”: [{“instruction”: “Was ist ein Joule?”, “output”: “Ein Joule ist ein ‚Newtonmeter‘, also Kraft mal "
        "Weg.”}]}",
        (Pair("Was ist ein Joule?", "Ein Joule ist ein ‚Newtonmeter‘, also Kraft mal Weg."),),
    ),
    Written(
        "keys without quotation marks",
        f'{{samples: [{{instruction: "{JOULE.instruction}", output: "{JOULE.output}"}}]}}',
        (JOULE,),
    ),
    Written(
        "a brace that was forgotten between two samples",
        f'{{"samples": [{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}",\n{{"instruction": '
        f'"{JOULE.instruction}", "output": "{JOULE.output}"}}]}}',
        (ENERGY, JOULE),
    ),
    Written(
        "one object for all samples",
        f'{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}", "instruction": "{JOULE.instruction}", '
        f'"output": "{JOULE.output}"}}',
        (ENERGY, JOULE),
    ),
    Written(
        "numbered keys",
        f'{{"frage_1": "{ENERGY.instruction}", "antwort_1": "{ENERGY.output}", "frage_2": "{JOULE.instruction}", '
        f'"antwort_2": "{JOULE.output}"}}',
        (ENERGY, JOULE),
    ),
    Written(
        "the last brackets forgotten, but the fence closed",
        f'```json\n{{"samples": [{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}"}}\n]\n```',
        (ENERGY,),
    ),
    Written(
        "one of three is broken",
        f'{{"samples": [{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}"}}, {{"instruction": "Was ist '
        f'ein Watt?", "output": ""}}, {{"instruction": "{JOULE.instruction}", "output": "{JOULE.output}"}}]}}',
        (ENERGY, JOULE),
    ),
    Written(
        "the example of the prompt repeated first",
        'Hier das Format: {"samples": [{"instruction": "...", "output": "..."}]}\n\n{"samples": [{"instruction": '
        f'"{JOULE.instruction}", "output": "{JOULE.output}"}}]}}',
        (JOULE,),
    ),
    Written(
        "an answer as a list of lines",
        '{"samples": [{"instruction": "Nenne Formen der Energie.", "output": ["1. Wärme", "2. Licht", "3. Bewegung"]}]}',
        (Pair("Nenne Formen der Energie.", "1. Wärme\n2. Licht\n3. Bewegung"),),
    ),
    Written(
        "guillemets and English quotation marks inside",
        '{"samples": [{"instruction": "Was heißt »Energie« auf Englisch?", "output": "Es heißt “energy”, französisch '
        '« énergie »."}]}',
        (Pair("Was heißt »Energie« auf Englisch?", "Es heißt “energy”, französisch « énergie »."),),
    ),
    Written(
        "a mark forgotten after a sentence",
        f'{{"samples": [{{"instruction": "{JOULE.instruction},\n "output": "{JOULE.output}"}}]}}',
        (JOULE,),
    ),
    Written(
        "Alpaca with an input",
        '{"instruction": "Rechne in Joule um.", "input": "2 Kilowattstunden", "output": "Das sind 7,2 Millionen Joule."}',
        (Pair("Rechne in Joule um.\n\n2 Kilowattstunden", "Das sind 7,2 Millionen Joule."),),
    ),
    Written(
        "plain text",
        f"Hier sind die Paare:\n\nFrage: {ENERGY.instruction}\nAntwort: {ENERGY.output}\n\nFrage: {JOULE.instruction}\n"
        f"Antwort: {JOULE.output}\n\nIch hoffe, diese Beispiele helfen dir weiter!",
        (ENERGY, JOULE),
    ),
    Written(
        "plain text with Markdown",
        f"### Beispiel 1\n**Frage 1:** {ENERGY.instruction}\n**Antwort 1:** {ENERGY.output}\n\n---\n\n### Beispiel 2\n"
        f"**Frage 2:** {JOULE.instruction}\n**Antwort 2:** {JOULE.output}",
        (ENERGY, JOULE),
    ),
    Written(
        "plain text with headings",
        f"### Frage\n{JOULE.instruction}\n\n### Antwort\n{JOULE.output}",
        (JOULE,),
    ),
    Written(
        "objects in the middle of sentences",
        'Gerne! {"instruction": "Was ist „Arbeit"?", "output": "Kraft mal Weg."} Und noch eins: {"instruction": "Was ist '
        '„Leistung"?", "output": "Das ist „Energie je Zeit"."} Mehr gibt der Text nicht her.',
        (
            Pair('Was ist „Arbeit"?', "Kraft mal Weg."),
            Pair('Was ist „Leistung"?', 'Das ist „Energie je Zeit".'),
        ),
    ),
    Written(
        "lines of a Windows file, tabs and a program with its own quotation marks",
        '{\r\n\t"samples": [\r\n\t\t{"instruction": "Wie grüßt man in Python?",\r\n\t\t"output": "So:\n\n```python\n'
        'print("hallo")\n```\nMehr braucht es nicht."}\r\n\t]\r\n}',
        (
            Pair(
                "Wie grüßt man in Python?",
                'So:\n\n```python\nprint("hallo")\n```\nMehr braucht es nicht.',
            ),
        ),
    ),
    Written(
        "a key without its second mark",
        f'{{"samples": [{{"instruction: "{JOULE.instruction}", "output": "{JOULE.output}"}}]}}',
        (JOULE,),
    ),
    Written(
        "a bracket for a brace",
        f'{{"samples": [{{"instruction": "{JOULE.instruction}", "output": "{JOULE.output}"]}}]}}',
        (JOULE,),
    ),
    Written(
        "a round mark at the end of a string",
        f'{{"samples": [{{"instruction": "{JOULE.instruction}“, "output": "{JOULE.output}“}}]}}',
        (JOULE,),
    ),
    Written(
        "code with braces and quotation marks in an answer",
        '{"samples": [{"instruction": "Wie gibt man x in Python aus?", "output": "Mit print():\\n```python\\nprint('
        'f\\"{x}\\")\\n```\\nDie geschweiften Klammern {} setzen „x" ein."}]}',
        (
            Pair(
                "Wie gibt man x in Python aus?",
                'Mit print():\n```python\nprint(f"{x}")\n```\nDie geschweiften Klammern {} setzen „x" ein.',
            ),
        ),
    ),
]

BEYOND_REPAIR = [
    Written("cut off by the server", RECOVERABLE[0].text, (), False, "cut_off"),
    Written(
        "cut in the second answer",
        f'{{"samples": [{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}"}}, {{"instruction": '
        f'"{MOTOR.instruction}", "output": "Weil ein großer Teil der Ener',
        problem="cut_off",
    ),
    Written(
        "cut between two samples",
        f'{{"samples": [{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}"}},',
        problem="cut_off",
    ),
    Written(
        "cut in a fence that was closed by nobody",
        f'```json\n[{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}"}}, {{"instr',
        problem="cut_off",
    ),
    Written(
        "JSON lines of which the last one is cut",
        f'{{"instruction": "{ENERGY.instruction}", "output": "{ENERGY.output}"}}\n{{"instruction": "Was i',
        problem="cut_off",
    ),
    Written(
        "plain text that breaks off",
        f"Frage: {ENERGY.instruction}\nAntwort: {ENERGY.output}\n\nFrage: {MOTOR.instruction}\nAntwort: Weil ein großer Teil",
        problem="cut_off",
    ),
    Written(
        "a schema that closed the string at the quotation mark",
        '{"samples": [{"instruction": "Wie nennt man das?", "output": "Man nennt das „Energie"}]}',
        problem="no_samples",
    ),
    Written("only thinking", "<think>Ich soll Fragen schreiben. Zuerst lese ich den Text", problem="empty"),
    Written(
        "a refusal",
        "Es tut mir leid, aber ich kann dazu keine Fragen schreiben. Der Text enthält keine Informationen.",
        problem="no_json",
    ),
    Written("placeholders", '{"samples": [{"instruction": "<Frage>", "output": "<Antwort>"}]}', problem="no_samples"),
    Written(
        "the question as its own answer",
        f'{{"samples": [{{"instruction": "{JOULE.instruction}", "output": "{JOULE.instruction}"}}]}}',
        problem="no_samples",
    ),
    Written(
        "an instruction that is a number",
        '{"samples": [{"instruction": "1", "output": "Joule."}]}',
        problem="no_samples",
    ),
    Written(
        "an object as an answer",
        '{"samples": [{"instruction": "Was ist ein Joule?", "output": {"wert": "Eine Einheit", "quelle": "Text"}}]}',
        problem="no_samples",
    ),
    Written(
        "a key swallowed by a value",
        '{"samples": [{"instruction": "Was ist ein Joule\\", \\"output\\": \\"Eine Einheit", "output": "Ein Newtonmeter."}]}',
        problem="no_samples",
    ),
    Written("only questions", '{"fragen": ["Was ist Energie?", "Was ist Arbeit?"]}', problem="no_samples"),
    Written("nothing", " \n", problem="empty"),
]
