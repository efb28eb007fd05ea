"""Jobs: states, lanes, fairness, and the races between people and work."""

import errno
import threading
import time

import pytest

from core.jobs.job import ACCELERATOR, Job, JobState, WorkInterrupted
from core.jobs.runner import JobRunner
from utils.errors import AppError


@pytest.fixture
def runner():
    runner = JobRunner()
    yield runner
    runner.shutdown(timeout=5)


class Gate:
    """Work that waits to be let through, so that a test decides what happens when."""

    def __init__(self, items: int = 1) -> None:
        self.reached = threading.Semaphore(0)
        self.let_through = threading.Semaphore(0)
        self.items = items
        self.done = 0

    def __call__(self, context):
        while self.done < self.items:
            context.checkpoint()
            self.reached.release()
            assert self.let_through.acquire(timeout=10)
            self.done += 1
            context.progress(self.done, self.items)
        return {"done": self.done}


def wait_until_reached(gate: Gate) -> None:
    assert gate.reached.acquire(timeout=10)


def wait_until(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.001)


def test_a_job_runs_and_its_result_progress_and_log_are_seen(runner):
    def work(context):
        context.progress(1, 2, "half", name="a")
        context.log("line", number=1)
        context.metric(step=1, loss=0.5)
        return {"answer": 42}

    end = runner.wait(runner.start(Job("count", "p", work)).id, timeout=10)
    assert end.state == JobState.DONE
    assert end.result == {"answer": 42}
    assert end.fraction == 0.5
    assert (end.message.key, end.message.params) == ("half", {"name": "a"})
    assert [line.key for line in end.log] == ["line"]
    assert end.metrics == ({"step": 1, "loss": 0.5},)


def test_an_app_that_stays_open_keeps_log_and_curve_of_the_newest_job_of_a_kind_only(runner):
    def work(context):
        context.log("line")
        context.metric(step=1, loss=0.5)
        return {"answer": 42}

    first, other, second = (
        runner.wait(runner.start(Job(kind, "p", work)).id, timeout=10) for kind in ("train", "export", "train")
    )
    earlier = runner.get(first.id)
    assert (earlier.log, earlier.metrics, earlier.result) == ((), (), {"answer": 42})
    assert len(runner.get(second.id).metrics) == len(runner.get(other.id).metrics) == 1


def test_pause_during_the_last_item_still_finishes(runner):
    gate = Gate(items=1)
    job = runner.start(Job("count", "p", gate))
    wait_until_reached(gate)
    runner.pause(job.id)
    gate.let_through.release()
    assert runner.wait(job.id, timeout=10).state == JobState.DONE


def test_pause_stops_between_items_and_resume_makes_up_only_what_is_missing(runner):
    gate = Gate(items=3)
    job = runner.start(Job("count", "p", gate))
    wait_until_reached(gate)
    runner.pause(job.id)
    gate.let_through.release()
    assert runner.wait(job.id, timeout=10).state == JobState.PAUSED
    assert gate.done == 1
    gate.let_through.release(2)
    runner.resume(job.id)
    assert runner.wait(job.id, timeout=10).result == {"done": 3}


def test_cancel_while_queued_never_runs_the_work(runner):
    first, second = Gate(), Gate()
    runner.start(Job("train", "a", first, ACCELERATOR))
    waiting = runner.start(Job("train", "b", second, ACCELERATOR))
    assert runner.get(waiting.id).state == JobState.QUEUED
    runner.cancel(waiting.id)
    assert runner.get(waiting.id).state == JobState.CANCELLED
    first.let_through.release()
    assert not second.reached.acquire(timeout=0.2)


def test_pause_while_queued_waits_for_resume_and_then_runs(runner):
    first, second = Gate(), Gate()
    blocking = runner.start(Job("train", "a", first, ACCELERATOR))
    waiting = runner.start(Job("train", "b", second, ACCELERATOR))
    runner.pause(waiting.id)
    first.let_through.release()
    runner.wait(blocking.id, timeout=10)
    assert runner.get(waiting.id).state == JobState.PAUSED
    runner.resume(waiting.id)
    second.let_through.release()
    assert runner.wait(waiting.id, timeout=10).state == JobState.DONE


def test_two_starts_at_once_give_one_job(runner):
    gate = Gate()
    barrier = threading.Barrier(8)
    started, refused = [], []

    def press_start():
        barrier.wait()
        try:
            started.append(runner.start(Job("train", "p", gate)))
        except AppError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=press_start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1
    assert refused == ["job_already_running"] * 7
    gate.let_through.release()


def test_a_paused_job_refuses_a_second_start_with_its_own_reason(runner):
    gate = Gate(items=2)
    job = runner.start(Job("train", "p", gate))
    wait_until_reached(gate)
    runner.pause(job.id)
    gate.let_through.release()
    runner.wait(job.id, timeout=10)
    with pytest.raises(AppError, match="job_is_paused"):
        runner.start(Job("train", "p", Gate()))


def test_the_accelerator_serves_one_job_at_a_time_and_other_lanes_go_on(runner):
    training, waiting, documents = Gate(), Gate(), Gate()
    runner.start(Job("train", "a", training, ACCELERATOR))
    queued = runner.start(Job("train", "b", waiting, ACCELERATOR))
    beside = runner.start(Job("rag", "b", documents))
    documents.let_through.release()
    assert runner.wait(beside.id, timeout=10).state == JobState.DONE
    assert runner.get(queued.id).queue_position == 1
    training.let_through.release()
    waiting.let_through.release()
    assert runner.wait(queued.id, timeout=10).state == JobState.DONE


def test_one_persons_second_job_does_not_overtake_another_persons_first(runner):
    order = []
    hold = Gate()

    def note(name):
        return lambda context: order.append(name) or {}

    runner.start(Job("train", "hold", hold, ACCELERATOR, owner="anna"))
    jobs = [
        runner.start(Job("train", name, note(name), ACCELERATOR, owner=owner))
        for name, owner in (("anna-2", "anna"), ("anna-3", "anna"), ("ben-1", "ben"), ("ben-2", "ben"))
    ]
    assert [runner.get(job.id).queue_position for job in jobs] == [2, 4, 1, 3]
    hold.let_through.release()
    for job in jobs:
        runner.wait(job.id, timeout=10)
    assert order == ["ben-1", "anna-2", "ben-2", "anna-3"]


def test_an_app_error_fails_the_job_with_its_sentence_and_resume_tries_again(runner):
    attempts = []

    def work(context):
        attempts.append(1)
        if len(attempts) == 1:
            raise AppError("disk_full", free_gib=0)
        return {}

    job = runner.start(Job("train", "p", work))
    failed = runner.wait(job.id, timeout=10)
    assert (failed.state, failed.error.key, failed.error.params) == (JobState.FAILED, "disk_full", {"free_gib": 0})
    runner.resume(job.id)
    assert runner.wait(job.id, timeout=10).state == JobState.DONE


def test_a_bug_in_the_work_ends_the_job_and_leaves_its_traceback_in_the_log(runner, caplog):
    job = runner.start(Job("train", "p", lambda context: 1 / 0))
    failed = runner.wait(job.id, timeout=10)
    assert (failed.state, failed.error.key) == (JobState.FAILED, "internal")
    assert "ZeroDivisionError" in caplog.text


def test_lost_work_is_interrupted_and_says_why(runner):
    def work(context):
        raise WorkInterrupted(AppError("child_killed"))

    end = runner.wait(runner.start(Job("train", "p", work)).id, timeout=10)
    assert (end.state, end.error.key) == (JobState.INTERRUPTED, "child_killed")


def test_cancelling_a_paused_job_tells_its_folder(runner):
    abandoned = []
    job = runner.adopt(Job("train", "p", Gate(), abandon=lambda: abandoned.append(1)), JobState.PAUSED)
    runner.cancel(job.id)
    assert runner.get(job.id).state == JobState.CANCELLED
    assert abandoned == [1]


def test_a_failed_job_can_be_given_up(runner):
    def fail(context):
        raise AppError("disk_full")

    abandoned = []
    job = runner.start(Job("train", "p", fail, abandon=lambda: abandoned.append(1)))
    runner.wait(job.id, timeout=10)
    runner.cancel(job.id)
    assert runner.get(job.id).state == JobState.CANCELLED
    assert abandoned == [1]


def test_cancelling_or_pausing_a_finished_job_changes_nothing(runner):
    job = runner.start(Job("count", "p", lambda context: {}))
    end = runner.wait(job.id, timeout=10)
    runner.cancel(job.id)
    runner.pause(job.id)
    assert runner.get(job.id) == end


def test_shutdown_pauses_what_runs_and_what_waits_and_takes_nothing_new():
    runner = JobRunner()
    running, waiting = Gate(items=2), Gate()
    first = runner.start(Job("train", "a", running, ACCELERATOR))
    second = runner.start(Job("train", "b", waiting, ACCELERATOR))
    wait_until_reached(running)
    closing = threading.Thread(target=runner.shutdown)
    closing.start()
    wait_until(lambda: runner.get(first.id).stopping == "pause")
    running.let_through.release()
    closing.join(timeout=10)
    assert runner.get(first.id).state == JobState.PAUSED
    assert runner.get(second.id).state == JobState.PAUSED
    with pytest.raises(AppError, match="app_is_closing"):
        runner.start(Job("rag", "c", Gate()))


def test_a_resumed_trainings_points_replace_those_it_repeats(runner):
    def work(context):
        for step in (1, 2, 3):
            context.metric(step=step, loss=9.0)
        context.metric(step=3, eval_loss=8.0)
        for step in (2, 3):
            context.metric(step=step, loss=float(step))
        return {}

    end = runner.wait(runner.start(Job("train", "p", work)).id, timeout=10)
    assert end.metrics == ({"step": 1, "loss": 9.0}, {"step": 2, "loss": 2.0}, {"step": 3, "loss": 3.0})


def test_an_evaluation_at_a_logged_step_keeps_both_points(runner):
    def work(context):
        context.metric(step=2, loss=1.0)
        context.metric(step=2, eval_loss=2.0)
        return {}

    end = runner.wait(runner.start(Job("train", "p", work)).id, timeout=10)
    assert len(end.metrics) == 2


def test_a_snapshot_does_not_change_when_the_job_does(runner):
    gate = Gate(items=2)
    job = runner.start(Job("count", "p", gate))
    wait_until_reached(gate)
    before = runner.get(job.id)
    gate.let_through.release(2)
    after = runner.wait(job.id, timeout=10)
    assert (before.state, before.done) == (JobState.RUNNING, 0)
    assert after.version > before.version


def test_a_busy_project_cannot_be_forgotten_and_a_resting_one_can(runner):
    gate = Gate()
    job = runner.start(Job("count", "p", gate))
    with pytest.raises(AppError, match="project_busy"), runner.forgetting_project("p"):
        pytest.fail("renamed while a job runs")
    gate.let_through.release()
    runner.wait(job.id, timeout=10)
    with pytest.raises(AppError, match="project_exists"), runner.forgetting_project("p"):
        raise AppError("project_exists", name="q")
    assert len(runner.jobs("p")) == 1
    with runner.forgetting_project("p"):
        pass
    assert runner.jobs("p") == []


def test_eta_follows_from_the_rate_of_this_stretch(runner):
    seen = {}

    def work(context):
        context.progress(50, 100)  # found on disk: says nothing about speed
        time.sleep(0.05)
        context.progress(60, 100)
        seen["snapshot"] = runner.get(job_id[0])
        return {}

    job_id = ["fixed"]
    runner.wait(runner.start(Job("count", "p", work, id="fixed")).id, timeout=10)
    snapshot = seen["snapshot"]
    assert 0 < snapshot.rate <= 10 / 0.05
    assert snapshot.eta_seconds == pytest.approx(40 / snapshot.rate)


def test_steps_that_had_piled_up_do_not_look_as_if_they_were_done_in_no_time(runner):
    seen = []

    def work(context):
        for done in (1, 2, 3):
            context.progress(done, 100)
        seen.append(runner.get("fixed"))
        time.sleep(0.05)
        context.progress(4, 100)
        seen.append(runner.get("fixed"))
        return {}

    runner.wait(runner.start(Job("count", "p", work, id="fixed")).id, timeout=10)
    at_first, later = seen
    assert at_first.rate is None
    assert later.rate <= 3 / 0.05


def test_what_follows_from_a_job_is_under_way_when_the_job_says_that_it_is_done(runner):
    def work(context):
        return {}

    gate = Gate()
    follower = Job("measure", "p", gate)
    end = runner.wait(runner.start(Job("count", "p", work, then=lambda: runner.start(follower))).id, timeout=10)
    assert end.state == JobState.DONE
    assert runner.get(follower.id).state == JobState.RUNNING
    gate.let_through.release()


def test_nothing_follows_from_a_job_that_failed(runner):
    called = []

    def work(context):
        raise AppError("disk_full", free_gib=0, needed_gib=1)

    runner.wait(runner.start(Job("count", "p", work, then=lambda: called.append(1))).id, timeout=10)
    assert called == []


def test_work_that_is_done_stays_done_when_what_follows_is_refused(runner):
    def refuse():
        raise AppError("documents_running")

    end = runner.wait(runner.start(Job("count", "p", lambda context: {"counted": 1}, then=refuse)).id, timeout=10)
    assert (end.state, end.result) == (JobState.DONE, {"counted": 1})


def test_a_job_at_rest_can_be_forgotten_and_one_at_work_cannot(runner):
    done = runner.start(Job("count", "p", lambda _: {}))
    runner.wait(done.id, 10)
    runner.forget(done.id)
    runner.forget(done.id)  # it is gone already
    assert runner.jobs() == []
    started = threading.Event()

    def work(context):
        started.set()
        while True:
            context.checkpoint()
            time.sleep(0.01)

    busy = runner.start(Job("count", "p", work))
    assert started.wait(10)
    with pytest.raises(AppError, match="job_already_running"):
        runner.forget(busy.id)
    runner.cancel(busy.id)
    runner.wait(busy.id, 10)


def test_what_the_system_refuses_a_job_is_told_in_words_and_is_no_bug_in_the_log(runner, caplog):
    def work(context):
        raise OSError(errno.EROFS, "Read-only file system", "/media/stick/p/config.json")

    job = runner.start(Job("sft", "p", work))
    failed = runner.wait(job.id, timeout=10)
    assert (failed.state, failed.error.key) == (JobState.FAILED, "disk_read_only")
    assert failed.error.params == {"file": "stick/p/config.json"}
    assert "Traceback" not in caplog.text
