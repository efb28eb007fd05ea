"""What all places of a page share is found out once."""

from ui import layout
from ui.page.parts import shown


def test_the_machine_is_asked_once_however_many_places_tell_of_it(services, view, monkeypatch):
    """Each drawing of the training's screen started the tool of the GPU."""
    asked, ask = [], services.hardware
    monkeypatch.setattr(services, "hardware", lambda: (asked.append(1), ask())[1])
    for part in (layout.FRAME, *layout.SCREENS.values()):
        for render in part.places.values():
            shown(render, view())
    assert 1 <= len(asked) <= 2  # ten seconds may end meanwhile
