"""Go templates, filled in as Ollama does. What is expected was worked out from text/template and Ollama's source."""

import pytest

from core.export.go_language import UnsupportedTemplate
from core.export.go_template import fill

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


def test_a_template_of_ollamas_library_gives_chatml():
    assert fill(LIBRARY, FOLLOWED, "s") == (
        "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n"
        "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n"
    )


def test_messages_of_one_role_are_joined_and_a_system_text_at_their_beginning_wins():
    """Ollama looks at the first message only."""
    messages = [{"role": "system", "content": "x"}, *ASKED, {"role": "user", "content": "b"}]
    template = '{{ .System }}|{{ range .Messages }}{{ if eq .Role "user" }}{{ .Content }}{{ end }}{{ end }}'
    assert fill(template, messages, "of the model") == "x|a\n\nb"
    messages = [*ASKED, {"role": "system", "content": "later"}, *ASKED]
    assert fill("{{ .System }}|{{ len .Messages }}", messages, "own") == "own\n\nlater|4"


# In the form of several of Ollama's own: what the first question is asked with is kept in a variable until then.
KEPT = """{{- $system := "" }}
{{- range .Messages }}
{{- if eq .Role "system" }}
{{- if not $system }}{{ $system = .Content }}
{{- else }}{{ $system = printf "%s + %s" $system .Content }}
{{- end }}
{{- continue }}
{{- else if eq .Role "user" }}<user>{{ if $system }}{{ $system }}: {{ $system = "" }}{{ end }}
{{- else }}<model>{{ end }}
{{- .Content }}
{{- end }}<model>"""


def test_a_variable_is_set_where_it_was_declared_and_not_in_the_block_that_sets_it():
    assert fill(KEPT, FOLLOWED, "s") == "<user>s: a<model>b<user>c<model>"
    twice = [{"role": "system", "content": "x"}, *ASKED, {"role": "system", "content": "y"}, *ASKED]
    assert fill(KEPT, twice) == "<user>x: a<user>y: a<model>"


def test_a_template_without_messages_is_filled_in_for_each_turn_and_cut_at_its_last_response():
    template = "{{ if .System }}S:{{ .System }} {{ end }}{{ if .Prompt }}U:{{ .Prompt }} {{ end }}A:{{ .Response }};"
    assert fill(template, FOLLOWED, "s") == "S:s U:a A:b;U:c A:"
    assert fill("[{{ .Prompt }}]", FOLLOWED) == "[a]b[c]"  # one that names no response gets one at its end
    # What is left out behind the response goes by the text and not by the branch.
    template = "U:{{ .Prompt }} A:{{ if .Response }}{{ .Response }}<end>{{ end }} and more"
    assert fill(template, FOLLOWED) == "U:a A:b<end> and moreU:c A:"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{{ "{{" }} {{ .Prompt }}', "{{ a"),
        ("x {{- /* a remark */ -}} y {{ .Prompt }}", "xy a"),
        ("{{ if or .Think (gt (len .Prompt) 3) }}long{{ else }}short{{ end }}", "short"),
        ("{{ range .Tools }}never{{ else }}no tools {{ end }}{{ .Prompt }}", "no tools a"),
        ("{{ with .Prompt }}<{{ . }}>{{ end }}{{ with .System }}never{{ end }} {{ .Prompt }}", "<a> a"),
        ("{{ $x := 1 }}{{ if .Prompt }}{{ $x := 2 }}{{ $x = 3 }}{{ end }}{{ $x }} {{ .Prompt }}", "1 a"),
        ("{{ range .Messages }}{{ (index $.Messages 0).Content }}{{ break }}{{ end }}", "a"),
        ('{{ printf "%d%% %v" 5 .Prompt }}{{ .Response }}', "5% a"),
        ('{{ if eq (len "ü") 2 }}bytes {{ end }}{{ .Prompt }}', "bytes a"),
    ],
)
def test_what_is_understood_is_filled_in_as_go_does(template, expected):
    assert fill(template, ASKED) == expected


@pytest.mark.parametrize(
    "template",
    [
        *(
            *('{{ printf "%q" .Prompt }}', '{{ printf "%" }}', '{{ "\\a" }}', "{{ slice .Prompt 1 }}"),
            "{{ index .Messages -1 }}",
        ),
        *("{{ range .Messages }}{{ slice $.Messages 2 }}{{ end }}", "{{ .Prompt }}{{ json .Response }}"),
        "{{ range .Messages }}{{ .Content }}{{ end }}{{ .Prompt }}",
        *("{{ with_nothing }}", "{{ if .Prompt }}", "{{ .Prompt | printf }}", "{{ .Unknown }}", "{{ $x = 1 }}"),
        "{{ .Prompt }}{{ if .Response }}{{ .Response }}{{ else }}none{{ end }}",
        *("a {{ b", "{{ end }}", '{{ "a }} {{ .Prompt }}', "{{" + " " * 50_000, "{{" + "/**/" * 10_000 + '"'),
    ],
)
def test_what_is_not_understood_is_refused_and_never_guessed(template):
    with pytest.raises(UnsupportedTemplate):
        fill(template, ASKED)
