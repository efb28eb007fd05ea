"""Jobs: states, lanes, fairness, and the races between people and work."""

import errno
import threading
import time

import pytest

from core.jobs.job import ACCELERATOR, Job, JobState, WorkInterrupted
from core.jobs.runner import JobRunner
from tests.core.waiting import wait_for
from utils.errors import AppError


@pytest.fixture
def runner():
    runner = JobRunner()
    yield runner
    runner.shutdown(timeout=5)


class Gate:
    """Work that waits to be let through, so that a test decides what happens when."""

    def __init__(self, items=1):
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


def state(runner, job):
    return runner.get(job.id).state


def ended(runner, job):
    return runner.wait(job.id, timeout=10)


def done(runner, work, **options):
    """How a job ended that does this work."""
    return ended(runner, runner.start(Job("train", "p", work, **options)))


def failing(error):
    def work(context):
        raise error

    return work


def paused(runner, gate):
    """A job that was paused while it worked on its first item."""
    job = runner.start(Job("train", "p", gate))
    assert gate.reached.acquire(timeout=10)
    runner.pause(job.id)
    gate.let_through.release()
    ended(runner, job)
    return job


def test_a_job_runs_and_its_result_progress_and_log_are_seen(runner):
    def work(context):
        context.progress(1, 2, "half", name="a")
        context.log("line", number=1)
        context.metric(step=1, loss=0.5)
        return {"answer": 42}

    end = done(runner, work)
    assert (end.state, end.result, end.fraction) == (JobState.DONE, {"answer": 42}, 0.5)
    assert (end.message.key, end.message.params) == ("half", {"name": "a"})
    assert [line.key for line in end.log] == ["line"]
    assert end.metrics == ({"step": 1, "loss": 0.5},)
    runner.cancel(end.id)
    runner.pause(end.id)
    assert runner.get(end.id) == end, "nothing stops what is finished"
    ended(runner, runner.start(Job("export", "p", work)))
    done(runner, work)
    kept = [(len(job.log), len(job.metrics), job.result) for job in runner.jobs()]
    assert kept == [(0, 0, end.result), (1, 1, end.result), (1, 1, end.result)], "log and curve of the newest only"


def test_pause_during_the_last_item_still_finishes(runner):
    assert state(runner, paused(runner, Gate(items=1))) == JobState.DONE


def test_pause_stops_between_items_and_resume_makes_up_only_what_is_missing(runner):
    gate = Gate(items=3)
    job = paused(runner, gate)
    assert (state(runner, job), gate.done) == (JobState.PAUSED, 1)
    with pytest.raises(AppError, match="job_is_paused"):
        runner.start(Job("train", "p", Gate()))
    gate.let_through.release(2)
    runner.resume(job.id)
    assert ended(runner, job).result == {"done": 3}


def test_what_is_queued_waits_for_resume_when_it_is_paused_and_never_runs_when_it_is_cancelled(runner):
    first, second, third = Gate(), Gate(), Gate()
    blocking, waiting, cancelled = (
        runner.start(Job("train", name, gate, ACCELERATOR))
        for name, gate in zip("abc", (first, second, third), strict=True)
    )
    runner.pause(waiting.id)
    runner.cancel(cancelled.id)
    first.let_through.release()
    ended(runner, blocking)
    assert (state(runner, waiting), state(runner, cancelled)) == (JobState.PAUSED, JobState.CANCELLED)
    runner.resume(waiting.id)
    second.let_through.release()
    assert ended(runner, waiting).state == JobState.DONE
    assert not third.reached.acquire(timeout=0.1)


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


def test_the_accelerator_serves_one_job_at_a_time_and_other_lanes_go_on(runner):
    training, waiting, documents = Gate(), Gate(), Gate()
    runner.start(Job("train", "a", training, ACCELERATOR))
    queued = runner.start(Job("train", "b", waiting, ACCELERATOR))
    beside = runner.start(Job("rag", "b", documents))
    documents.let_through.release()
    assert ended(runner, beside).state == JobState.DONE
    assert runner.get(queued.id).queue_position == 1
    training.let_through.release()
    waiting.let_through.release()
    assert ended(runner, queued).state == JobState.DONE


def test_one_persons_second_job_does_not_overtake_another_persons_first(runner):
    order = []
    hold = Gate()
    runner.start(Job("train", "hold", hold, ACCELERATOR, owner="anna"))
    jobs = [
        runner.start(Job("train", name, lambda _, name=name: order.append(name) or {}, ACCELERATOR, owner=name[:-2]))
        for name in ("anna-2", "anna-3", "ben-1", "ben-2")
    ]
    assert [runner.get(job.id).queue_position for job in jobs] == [2, 4, 1, 3]
    hold.let_through.release()
    for job in jobs:
        ended(runner, job)
    assert order == ["ben-1", "anna-2", "ben-2", "anna-3"]


def test_an_app_error_fails_the_job_with_its_sentence_and_resume_tries_again(runner):
    attempts = []

    def work(context):
        attempts.append(1)
        if len(attempts) == 1:
            raise AppError("disk_full", free_gib=0)
        return {}

    followed = []
    failed = done(runner, work, then=lambda: followed.append(1))
    assert (failed.state, failed.error.key, failed.error.params) == (JobState.FAILED, "disk_full", {"free_gib": 0})
    assert followed == [], "nothing follows from a job that failed"
    runner.resume(failed.id)
    assert ended(runner, failed).state == JobState.DONE


@pytest.mark.parametrize(
    ("error", "state", "key", "params", "is_bug"),
    [
        (ZeroDivisionError(), JobState.FAILED, "internal", {"kind": "ZeroDivisionError"}, True),
        (WorkInterrupted(AppError("child_killed")), JobState.INTERRUPTED, "child_killed", {}, False),
        (OSError(errno.EROFS, "x", "/media/s/p/a"), JobState.FAILED, "disk_read_only", {"file": "s/p/a"}, False),
    ],
)
def test_work_that_ends_badly_is_told_in_words_and_only_a_bug_leaves_its_traceback_in_the_log(
    runner, caplog, error, state, key, params, is_bug
):
    end = done(runner, failing(error))
    assert (end.state, end.error.key, end.error.params) == (state, key, params)
    assert ("Traceback" in caplog.text) is is_bug


def test_a_paused_or_failed_job_can_be_given_up_and_tells_its_folder(runner):
    abandoned = []
    waiting = runner.adopt(Job("rag", "p", Gate(), abandon=lambda: abandoned.append("rag")), JobState.PAUSED)
    failed = done(runner, failing(AppError("disk_full")), abandon=lambda: abandoned.append("train"))
    for job in (waiting, failed):
        runner.cancel(job.id)
        assert state(runner, job) == JobState.CANCELLED
    assert abandoned == ["rag", "train"]


def test_shutdown_pauses_what_runs_and_what_waits_and_takes_nothing_new():
    runner = JobRunner()
    running, waiting = Gate(items=2), Gate()
    first = runner.start(Job("train", "a", running, ACCELERATOR))
    second = runner.start(Job("train", "b", waiting, ACCELERATOR))
    assert running.reached.acquire(timeout=10)
    closing = threading.Thread(target=runner.shutdown)
    closing.start()
    wait_for(lambda: runner.get(first.id).stopping == "pause")
    running.let_through.release()
    closing.join(timeout=10)
    assert state(runner, first) == state(runner, second) == JobState.PAUSED
    with pytest.raises(AppError, match="app_is_closing"):
        runner.start(Job("rag", "c", Gate()))


def test_a_resumed_trainings_points_replace_those_it_repeats(runner):
    def work(context):
        for step in (1, 2, 3):
            context.metric(step=step, loss=9.0)
        context.metric(step=3, eval_loss=8.0)
        for step in (2, 3):
            context.metric(step=step, loss=float(step))
        context.metric(step=3, eval_loss=7.0)  # beside the other point of its step
        return {}

    points = [{"step": 1, "loss": 9.0}, {"step": 2, "loss": 2.0}, {"step": 3, "loss": 3.0}]
    assert done(runner, work).metrics == (*points, {"step": 3, "eval_loss": 7.0})


def test_a_busy_project_or_job_cannot_be_forgotten_and_a_resting_one_can(runner):
    gate = Gate()
    job = runner.start(Job("count", "p", gate))
    with pytest.raises(AppError, match="project_busy"), runner.forgetting_project("p"):
        pytest.fail("renamed while a job runs")
    with pytest.raises(AppError, match="job_already_running"):
        runner.forget(job.id)
    gate.let_through.release()
    ended(runner, job)
    with pytest.raises(AppError, match="project_exists"), runner.forgetting_project("p"):
        raise AppError("project_exists", name="q")
    assert len(runner.jobs("p")) == 1
    other = done(runner, lambda _: {})
    for _ in range(2):  # the second time it is gone already
        runner.forget(other.id)
    assert [found.id for found in runner.jobs()] == [job.id]
    with runner.forgetting_project("p"):
        pass
    assert runner.jobs("p") == []


def test_the_rate_is_that_of_this_stretch_and_steps_that_had_piled_up_say_nothing_of_it(runner):
    seen = []

    def work(context):
        for steps in (50, 51, 52):  # found on disk, or told at once
            context.progress(steps, 100)
        seen.append(runner.get("fixed"))
        time.sleep(0.05)
        context.progress(60, 100)
        seen.append(runner.get("fixed"))
        return {}

    done(runner, work, id="fixed")
    at_first, later = seen
    assert at_first.rate is None
    assert 0 < later.rate <= 10 / 0.05
    assert later.eta_seconds == pytest.approx(40 / later.rate)


def test_what_was_prepared_before_the_steps_were_counted_says_nothing_of_their_rate(runner, monkeypatch):
    monkeypatch.setattr("core.jobs.record.BURST_SECONDS", 1e-9)
    rates = []

    def work(context):
        for steps, total in ((0, None), (2, 100), (3, 100)):
            context.progress(steps, total)
            rates.append(runner.get("fixed").rate)
        return {}

    done(runner, work, id="fixed")
    assert rates[:2] == [None, None] and rates[2]


@pytest.mark.parametrize("every", [7, 10, 11])
def test_a_long_curve_is_thinned_and_what_was_tested_is_kept(runner, monkeypatch, every):
    monkeypatch.setattr("core.jobs.record.METRICS_KEPT", 200)

    def work(context):
        for step in range(1, 301):
            context.metric(step=step, loss=1.0)
            if step % every == 0:
                context.metric(step=step, epoch=step / every, eval_loss=1.0)
        return {}

    points = done(runner, work).metrics
    assert len(points) < 260
    assert [point["step"] for point in points if "eval_loss" in point] == list(range(every, 301, every))


def test_what_follows_from_a_job_is_under_way_when_the_job_says_that_it_is_done(runner):
    gate = Gate()
    follower = Job("measure", "p", gate)
    assert done(runner, lambda _: {}, then=lambda: runner.start(follower)).state == JobState.DONE
    assert state(runner, follower) == JobState.RUNNING
    gate.let_through.release()


def test_work_that_is_done_stays_done_when_what_follows_is_refused(runner):
    end = done(runner, lambda _: {"counted": 1}, then=lambda: failing(AppError("documents_running"))(None))
    assert (end.state, end.result) == (JobState.DONE, {"counted": 1})
