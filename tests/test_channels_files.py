"""Folders and stores: half-uploaded files stay, answers lie where the sender fetches them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncssh
import boto3
import pytest
from acceptance import process_waiting, query, save
from channel_servers import SftpSystem, free_port, sftp_system
from channel_story import AGAIN, COUNTY, SENT, bad, good, repaired, round_trip, set_up
from moto.server import ThreadedMotoServer

from pipelines import flow
from pipelines.channel_settings import SettingsWrong, channel_settings
from pipelines.flow.channels import channel_names, receive
from pipelines.inbox import SftpDrop
from pipelines.places import places
from pipelines.remote_files import ANSWERS, Bucket, RemoteFile, SftpFiles, sftp_files


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[SftpSystem]:
    with sftp_system(tmp_path_factory.mktemp("sftp") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def store() -> Iterator[dict[str, str]]:
    """The environment that names a bucket on moto's server."""
    port = free_port()
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    running.start()
    settings = {
        "UNION_REPORTS_OBJECT_STORAGE_ENDPOINT": f"http://127.0.0.1:{port}",
        "UNION_REPORTS_OBJECT_STORAGE_BUCKET": "reports",
        "UNION_REPORTS_OBJECT_STORAGE_ACCESS_KEY": "key",
        "UNION_REPORTS_OBJECT_STORAGE_SECRET_KEY": "store-secret",
        "UNION_REPORTS_OBJECT_STORAGE_PREFIX": "year/",
    }
    client(settings).create_bucket(Bucket="reports")
    yield settings
    running.stop()


def client(settings: dict[str, str]):
    return boto3.client(
        "s3", endpoint_url=settings["UNION_REPORTS_OBJECT_STORAGE_ENDPOINT"],
        aws_access_key_id="key", aws_secret_access_key="store-secret", region_name="us-east-1",
    )  # fmt: skip


@pytest.fixture(scope="module")
def story(server, store, module_home, tmp_path_factory) -> Iterator[SftpSystem]:
    """A federation with both stores."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**server.settings(), **store}.items():
            patch.setenv(name, value)
        set_up(tmp_path_factory.mktemp("registry"))
        yield server


def upload(server: SftpSystem, path: str, data: bytes) -> None:
    """Put a file there as a union's SFTP program does, some while ago."""
    target = server.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def answers(server: SftpSystem, user: str = "yongning") -> dict[str, bytes]:
    """What lies in a union's folder of answers; taken out of it."""
    folder = server.root / user / ANSWERS
    found = {p.name: p.read_bytes() for p in sorted(folder.glob("*"))}
    for path in folder.glob("*"):
        path.unlink()
    return found


def test_sftp_in_verdict_out_corrected_in_accepted(story, definitions):
    """What must be shown, over SFTP."""
    upload(story, "yongning/3月报表.xlsx", bad(definitions))
    done = round_trip("sftp", SENT)
    assert (done["received"], done["returned"], done["message sent"]) == (1, 1, 1)
    assert not (story.root / "yongning/3月报表.xlsx").exists()
    found = answers(story)
    text_name, marked_name = sorted(found, key=lambda n: n.endswith(".xlsx"))
    assert marked_name.endswith("-3月报表-退回.xlsx")
    said = found[text_name].decode("utf-8-sig")
    assert "请改正后重报" in said
    assert "把改好的文件放回原来的文件夹" in said

    upload(story, "yongning/改好/3月报表.xlsx", repaired(found[marked_name], 601, 45))
    done = round_trip("sftp", AGAIN)
    assert (done["received"], done["accepted"]) == (1, 1)
    ((name, text),) = answers(story).items()
    assert name.endswith("-3月报表-回执.txt")
    assert "按时" in text.decode("utf-8-sig")
    # Answers that nobody fetched are never taken for reports.
    upload(story, f"yongning/{ANSWERS}/000001-退回.xlsx", bad(definitions))
    assert receive("sftp", AGAIN) == {"received": 0, "duplicates": 0, "known": 0, "held": 0}
    answers(story)


def test_object_storage_in_verdict_out_corrected_in_accepted(story, store, definitions):
    bucket = client(store)
    bucket.put_object(Bucket="reports", Key="year/yongning/表.xlsx", Body=bad(definitions, 103))
    done = round_trip("object-storage", "2017-04-05T11:00:00")
    assert (done["received"], done["returned"], done["message sent"]) == (1, 1, 1)
    keys = [i["Key"] for i in bucket.list_objects_v2(Bucket="reports")["Contents"]]
    assert all(k.startswith(f"year/yongning/{ANSWERS}/") for k in keys)
    (marked,) = (k for k in keys if k.endswith("退回.xlsx"))
    data = bucket.get_object(Bucket="reports", Key=marked)["Body"].read()
    bucket.put_object(Bucket="reports", Key="year/yongning/表.xlsx", Body=repaired(data, 603, 45))
    assert round_trip("object-storage", "2017-04-05T11:10:00")["accepted"] == 1
    (row,) = query("SELECT DISTINCT sender FROM receipt WHERE channel = 'object-storage'")
    assert row.sender == COUNTY


def test_the_drop_folder_answers_beside_what_was_dropped(story, definitions):
    """As a union sees it that is given its folder over SFTP or as a share of the network."""
    folder = places().drop / COUNTY
    save(folder, "4月.xlsx", bad(definitions, 102))
    flow.sweep("2017-04-05T11:20:00", settle_seconds=0)
    process_waiting("2017-04-05T11:20:00")
    flow.tell("2017-04-05T11:20:00")
    assert flow.deliver_messages("2017-04-05T11:20:00")["sent"] == 1
    marked, text = sorted((folder / ANSWERS).iterdir(), key=lambda p: p.suffix, reverse=True)
    assert marked.name.endswith("-4月-退回.xlsx")
    assert "请改正后重报" in text.read_text("utf-8-sig")
    assert flow.sweep("2017-04-05T11:30:00", settle_seconds=0) == []


def test_a_folder_that_nobody_registered_is_held_and_told_so(story, definitions):
    upload(story, "someone/x.xlsx", good(definitions, 104))
    done = round_trip("sftp", "2017-04-05T12:00:00")
    assert (done["held"], done["received"]) == (1, 0)
    ((name, text),) = answers(story, "someone").items()
    assert name.endswith("-未处理.txt")
    assert "还没有登记为任何工会的报送文件夹" in text.decode("utf-8-sig")
    upload(story, "nowhere.xlsx", good(definitions, 104))
    assert receive("sftp", "2017-04-05T12:00:00")["received"] == 0
    assert (story.root / "nowhere.xlsx").exists()


def test_a_file_that_is_still_coming_is_left(story, definitions):
    """By its name; by its growth; by its missing end, for an hour."""
    data = good(definitions, 105)
    settings = channel_settings().sftp

    def seen(now: datetime) -> list[str]:
        with sftp_files(settings) as files:
            return [d.file_name for d in SftpDrop(files, 0.05, now).deliveries()]

    now = datetime.now(UTC)
    for name in ("a.xlsx.filepart", ".b.xlsx", "~$c.xlsx", "d.xlsx.part"):
        upload(story, f"yongning/{name}", data)
    assert seen(now) == []
    upload(story, "yongning/e.xlsx", data[: len(data) // 2])
    assert seen(now) == []
    assert seen(now + timedelta(hours=2)) == ["e.xlsx"]
    upload(story, "yongning/e.xlsx", data)
    assert seen(now) == ["e.xlsx"]
    # A text has no end that could be missing: it must stand still.
    grown = story.root / "yongning/f.csv"
    grown.write_bytes(b"a,b\n")
    with sftp_files(settings) as files:
        drop = SftpDrop(files, 0.05, now)
        listing = files.listing

        def growing():
            found = listing()
            with grown.open("ab") as file:
                file.write(b"1,2\n")
            return found

        files.listing = growing
        assert [d.file_name for d in drop.deliveries()] == ["e.xlsx"]
    for path in (story.root / "yongning").iterdir():
        if path.is_file():
            path.unlink()


def test_a_file_replaced_while_it_was_kept_is_taken_again(story, definitions):
    upload(story, "yongning/r.xlsx", good(definitions, 106))
    with sftp_files(channel_settings().sftp) as files:
        drop = SftpDrop(files, 0.05)
        (first,) = drop.deliveries()
        upload(story, "yongning/r.xlsx", good(definitions, 107) + b" ")
        drop.done(first)
        assert (story.root / "yongning/r.xlsx").exists()
        (second,) = drop.deliveries()
        assert second.source != first.source
        drop.done(second)
        assert not (story.root / "yongning/r.xlsx").exists()
        # A sweep that died while it looked has put the newer file aside.
        upload(story, "yongning/.0123456789ab.s.xlsx.part", good(definitions, 109))
        (third,) = drop.deliveries()
        assert third.file_name == "s.xlsx"
        drop.done(third)
    assert list((story.root / "yongning").glob("*s.xlsx*")) == []


def test_what_lay_there_between_two_sweeps_came_when_it_came(story, definitions):
    """A minute before midnight is in time; last week, as a sender set it, is not believed."""
    now = datetime.now(UTC)
    for name, age in (("just.xlsx", 600), ("old.xlsx", 86400 * 7)):
        upload(story, f"yongning/{name}", good(definitions, 108))
        when = now.timestamp() - age
        os.utime(story.root / "yongning" / name, (when, when))
    with sftp_files(channel_settings().sftp) as files:
        drop = SftpDrop(files, 0.05, now)
        found = {d.file_name: d for d in drop.deliveries()}
        for delivery in found.values():
            drop.done(delivery)
    assert found["old.xlsx"].received_at is None
    taken = found["just.xlsx"].received_at
    assert taken is not None
    assert timedelta(seconds=599) <= now - taken <= timedelta(seconds=602)


def test_a_name_in_gbk_is_taken_as_it_was_meant_and_stops_nobody(story, definitions):
    """WinSCP and FlashFXP on a Chinese Windows write such names."""
    folder = story.root / "yongning"
    folder.mkdir(exist_ok=True)
    written = os.fsencode(folder) + "/三月报表.xlsx".encode("gbk")
    with open(written, "wb") as file:  # noqa: PTH123
        file.write(good(definitions))
    with sftp_files(channel_settings().sftp) as files:
        drop = SftpDrop(files, 0.0)
        (found,) = drop.deliveries()
        assert (found.file_name, found.address) == ("三月报表.xlsx", "yongning")
        assert found.source.startswith("yongning/三月报表.xlsx@")
        drop.done(found)
    assert not os.path.exists(written)  # noqa: PTH110


def test_a_link_leads_nowhere(story, definitions, tmp_path):
    (tmp_path / "secret.xlsx").write_bytes(b"PK")
    (story.root / "yongning").mkdir(exist_ok=True)
    (story.root / "yongning/link.xlsx").symlink_to(tmp_path / "secret.xlsx")
    with sftp_files(channel_settings().sftp) as files:
        assert files.listing() == [] or all("link" not in f.path for f in files.listing())
    (story.root / "yongning/link.xlsx").unlink()


def test_a_server_with_another_key_is_not_spoken_to(story, monkeypatch):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    monkeypatch.setenv("UNION_REPORTS_SFTP_HOST_KEY", other)
    with pytest.raises(ConnectionError, match="SFTP连接失败（HostKeyNotVerifiable）"):
        receive("sftp", SENT)


def test_an_object_replaced_meanwhile_stays(store, story):
    bucket = Bucket(channel_settings().object_storage)
    bucket.put("yongning/z.xlsx", b"one")
    (file,) = (f for f in bucket.listing() if f.path.endswith("z.xlsx"))
    bucket.put("yongning/z.xlsx", b"two")
    assert not bucket.remove(file, "")
    (file,) = (f for f in bucket.listing() if f.path.endswith("z.xlsx"))
    assert bucket.read(file.path, 100) == b"two"
    assert bucket.read(file.path, 1) == b"tw"
    assert bucket.remove(file, "")
    assert bucket.remove(file, "")


def test_what_is_too_large_is_never_read_but_set_aside_and_its_sender_told(
    story, store, monkeypatch
):
    monkeypatch.setenv("UNION_REPORTS_SFTP_LARGEST_MB", "1")
    monkeypatch.setenv("UNION_REPORTS_OBJECT_STORAGE_LARGEST_MB", "1")
    large = b"PK" + b"\x00" * (1 << 20)
    upload(story, "yongning/大.xlsx", large)
    bucket = Bucket(channel_settings().object_storage)
    bucket.put("yongning/大.xlsx", large)
    for read in (SftpFiles, Bucket):
        monkeypatch.setattr(read, "read", lambda *_: pytest.fail("what is too large was read"))
    for channel in ("sftp", "object-storage"):
        assert receive(channel, AGAIN)["received"] == 0
        assert receive(channel, AGAIN)["received"] == 0  # nothing is left to be looked at again
    told = answers(story)
    (file,) = (n for n in told if n.endswith("-大.xlsx"))
    assert told.pop(file) == large
    (words,) = told.values()
    assert "【未收取】文件过大" in words.decode()
    assert "文件《大.xlsx》超过 1 MB" in words.decode()
    kept = [o["Key"] for o in client(store).list_objects_v2(Bucket="reports")["Contents"]]
    assert [k for k in kept if "大.xlsx" in k and ANSWERS not in k] == []
    assert len([k for k in kept if "大.xlsx" in k]) == 2


def test_a_large_file_put_there_again_or_with_a_long_name_stops_nobody(story, monkeypatch):
    monkeypatch.setenv("UNION_REPORTS_SFTP_LARGEST_MB", "1")
    large, name = b"PK" + b"\x00" * (1 << 20), "关于报送第一季度工会统计报表的函" * 5 + ".xlsx"
    for _ in range(2):
        for file in ("重.xlsx", name):
            upload(story, f"yongning/{file}", large)
            # SFTP programs keep the time of a file: to us it is the same one.
            os.utime(story.root / "yongning" / file, (1_500_000_000, 1_500_000_000))
        assert receive("sftp", AGAIN)["received"] == 0
        assert list((story.root / "yongning").glob("*.xlsx")) == []
    found = answers(story)
    assert sorted(len(v) for n, v in found.items() if n.endswith(".xlsx")) == [len(large)] * 2
    assert all(n.split("-", 1)[1][0] in "重关于报送第一季度工会统计报表的函" for n in found)
    # One that is taken in leaves no room for a longer name either.
    upload(story, f"yongning/{name}", b"PK")
    with sftp_files(channel_settings().sftp) as files:
        drop = SftpDrop(files, 0.0, datetime.now(UTC) + timedelta(hours=2))
        (found,) = drop.deliveries()
        drop.done(found)
    assert list((story.root / "yongning").glob("*.xlsx")) == []


def test_a_file_that_grows_after_it_was_listed_is_left_for_the_next_sweep(story):
    upload(story, "yongning/长.xlsx", b"PK")
    with sftp_files(channel_settings().sftp) as files:
        (file,) = (f for f in files.listing() if f.path.endswith("长.xlsx"))
        upload(story, "yongning/长.xlsx", b"PK" * 4000)
        assert len(files.read(file.path, 100)) == 101
        drop = SftpDrop(files, 0.0, most_bytes=100)
        drop._files = _Stale(files, file)
        assert list(drop.deliveries()) == []
    (story.root / "yongning/长.xlsx").unlink()


class _Stale:
    """A listing from before somebody wrote on."""

    def __init__(self, files: SftpFiles, file: RemoteFile) -> None:
        self.files, self.file = files, file

    def listing(self) -> list[RemoteFile]:
        return [self.file]

    def read(self, path: str, most: int) -> bytes:
        return self.files.read(path, most)


# --- settings ---


def test_a_mailbox_says_how_senders_are_known():
    given = {"UNION_REPORTS_MAILBOX_HOST": "mail"}
    for more in ({}, {"CONFIRMED_BY": "mx", "TRUST_FROM": "true"}):
        named = {f"UNION_REPORTS_MAILBOX_{k}": v for k, v in more.items()}
        with pytest.raises(SettingsWrong, match="mailbox 须写明怎样认定发件人：confirmed_by"):
            channel_settings({**given, **named})
    assert channel_settings({**given, "UNION_REPORTS_MAILBOX_CONFIRMED_BY": "mx"}).mailbox


def test_no_settings_are_no_channels(monkeypatch):
    assert channel_settings({}).smtp is None
    assert channel_settings({"UNION_REPORTS_SMTP_HOST": "", "HOME": "/"}).smtp is None


def test_every_mistake_in_the_settings_is_named_and_no_password(tmp_path):
    given = {
        "UNION_REPORTS_SMTP_HOST": "mail",
        "UNION_REPORTS_SMTP_PORT": "many",
        "UNION_REPORTS_SMTP_PASSWORD": "top-secret",
        "UNION_REPORTS_MAILBOX_HOST": "mail",
        "UNION_REPORTS_MAILBOX_SECURITY": "none",
        "UNION_REPORTS_SFTP_HOST": "files",
        "UNION_REPORTS_SFTP_COLOUR": "red",
    }
    with pytest.raises(SettingsWrong) as wrong:
        channel_settings(given)
    said = str(wrong.value)
    for word in (
        "smtp.port 应为整数", "smtp.sender 没有填", "mailbox.security 应为 tls、starttls 或 plain",
        "sftp.user 没有填", "sftp.host_key 没有填", "sftp.colour 不认识这一项",
    ):  # fmt: skip
        assert word in said
    assert "top-secret" not in said


def test_a_file_of_settings_and_variables_above_it(tmp_path):
    path = tmp_path / "channels.yaml"
    path.write_text("smtp: {host: a, sender: x@y.example}\nchat: {office: 'json://h'}\n", "utf-8")
    given = {"UNION_REPORTS_CHANNELS": str(path), "UNION_REPORTS_SMTP_HOST": "b"}
    found = channel_settings(given)
    assert (found.smtp.host, found.smtp.sender) == ("b", "x@y.example")
    assert "json" not in str(found)
    path.write_text("smtp: [", "utf-8")
    with pytest.raises(SettingsWrong, match="第 1 行"):
        channel_settings(given)
    with pytest.raises(SettingsWrong, match="读不到"):
        channel_settings({"UNION_REPORTS_CHANNELS": str(tmp_path / "none")})


def test_the_names_of_what_is_set(story):
    assert channel_names() == ["sftp", "object-storage"]
