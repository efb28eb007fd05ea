from core.documents.store.chunk_store import Chunk
from core.samples.drafts import Task
from core.samples.outbound import log_file, note_request, summary
from core.samples.providers.chat import ChatRequest

REQUEST = ChatRequest(({"role": "user", "content": "Frage über den Text"},), None, 0.7, 1, 100)
NO_CHUNK = Task(None, 0)


def test_what_left_the_machine_is_summed_up_by_place_and_document(project):
    assert summary(project) == []
    for number in range(3):
        of_chunk = Task(Chunk(number, "a.pdf", number, "Text", {"page": number}), 0)
        note_request(project, "openrouter.ai", "m", of_chunk, REQUEST)
    with log_file(project).open("a") as file:
        file.write('{"at": 3, "pla')  # torn by a kill
    note_request(project, "openrouter.ai", "m", NO_CHUNK, REQUEST)
    note_request(project, "192.168.1.5:11434", "llama", NO_CHUNK, REQUEST)
    cloud, neighbour = summary(project)
    assert (cloud.place, cloud.requests, cloud.characters) == ("openrouter.ai", 4, 4 * 19)
    assert (cloud.documents, cloud.models) == ({"a.pdf": 3}, {"m"})
    assert neighbour.place == "192.168.1.5:11434" and cloud.first <= cloud.last
