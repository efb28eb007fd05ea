"""Go templates, filled in as Ollama does. What is expected was worked out from text/template and Ollama's source."""

import pytest

from core.ollama.go_template import UnsupportedTemplate, fill

ASKED = [{"role": "user", "content": "a"}]
FOLLOWED = [*ASKED, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]

# The form in which Ollama's own library writes a ChatML template.
LIBRARY = """{{- if .System }}<|im_start|>system
{{ .System }}<|im_end|>
{{ end }}
{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 -}}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ if .Content }}{{ .Content }}
{{- else if .ToolCalls }}never{{ end }}{{ if not $last }}<|im_end|>
{{ end }}
{{- end }}
{{- if and (ne .Role "assistant") $last }}<|im_start|>assistant
{{ end }}
{{- end }}"""


def test_a_template_of_ollamas_library_gives_chatml() -> None:
    assert fill(LIBRARY, FOLLOWED, "s") == (
        "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n"
        "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_template_without_messages_is_filled_in_for_each_turn_and_cut_at_its_last_response() -> None:
    template = "{{ if .System }}S:{{ .System }} {{ end }}{{ if .Prompt }}U:{{ .Prompt }} {{ end }}A:{{ .Response }};"
    assert fill(template, FOLLOWED, "s") == "S:s U:a A:b;U:c A:"


def test_a_template_that_names_no_response_gets_one_at_its_end() -> None:
    assert fill("[{{ .Prompt }}]", FOLLOWED) == "[a]b[c]"


def test_messages_of_one_role_are_joined_and_a_system_text_in_the_messages_wins() -> None:
    messages = [{"role": "system", "content": "x"}, *ASKED, {"role": "user", "content": "b"}]
    template = '{{ .System }}|{{ range .Messages }}{{ if eq .Role "user" }}{{ .Content }}{{ end }}{{ end }}'
    assert fill(template, messages, "of the model") == "x|a\n\nb"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{{ "{{" }} {{ .Prompt }}', "{{ a"),
        ("x {{- /* a remark */ -}} y {{ .Prompt }}", "xy a"),
        ("{{ if or .Think (gt (len .Prompt) 3) }}long{{ else }}short{{ end }}", "short"),
        ("{{ with_nothing }}", None),
        ("{{ if .Prompt }}", None),
        ("{{ .Prompt | printf }}", None),
        ("{{ .Unknown }}", None),
        ("{{ $x = 1 }}", None),
        ("a {{ b", None),
        ("{{ end }}", None),
    ],
)
def test_what_is_not_understood_is_refused_and_never_guessed(template: str, expected: str | None) -> None:
    if expected is not None:
        assert fill(template, ASKED).removesuffix("a" if template.endswith("end }}") else "") == expected
        return
    with pytest.raises(UnsupportedTemplate):
        fill(template, ASKED)
