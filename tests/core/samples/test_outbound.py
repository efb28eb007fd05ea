from core.documents.store.chunk_store import Chunk
from core.project_manager import ProjectStore
from core.samples.drafts import Task
from core.samples.outbound import OutboundLog, log_file, summary
from core.samples.providers.chat import ChatRequest

REQUEST = ChatRequest(({"role": "user", "content": "Frage über den Text"},), None, 0.7, 1, 100)


def test_what_left_the_machine_is_summed_up_by_place_and_document(tmp_path):
    project = ProjectStore(tmp_path).create("p")
    assert summary(project) == []
    log = OutboundLog(project, "openrouter.ai", "m")
    for number in range(3):
        log(Task(Chunk(number, "a.pdf", number, "Text", {"page": number}), 0), REQUEST)
    log(Task(None, 0), REQUEST)
    OutboundLog(project, "192.168.1.5:11434", "llama")(Task(Chunk(9, "b.pdf", 0, "Text", {}), 0), REQUEST)
    cloud, neighbour = summary(project)
    assert (cloud.place, cloud.requests, cloud.characters) == ("openrouter.ai", 4, 4 * 19)
    assert (cloud.documents, cloud.models) == ({"a.pdf": 3}, {"m"})
    assert neighbour.place == "192.168.1.5:11434" and cloud.first <= cloud.last


def test_a_line_that_was_torn_by_a_kill_costs_only_itself(tmp_path):
    project = ProjectStore(tmp_path).create("p")
    OutboundLog(project, "a", "m")(Task(None, 0), REQUEST)
    with log_file(project).open("a") as file:
        file.write('{"at": 3, "pla')
    OutboundLog(project, "a", "m")(Task(None, 0), REQUEST)
    assert [found.requests for found in summary(project)] == [2]
