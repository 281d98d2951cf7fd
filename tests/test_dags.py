"""The DAG files: thin, in Chinese, idempotent in time, retrying infrastructure only."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

DAGS_FOLDER = Path(__file__).resolve().parent.parent / "dags"
EXPECTED = {
    "open_period": {"choose", "open_one"},
    "chase_missing": {"chase", "notify"},
    "collect_submissions": {"channels", "receive", "sweep", "process", "summarise", "notify"},
    "close_period": {"choose", "close_one"},
    "publish_monthly_reports": {"choose", "publish_one"},
    "assess_targets": {"assess"},
    "publish_year_end_review": {"prepare", "sign_off", "publish", "withdraw"},
    "audit_funds": {"register_audits", "print_notices"},
    "end_notices": {"end", "final.sign_off", "final.decide"},
    "follow_up_rectification": {
        "remind",
        "any_overdue",
        "print_warnings",
        "deliver",
        "print_due",
    },
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")

# Parsing is tried in a process of its own: what it imports there, it imports in every worker.
PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag  # brings Airflow's own SQLAlchemy along
before = set(sys.modules)
bag = DagBag({folder!r})
loaded = set(sys.modules) - before
json.dump({{
    "errors": {{k: v for k, v in bag.import_errors.items()}},
    "dags": {{d.dag_id: {{
        "display": d.dag_display_name,
        "description": d.description,
        "doc": d.doc_md,
        "catchup": d.catchup,
        "timezone": str(d.timezone),
        "schedule": d.schedule,
        "params": {{name: d.params.get_param(name).schema.get("title", "") for name in d.params}},
        "tasks": {{t.task_id: {{
            "display": t.task_display_name,
            "retries": t.retries,
            "policy": type(t.retry_policy).__name__,
            "mapped": t.is_mapped,
            "template": t.map_index_template or "",
        }} for t in d.tasks}},
    }} for d in bag.dags.values()}},
    "modules": sorted({{m.split(".")[0] for m in loaded}}),
}}, sys.stdout)
"""


@pytest.fixture(scope="module")
def parsed(tmp_path_factory):
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        "PATH": "/usr/bin:/bin",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS_FOLDER),
        "PYTHONPATH": f"{DAGS_FOLDER}:{DAGS_FOLDER.parent}",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        [sys.executable, "-c", PARSE.format(folder=str(DAGS_FOLDER))],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout[done.stdout.index('{"errors"') :])


def test_exactly_these_dags_and_tasks_and_no_import_error(parsed):
    assert parsed["errors"] == {}
    assert {d: set(found["tasks"]) for d, found in parsed["dags"].items()} == EXPECTED


def test_everything_a_person_sees_is_chinese(parsed):
    for dag in parsed["dags"].values():
        for seen in (dag["display"], dag["description"], dag["doc"], *dag["params"].values()):
            assert CHINESE.search(seen), seen
        for task in dag["tasks"].values():
            assert CHINESE.search(task["display"]), task


def test_mapped_tasks_say_what_each_instance_is_about(parsed):
    mapped = [t for d in parsed["dags"].values() for t in d["tasks"].values() if t["mapped"]]
    assert len(mapped) == 5
    assert all(t["template"] == "{{ label }}" for t in mapped)


def test_schedules_are_chinese_time_without_catching_up(parsed):
    assert all(d["timezone"] == "Asia/Shanghai" for d in parsed["dags"].values())
    assert not any(d["catchup"] for d in parsed["dags"].values())
    assert {i: d["schedule"] for i, d in parsed["dags"].items()} == {
        "open_period": "0 6 25 * *",
        "chase_missing": "30 8 * * *",
        "collect_submissions": "*/15 * * * *",
        "close_period": "0 6 * * *",
        "publish_monthly_reports": "0 7 * * *",
        "assess_targets": "0 8 22 1,4,7,10 *",
        "publish_year_end_review": "0 8 6 2 *",
        "audit_funds": "0 8 20 * *",
        "end_notices": "30 7 * * *",
        "follow_up_rectification": "0 8 * * *",
    }


def test_parsing_imports_nothing_heavy(parsed):
    heavy = {
        "pandas", "numpy", "great_expectations", "openpyxl", "python_calamine", "matplotlib",
        "definitions", "expectations", "warehouse", "pipelines",
    }  # fmt: skip
    assert heavy.isdisjoint(parsed["modules"])


def test_every_task_retries_by_the_one_policy(parsed):
    tasks = [t for d in parsed["dags"].values() for t in d["tasks"].values()]
    assert {(t["retries"], t["policy"]) for t in tasks} == {(3, "RetryInfrastructure")}


@pytest.fixture(scope="module")
def run_settings():
    sys.path.insert(0, str(DAGS_FOLDER))
    try:
        import run_settings

        yield run_settings
    finally:
        sys.path.remove(str(DAGS_FOLDER))


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (psycopg.OperationalError("server closed the connection"), "retry"),
        (psycopg.errors.DeadlockDetected(), "retry"),
        (ConnectionRefusedError(), "retry"),
        (TimeoutError(), "retry"),
        (ExceptionGroup("two", [ValueError(), psycopg.errors.AdminShutdown()]), "retry"),
        (psycopg.errors.UniqueViolation(), "fail"),
        (ExceptionGroup("two", [ValueError(), KeyError("members")]), "fail"),
        (FileNotFoundError("samples"), "fail"),
        (ValueError("broken software"), "fail"),
    ],
)
def test_only_infrastructure_is_tried_again(run_settings, error, action):
    decision = run_settings.RetryInfrastructure().evaluate(error, 1, 3)
    assert decision.action.value == action


def context(logical_date: str, **params):
    """A run whose form says only what is given here."""
    run = SimpleNamespace(logical_date=datetime.fromisoformat(logical_date), run_after=None)
    return {"params": {"at": None, "periods": None, "year": None, **params}, "dag_run": run}


def test_a_scheduled_run_closes_what_has_been_locked(run_settings, monkeypatch):
    """Which months these are the warehouse knows, by the lock day of each form."""
    from pipelines import flow

    asked = []
    monkeypatch.setattr(flow, "months_to_close", lambda at: asked.append(at) or ["2017-11"])
    assert run_settings.months_closing(context("2017-12-13T06:00+08:00")) == ["2017-11"]
    assert asked == ["2017-12-13T06:00:00+08:00"]


def test_the_form_goes_before_the_clock(run_settings):
    run = context(
        "2026-01-01T00:00+00:00", at="2017-11-25T06:00:00", periods=["2017-11"], year=2017
    )
    assert run_settings.at(run) == "2017-11-25T06:00:00+08:00"
    assert run_settings.months_opening(run) == run_settings.months_closing(run) == ["2017-11"]
    assert run_settings.year_assessed(run) == run_settings.year_reviewed(run) == 2017


def test_the_present_is_chinese_and_the_year_the_one_that_ended(run_settings):
    run = context("2017-12-31T16:30+00:00")
    assert run_settings.at(run) == "2018-01-01T00:30:00+08:00"
    assert run_settings.months_opening(run) == ["2018-01"]
    assert run_settings.year_assessed(run) == 2017
    assert run_settings.year_assessed(context("2018-04-22T08:00+08:00")) == 2018
    assert run_settings.year_reviewed(context("2018-02-06T08:00+08:00")) == 2017
