"""Sign-offs that wait in Airflow, answered through its documented interface (REST, v2)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

URL = "UNION_REPORTS_AIRFLOW_URL"
USER = "UNION_REPORTS_AIRFLOW_USER"
PASSWORD = "UNION_REPORTS_AIRFLOW_PASSWORD"  # noqa: S105
DAG, ASKING, PREPARED = "publish_year_end_review", "sign_off", "prepare"
APPROVE, REJECT = "同意发布", "退回修改"
SECONDS = 15


class AirflowAway(Exception):
    """Airflow did not answer as it should; nothing was decided."""


@dataclass(frozen=True, slots=True)
class Question:
    """A run that waits for a signature over drafts."""

    run: str
    task: str
    map_index: int


@dataclass(frozen=True, slots=True)
class Airflow:
    """The scheduler's address and the account under which the portal answers there."""

    url: str
    user: str
    password: str
    transport: httpx.BaseTransport | None = None

    def waiting_for(self, publication: int) -> Question | None:
        """The question about a draft, if a run asks it; AirflowAway when it cannot be asked."""
        with self._client() as client:
            path = f"/api/v2/dags/{DAG}/dagRuns"
            asked = _call(client, "GET", f"{path}/~/hitlDetails", response_received=False)
            for question in asked["hitl_details"]:
                task = question["task_instance"]
                if task["task_id"] != ASKING:
                    continue
                run = task["dag_run_id"]
                place = f"{path}/{run}/taskInstances/{PREPARED}/xcomEntries/return_value"
                told = _call(client, "GET", place)["value"]
                draft = json.loads(told) if isinstance(told, str) else told
                if draft.get("publication") == publication:
                    return Question(run, ASKING, int(task.get("map_index", -1)))
        return None

    def answer(self, question: Question, approve: bool) -> None:
        """Give the decision; the run goes on by itself."""
        place = (
            f"/api/v2/dags/{DAG}/dagRuns/{question.run}/taskInstances/{question.task}/"
            f"{question.map_index}/hitlDetails"
        )
        body = {"chosen_options": [APPROVE if approve else REJECT], "params_input": {}}
        with self._client() as client:
            _call(client, "PATCH", place, body)

    @contextmanager
    def _client(self) -> Iterator[httpx.Client]:
        with httpx.Client(
            base_url=self.url, timeout=SECONDS, trust_env=False, transport=self.transport
        ) as client:
            body = {"username": self.user, "password": self.password}
            token = _call(client, "POST", "/auth/token", body).get("access_token")
            client.headers["authorization"] = f"Bearer {token}"
            yield client


def configured() -> Airflow | None:
    """Airflow as the environment names it; None where the portal runs without it."""
    url = os.environ.get(URL, "").rstrip("/")
    if not url:
        return None
    return Airflow(url, os.environ.get(USER, ""), os.environ.get(PASSWORD, ""))


def _call(
    client: httpx.Client, method: str, path: str, body: dict[str, Any] | None = None, **query: Any
) -> dict[str, Any]:
    try:
        answer = client.request(method, path, json=body, params=query or None)
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}
    except (httpx.HTTPError, ValueError) as error:
        raise AirflowAway(f"{method} {path}: {type(error).__name__}") from error
