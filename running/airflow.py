"""Start Airflow's four parts on the chosen PostgreSQL, drive them by the REST API, stop them."""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from warehouse import server

REPOSITORY = Path(__file__).resolve().parent.parent
DAGS_FOLDER = REPOSITORY / "dags"
DAGS = (
    "open_period",
    "collect_submissions",
    "chase_missing",
    "close_period",
    "assess_targets",
    "publish_year_end_review",
)
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
# Accounts of Airflow's own page; reporters never get one. The chair signs what is published.
ADMIN = "admin"
CHAIR = "主席"

_COMMANDS = {name: ["airflow", name] for name in COMPONENTS} | {"scheduler": ["running.scheduler"]}
_FINISHED = {"success", "failed"}
_HUMAN_MOMENT = 3.0  # seconds
_T = TypeVar("_T")


class AirflowFailed(Exception):
    """Airflow did not start, or a DAG run did not end in success; the text says where and why."""


@dataclass
class Airflow:
    """A running Airflow: where it is, who may sign in, and which processes it consists of."""

    home: Path
    port: int
    passwords: dict[str, str]
    environment: dict[str, str] = field(repr=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, repr=False)
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        """Address of Airflow's page, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    # -- being alive ----------------------------------------------------------------------------

    def wait_healthy(self, dag_ids: Collection[str] = (), timeout: float = 180) -> None:
        """Wait until every part reports itself healthy and the DAGs named are known.

        Raises AirflowFailed as soon as a part has died or a DAG file does not import.
        """

        def healthy() -> bool:
            self.check_alive()
            try:
                parts = httpx.get(f"{self.url}/api/v2/monitor/health", timeout=5, trust_env=False)
                states = [part.get("status") for part in parts.json().values()]
            except (httpx.HTTPError, ValueError):
                return False
            if len(states) < len(COMPONENTS) or set(states) != {"healthy"}:
                return False
            errors = self.call("GET", "/importErrors")["import_errors"]
            if errors:
                raise AirflowFailed("\n".join(e["stack_trace"] for e in errors))
            return not dag_ids or set(dag_ids) <= set(self.dags())

        self._wait(healthy, timeout, "Airflow is not healthy yet")

    def check_alive(self) -> None:
        """AirflowFailed, with the end of its log, when a part has stopped by itself."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise AirflowFailed(f"{name} stopped: {self._tail(name)}")

    def stop(self, patience: float = 20) -> None:
        """End every part with all its children, first asking, then insisting."""
        family: list[psutil.Process] = []
        for process in self.processes.values():
            family += _family(process.pid)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        _end(family, patience)
        for process in self.processes.values():
            process.wait()
        self.processes.clear()
        _record(self.home).unlink(missing_ok=True)

    # -- the REST API ---------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        user: str = ADMIN,
        **query: Any,
    ) -> Any:
        """One call of the public REST API (v2) as the user; AirflowFailed unless it succeeds."""
        headers = {"Authorization": f"Bearer {self._token(user)}"}
        answer = httpx.request(
            method, f"{self.url}/api/v2{path}", json=body, params=query, headers=headers,
            timeout=60, trust_env=False,
        )  # fmt: skip
        if answer.is_error:
            raise AirflowFailed(f"{method} {path}: {answer.status_code} {answer.text[:2000]}")
        return answer.json() if answer.content else None

    def dags(self) -> list[str]:
        """Ids of the DAGs that Airflow has read."""
        return [d["dag_id"] for d in self.call("GET", "/dags", limit=200)["dags"]]

    def trigger(
        self, dag_id: str, conf: dict[str, Any] | None = None, logical_date: str | None = None
    ) -> str:
        """Start a run with the form's values; return its id. `logical_date` is ISO 8601 or none."""
        body = {"logical_date": logical_date, "conf": conf or {}}
        return str(self.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def wait_run(self, dag_id: str, run_id: str, timeout: float = 600) -> dict[str, Any]:
        """Wait for the end of a run; return its record, or AirflowFailed with logs if it failed."""

        def ended() -> dict[str, Any] | None:
            run: dict[str, Any] = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
            return run if run["state"] in _FINISHED else None

        run = self._wait(ended, timeout, f"{dag_id} {run_id} is still running")
        if run["state"] == "failed":
            raise AirflowFailed(f"{dag_id} {run_id} failed:\n{self._why(dag_id, run_id)}")
        return run

    def run(
        self,
        dag_id: str,
        conf: dict[str, Any] | None = None,
        logical_date: str | None = None,
        timeout: float = 600,
    ) -> str:
        """Trigger a run and wait for its success; return its id."""
        run_id = self.trigger(dag_id, conf, logical_date)
        self.wait_run(dag_id, run_id, timeout)
        return run_id

    def results(self, dag_id: str, run_id: str, task_id: str) -> list[Any]:
        """What the task returned, one entry per mapped instance in order; [] if it was skipped."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        tasks = [t for t in self.tasks(dag_id, run_id) if t["task_id"] == task_id]
        return [
            self.call("GET", path, map_index=t["map_index"], deserialize=True)["value"]
            for t in sorted(tasks, key=lambda t: int(t["map_index"]))
            if t["state"] == "success"
        ]

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """All task instances of a run with their states, mapped ones singly."""
        found: list[dict[str, Any]] = []
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        while True:
            page = self.call("GET", path, limit=100, offset=len(found))
            found += page["task_instances"]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return found

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Airflow's own records of a DAG's runs, the latest hundred."""
        path = f"/dags/{dag_id}/dagRuns"
        return list(self.call("GET", path, limit=100, order_by="-run_after")["dag_runs"])

    def answer_hitl(
        self,
        dag_id: str,
        run_id: str,
        option: str,
        user: str = CHAIR,
        timeout: float = 300,
        form: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Wait until a task of the run asks a human, answer as the user; return the question.

        `form` fills in the fields beside the options.
        This is the documented call behind the button on the page, made with the user's own token.
        A task answered within a moment of asking may be taken for lost by the scheduler, which
        has not yet heard that it began to wait, and asks again: so leave it a human's moment, and
        see that the answer was taken.
        """
        path = f"/dags/{dag_id}/dagRuns/{run_id}"
        seen: dict[tuple[str, int], float] = {}
        answered: dict[str, Any] | None = None

        def settled() -> dict[str, Any] | None:
            nonlocal answered
            for question in self.call("GET", f"{path}/hitlDetails")["hitl_details"]:
                task = question["task_instance"]
                if question["response_received"]:
                    if answered and task["state"] in _FINISHED:
                        return answered
                elif task["state"] == "awaiting_input":
                    first = seen.setdefault((task["id"], task["try_number"]), time.monotonic())
                    if time.monotonic() - first > _HUMAN_MOMENT:
                        body = {"chosen_options": [option], "params_input": dict(form or {})}
                        place = f"{task['task_id']}/{task['map_index']}"
                        self.call(
                            "PATCH", f"{path}/taskInstances/{place}/hitlDetails", body, user=user
                        )
                        answered = question
            if self.call("GET", path)["state"] in _FINISHED and not answered:
                raise AirflowFailed(f"{run_id} asked nobody:\n{self._why(dag_id, run_id)}")
            return None

        return self._wait(settled, timeout, f"{dag_id} {run_id}: nobody asked, or answer not taken")

    # -- inside ---------------------------------------------------------------------------------

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            body = {"username": user, "password": self.passwords[user]}
            answer = httpx.post(f"{self.url}/auth/token", json=body, timeout=30, trust_env=False)
            if answer.is_error:
                raise AirflowFailed(f"{user} cannot sign in: {answer.status_code} {answer.text}")
            self._tokens[user] = str(answer.json()["access_token"])
        return self._tokens[user]

    def _wait(self, check: Callable[[], _T | None], timeout: float, complaint: str) -> _T:
        deadline = time.monotonic() + timeout
        while True:
            found = check()
            if found:
                return found
            if time.monotonic() > deadline:
                raise AirflowFailed(
                    f"{complaint} after {timeout:.0f} s; logs: {self.home / 'logs'}"
                )
            time.sleep(0.2)

    def _why(self, dag_id: str, run_id: str) -> str:
        """States of the tasks that failed, each with its exception."""
        reasons = []
        for task in self.tasks(dag_id, run_id):
            if task["state"] not in {"failed", "upstream_failed"}:
                continue
            name = f"{task['task_id']}[{task['map_index']}]"
            text = ""
            if task["state"] == "failed":
                log = (
                    f"dag_id={dag_id}/run_id={run_id}/task_id={task['task_id']}"
                    + (f"/map_index={task['map_index']}" if task["map_index"] >= 0 else "")
                    + f"/attempt={task['try_number']}.log"
                )
                text = _error_in(self.home / "logs" / log)
            reasons.append(f"{name} {task['state']} {text}")
        return "\n".join(reasons)

    def _tail(self, component: str) -> str:
        return _log_file(self.home, component).read_text(errors="replace")[-3000:]


def start(
    *,
    dags_folder: Path = DAGS_FOLDER,
    schedules: bool = True,
    port: int | None = None,
    environment: dict[str, str] | None = None,
) -> Airflow:
    """Prepare Airflow's database and start its four parts; they end with this process.

    Everything lies below `warehouse.server.home()`. With `schedules` off, DAGs run only when
    triggered. Returns at once; see `Airflow.wait_healthy`.
    """
    home = server.home() / "airflow"
    stop_leftovers(home)
    home.mkdir(parents=True, exist_ok=True)
    keys = _keys(home)
    port = port or _free_port()
    settings = {
        **os.environ,
        **_configuration(home, port, dags_folder, keys),
        "UNION_REPORTS_SCHEDULES": "on" if schedules else "off",
        **(environment or {}),
    }
    running = Airflow(home, port, {u: keys[u] for u in (ADMIN, CHAIR)}, settings)
    migrate(settings)
    try:
        for component in COMPONENTS:
            running.processes[component] = _spawn(running, component)
        _write_record(running)
    except BaseException:
        running.stop()
        raise
    return running


def stop_leftovers(home: Path | None = None) -> None:
    """End the parts of an Airflow whose launcher died before it could."""
    record = _record(home or server.home() / "airflow")
    try:
        parts = json.loads(record.read_text())
    except (FileNotFoundError, ValueError):
        return
    family = []
    for pid, created in parts:
        with suppress(psutil.NoSuchProcess):
            # A number may have been given to another process since.
            if abs(psutil.Process(pid).create_time() - created) < 1:
                family += _family(pid)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _end(family, 10)
    record.unlink(missing_ok=True)


def _configuration(
    home: Path, port: int, dags_folder: Path, keys: dict[str, str]
) -> dict[str, str]:
    """Airflow's settings as environment variables, sparing memory on a small machine."""
    url = server.ensure_database(server.AIRFLOW_DATABASE)
    address = f"http://127.0.0.1:{port}"
    passwords = home / "passwords.json"
    write_passwords(passwords, {user: keys[user] for user in (ADMIN, CHAIR)})
    options = {
        "core": {
            "dags_folder": str(dags_folder),
            "load_examples": "False",
            "executor": "LocalExecutor",
            "parallelism": "4",
            "max_active_tasks_per_dag": "4",
            "dags_are_paused_at_creation": "False",
            "default_timezone": "Asia/Shanghai",
            "fernet_key": keys["fernet"],
            "execution_api_server_url": f"{address}/execution/",
            "simple_auth_manager_users": f"{ADMIN}:admin,{CHAIR}:user",
            "simple_auth_manager_passwords_file": str(passwords),
        },
        "database": {
            "sql_alchemy_conn": url,
            "sql_alchemy_conn_async": url.replace("+psycopg", "+asyncpg"),
            "sql_alchemy_pool_size": "3",
            "load_default_connections": "False",
        },
        "api": {
            "host": "127.0.0.1",
            "port": str(port),
            "base_url": address,
            "workers": "1",
            "secret_key": keys["secret"],
            "instance_name": "工会统计报送",
            "expose_config": "False",
        },
        "api_auth": {"jwt_secret": keys["jwt"]},
        "dag_processor": {
            "parsing_processes": "1",
            "min_file_process_interval": "60",
            "refresh_interval": "60",
        },
        "scheduler": {"scheduler_idle_sleep_time": "0.2", "enable_health_check": "False"},
        "logging": {
            "base_log_folder": str(home / "logs"),
            "logging_level": "INFO",
            # It reports each of its hundred decorators when it is imported.
            "namespace_levels": "great_expectations=WARNING",
        },
        "triggerer": {"capacity": "50"},
        "usage_data_collection": {"enabled": "False"},
    }
    variables = {
        f"AIRFLOW__{section.upper()}__{option.upper()}": value
        for section, values in options.items()
        for option, value in values.items()
    }
    return {
        **variables,
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])
        ),
        server.HOME_VARIABLE: str(server.home()),
        # The parts talk to each other on this machine, past any proxy; few memory arenas each.
        "NO_PROXY": ",".join(filter(None, ["127.0.0.1,localhost", os.environ.get("NO_PROXY")])),
        "MPLBACKEND": "Agg",
        "GX_ANALYTICS_ENABLED": "False",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _keys(home: Path) -> dict[str, str]:
    """Secrets and passwords of this home directory, made once and readable only by its owner."""
    file = home / "keys.json"
    with suppress(FileNotFoundError):
        found: dict[str, str] = json.loads(file.read_text())
        return found
    made = {name: secrets.token_urlsafe(32) for name in ("secret", "jwt")}
    made["fernet"] = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    made |= {user: secrets.token_urlsafe(12) for user in (ADMIN, CHAIR)}
    write_passwords(file, made)
    return made


def write_passwords(file: Path, content: dict[str, str]) -> None:
    """Write secrets as JSON that only the owner may read, all at once."""
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        json.dump(content, handle)
    fresh.rename(file)


def migrate(environment: dict[str, str]) -> None:
    """Bring Airflow's database to the newest schema; AirflowFailed with its words."""
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=environment, cwd=environment["AIRFLOW_HOME"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise AirflowFailed(f"airflow db migrate: {done.stdout[-3000:]}")


def _spawn(running: Airflow, component: str) -> subprocess.Popen[bytes]:
    with _log_file(running.home, component).open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *_COMMANDS[component]],
            env=running.environment, cwd=running.home,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=_die_with_parent,
        )  # fmt: skip


def _die_with_parent() -> None:
    """Linux: be told to end when the launcher is killed, so that nothing is left behind."""
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


def _family(pid: int) -> list[psutil.Process]:
    """The process and everything below it, also what has left its process group."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _end(family: list[psutil.Process], patience: float) -> None:
    """Wait for processes that were asked to end, then kill those that have not."""
    _, stubborn = psutil.wait_procs(family, timeout=patience)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)


def _error_in(log: Path) -> str:
    """Type, text and place of the exception in a task's log, the nearest frames last."""
    with suppress(OSError):
        for line in log.read_text(errors="replace").splitlines():
            for error in json.loads(line).get("error_detail") or []:
                frames = [f"  {f['filename']}:{f['lineno']} {f['name']}" for f in error["frames"]]
                words = f"{error['exc_type']}: {error['exc_value']}"
                return "\n".join([words, *frames[-8:], f"  {log}"])
    return str(log)


def _free_port(preferred: int = 8080) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise AirflowFailed("no free port on 127.0.0.1")


def _log_file(home: Path, component: str) -> Path:
    (home / "logs").mkdir(parents=True, exist_ok=True)
    return home / "logs" / f"{component}.log"


def _record(home: Path) -> Path:
    return home / "processes.json"


def _write_record(running: Airflow) -> None:
    parts = [
        (process.pid, psutil.Process(process.pid).create_time())
        for process in running.processes.values()
    ]
    _record(running.home).write_text(json.dumps(parts))
