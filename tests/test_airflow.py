"""A real Airflow on a real PostgreSQL runs the DAGs; the pipeline behind them is a stand-in."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from running import airflow
from warehouse import server

pytestmark = pytest.mark.airflow

REPOSITORY = Path(__file__).resolve().parent.parent
# `pipelines.flow` as the DAGs know it: says what it was asked, fails where a test wants it to.
STAND_IN = """
import json, os, pathlib
HERE = pathlib.Path(__file__).parent.parent

def import_everything():
    pass  # what the scheduler asks for before it forks

def note(name, *arguments):
    with (HERE / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps([name, *arguments]) + "\\n")

def open_period(period, at):
    note("open_period", period, at)
    return {"templates": 3}

def channel_names():
    given = HERE / "channels.json"
    return json.loads(given.read_text()) if given.exists() else []

def channel_title(channel):
    return {"mail": "收件邮箱", "sftp": "SFTP"}[channel]

def receive(channel, at):
    note("receive", channel, at)
    if channel == "sftp":
        raise ValueError("broken channel")
    return {"received": 1}

def tell(at):
    note("tell", at)
    return {"answers": 1}

def deliver_messages(at):
    note("deliver_messages", at)
    return {"sent": 1}

def chase(at):
    note("chase", at)
    return {"reminders": 2}

def sweep(at):
    note("sweep", at)
    return json.loads((HERE / "chunks.json").read_text())

def process(receipt_ids, at):
    note("process", receipt_ids, at)
    if receipt_ids == [666]:
        raise ValueError("broken software")
    if receipt_ids == [500] and not (HERE / "recovered").exists():
        (HERE / "recovered").touch()
        raise ConnectionResetError("the server went away")
    return {"accepted": len(receipt_ids) - 1, "returned": 1}

def close_period(period, at):
    note("close_period", period, at)
    return {"reported": 3, "expected": 4, "files": []}

def assess(year, at):
    note("assess", year, at)
    return {"units": 4}

def prepare_review(year, at):
    note("prepare_review", year, at)
    title = f"{year}年工作总结"
    return {"publication": year, "title": title, "summary": "已报 3 / 应报 4", "files": []}

def publish_review(publication, signer, at):
    note("publish_review", publication, signer, at)
    return {"publication": publication}

def withdraw_review(publication, signer, at):
    note("withdraw_review", publication, signer, at)
    return {"publication": publication}

def end_notices(at):
    note("end_notices", at)
    return [{"scheme": "TRA-FED-2017", "year": 2017, "edition": 3, "title": "2017年度考核",
             "summary": "参加考核 4 家"}]

def decide_final(scheme, year, edition, *, approve, by, document, at):
    note("decide_final", scheme, year, edition, approve, by.name, document, at)
    return "审定"
"""
AT = "2018-02-06T08:00:00+08:00"


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stand-in") / "pipelines"
    flow = folder / "flow"
    flow.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (flow / "__init__.py").write_text(STAND_IN, encoding="utf-8")
    (flow / "ground.py").write_text("def read_ahead():\n    pass\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder():
    """Not below pytest's own folder, which the user's next pytest closes to the server."""
    made = Path(tempfile.mkdtemp(prefix="union-reports-test-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def running(stand_in, folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(server.HOME_VARIABLE, str(folder / "home"))
        patch.delenv(server.URL_VARIABLE, raising=False)
        patch.setenv(server.OPTIONS_VARIABLE, "-c fsync=off")
        path = f"{stand_in.parent}:{REPOSITORY}"
        started = airflow.start(schedules=False, environment={"PYTHONPATH": path})
        try:
            started.wait_healthy(airflow.DAGS)
            yield started
        finally:
            started.stop()
            server.stop()


def calls(stand_in: Path, name: str) -> list[list]:
    lines = (stand_in / "calls.jsonl").read_text().splitlines()
    return [call[1:] for call in map(json.loads, lines) if call[0] == name]


def collect(running, stand_in, chunks, at):
    (stand_in / "chunks.json").write_text(json.dumps(chunks))
    return running.trigger("collect_submissions", {"at": at})


def test_chunks_are_mapped_counted_and_a_lost_server_is_asked_again(running, stand_in):
    run = collect(running, stand_in, [[1, 2, 3], [500]], AT)
    running.wait_run("collect_submissions", run)
    [summary] = running.results("collect_submissions", run, "summarise")
    assert summary == {"chunks": 2, "accepted": 2 + 0, "returned": 1 + 1}
    labels = {t["rendered_map_index"] for t in running.tasks("collect_submissions", run)}
    assert labels == {None, "第1批，3份", "第2批，1份"}
    asked = [ids for ids, at in calls(stand_in, "process") if at == AT]
    assert sorted(asked) == [[1, 2, 3], [500], [500]]


def test_nothing_to_collect_is_an_ordinary_run(running, stand_in):
    run = collect(running, stand_in, [], AT)
    running.wait_run("collect_submissions", run)
    assert running.results("collect_submissions", run, "summarise") == [{"chunks": 0}]


def test_broken_software_fails_at_once_and_stops_no_other_chunk(running, stand_in):
    at = "2018-03-01T08:00:00+08:00"
    run = collect(running, stand_in, [[666], [7, 8]], at)
    with pytest.raises(airflow.AirflowFailed, match="broken software"):
        running.wait_run("collect_submissions", run)
    assert sorted(ids for ids, moment in calls(stand_in, "process") if moment == at) == [
        [7, 8],
        [666],
    ]


def test_a_channel_that_fails_keeps_nothing_else_from_its_way(running, stand_in):
    """What lies in the folder is processed and everyone answered; the run says that it failed."""
    at = "2018-03-02T08:00:00+08:00"
    (stand_in / "channels.json").write_text(json.dumps(["mail", "sftp"]))
    run = collect(running, stand_in, [[7, 8]], at)
    with pytest.raises(airflow.AirflowFailed, match="broken channel"):
        running.wait_run("collect_submissions", run)
    (stand_in / "channels.json").unlink()
    assert sorted(c for c, moment in calls(stand_in, "receive") if moment == at) == ["mail", "sftp"]
    assert [7, 8] in [ids for ids, moment in calls(stand_in, "process") if moment == at]
    assert [at] in calls(stand_in, "deliver_messages")
    labels = {t["rendered_map_index"] for t in running.tasks("collect_submissions", run)}
    assert {"收件邮箱", "SFTP"} <= labels


def test_chasing_notes_and_then_sends(running, stand_in):
    at = "2018-03-05T08:30:00+08:00"
    run = running.run("chase_missing", {"at": at})
    assert running.results("chase_missing", run, "notify") == [{"answers": 1, "sent": 1}]
    assert [at] in calls(stand_in, "chase")


def test_periods_are_closed_one_after_the_other(running, stand_in):
    periods = ["2017-10", "2017-11", "2017-12", "2018-01", "2018-02"]
    run = running.run("close_period", {"periods": periods, "at": AT})
    assert [p for p, _ in calls(stand_in, "close_period")] == periods
    labels = [t["rendered_map_index"] for t in running.tasks("close_period", run)]
    assert "2017-12：已报 3 / 应报 4" in labels


@pytest.mark.parametrize(
    ("option", "taken", "other"),
    [("同意发布", "publish", "withdraw"), ("退回修改", "withdraw", "publish")],
)
def test_the_chair_decides_what_happens_to_the_review(running, stand_in, option, taken, other):
    year = {"publish": 2017, "withdraw": 2016}[taken]
    run = running.trigger("publish_year_end_review", {"year": year, "at": AT})
    question = running.answer_hitl("publish_year_end_review", run, option)
    assert question["subject"] == f"请签发：{year}年工作总结"
    assert question["body"] == "已报 3 / 应报 4"
    assert question["options"] == ["同意发布", "退回修改"]
    running.wait_run("publish_year_end_review", run)
    states = {t["task_id"]: t["state"] for t in running.tasks("publish_year_end_review", run)}
    assert states[taken] == "success"
    assert states[other] == "skipped"
    assert [year, airflow.CHAIR, AT] in calls(stand_in, f"{taken}_review")
    assert not [c for c in calls(stand_in, f"{other}_review") if c[0] == year]


def test_a_result_is_final_with_the_document_that_the_chair_names(running, stand_in):
    run = running.trigger("end_notices", {"at": AT})
    form = {"document": "总工会纪〔2018〕3号"}
    question = running.answer_hitl("end_notices", run, "同意审定", form=form)
    assert question["subject"] == "2017年度考核"
    assert question["body"] == "参加考核 4 家"
    assert question["options"] == ["同意审定", "退回会审", "暂不办理"]
    running.wait_run("end_notices", run)
    assert calls(stand_in, "decide_final") == [
        ["TRA-FED-2017", 2017, 3, True, airflow.CHAIR, "总工会纪〔2018〕3号", AT]
    ]
    assert running.results("end_notices", run, "final.decide") == ["审定"]


def test_a_form_filled_in_wrongly_starts_nothing(running):
    with pytest.raises(airflow.AirflowFailed, match="2017-13"):
        running.trigger("open_period", {"periods": ["2017-13"]})
    assert running.runs("open_period") == []


def test_a_killed_launcher_leaves_no_part_behind(folder):
    home = folder / "killed"
    script = (
        "from running import airflow; a = airflow.start(schedules=False); "
        "print(*[p.pid for p in a.processes.values()], flush=True); import time; time.sleep(99)"
    )
    environment = {**os.environ, server.HOME_VARIABLE: str(home)}
    environment.pop(server.URL_VARIABLE, None)
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE
    ) as launcher:
        parts = [psutil.Process(int(pid)) for pid in launcher.stdout.readline().split()]
        assert len(parts) == len(airflow.COMPONENTS)
        time.sleep(5)
        family = [p for part in parts for p in (part, *part.children(recursive=True))]
        launcher.send_signal(signal.SIGKILL)
    subprocess.run(
        [sys.executable, "-m", "running", "stop"], cwd=REPOSITORY, env=environment, check=True
    )
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert not (home / "pg" / "postmaster.pid").exists()
