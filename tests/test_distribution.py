"""Distribution lists are kept; an edition reaches an address once, and nobody whom it must not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from portal_site import Site, words
from sqlalchemy import text
from typer.testing import CliRunner

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines import flow
from pipelines.__main__ import app
from pipelines.flow.delivering import DELIVERY_PLACES
from pipelines.flow.ground import definitions as known
from pipelines.flow.ground import engine, moment
from pipelines.flow.notices import KIND as NOTICE
from pipelines.flow.storing import publish as keep
from pipelines.publish import Publication
from portal.routes.logged import ACTIONS
from tests.acceptance import query
from tests.published import AT, LATER, publish
from warehouse import distribution, outbox
from warehouse.distribution import DistributionRefused
from warehouse.engine import warehouse
from warehouse.publications import decide

TOP, COUNTY, OTHER = "110000Z90001", "640121Z00001", "640122Z00001"
WHEN = "2018-05-02T09:00:00+08:00"


@dataclass
class Scene:
    """A report of the federation in two months, a notice to a county, and the portal."""

    site: Site
    june: int
    december: int
    notice: int


@pytest.fixture(scope="module")
def scene(module_home: Path, definitions: Definitions) -> Scene:
    publish(definitions, module_home.parent / "distribution-files", reviewed=False)
    june, december = (
        flow.publish_report("R-04", month, AT)["publication"] for month in ("2017-06", "2017-12")
    )
    with engine().begin() as connection:
        notice, _ = keep(
            connection, paper(NOTICE, "整改通知书（永宁县总工会，01）", COUNTY), None, moment(AT)
        )
    site = Site(definitions, at=moment(WHEN))
    for login, role, org in (
        ("zhuxi", "leader", TOP), ("yong", "leader", COUNTY), ("bu", "department", TOP),
    ):  # fmt: skip
        site.account(login, (role, org))
    return Scene(site, june, december, notice)


def paper(kind: str, title: str, unit: str = TOP) -> Publication:
    """Any paper of a kind."""
    return Publication(
        kind, title, unit, Period.parse("2017"), moment(AT),
        known().digest, (("整改通知书.docx", b"docx"),),
    )  # fmt: skip


def make(name: str, *people: tuple[str, str], org: str = TOP) -> int:
    with engine().begin() as connection:
        number = distribution.make(connection, name, org, moment(WHEN), "办公室 01")
        distribution.add(connection, number, people, moment(WHEN), "办公室 01")
    return number


def mails(publication: int) -> list[str]:
    """Addresses that an edition was written to."""
    rows = query(
        "SELECT address FROM outbox WHERE key LIKE :k ORDER BY id", k=f"publication/{publication}/%"
    )
    return [r.address for r in rows]


def became_of(publication: int) -> list[str]:
    """The states of an edition's mails."""
    rows = query(
        "SELECT state FROM outbox WHERE key LIKE :k ORDER BY id", k=f"publication/{publication}/%"
    )
    return [r.state for r in rows]


def last_log(action: str) -> Any:
    return query("SELECT * FROM audit_log WHERE action = :a ORDER BY id DESC LIMIT 1", a=action)[0]


def test_an_address_gets_an_edition_once_whatever_lists_it_is_on(scene: Scene) -> None:
    first = make("县区办公室", ("甲县办公室", "A@union.invalid"), ("乙县办公室", "b@union.invalid"))
    second = make("领导同志", ("乙县主席", "B@union.invalid "), ("丙同志", "c@union.invalid"))
    (done,) = flow.deliver(scene.june, WHEN, to_list=first, by="办公室 01")
    assert done.handed == ("a@union.invalid", "b@union.invalid")
    (done,) = flow.deliver(scene.june, WHEN, to_list=second, by="办公室 01")
    assert done.handed == ("c@union.invalid",)
    with engine().begin() as connection:
        distribution.rename(connection, first, "各县（区）办公室", moment(WHEN), "办公室 01")
    assert flow.deliver(scene.june, WHEN, to_list="各县（区）办公室") == []
    assert mails(scene.june) == ["a@union.invalid", "b@union.invalid", "c@union.invalid"]
    # Who joins later gets it when it is sent again, and nobody else does.
    with engine().begin() as connection:
        distribution.add(connection, first, [("丁县", "d@union.invalid")], moment(WHEN), "x")
    (done,) = flow.deliver(scene.june, WHEN, to_list=first)
    assert done.handed == ("d@union.invalid",)
    assert {r.files[0]["name"] for r in query("SELECT files FROM outbox")}
    entry = last_log("deliver.mail")
    assert entry.detail == {"target": "各县（区）办公室", "handed": 1}


def test_another_edition_reaches_them_again_and_a_replaced_or_withdrawn_one_nobody(
    scene: Scene,
) -> None:
    number = make("更正后再发", ("甲县办公室", "a@union.invalid"))
    flow.deliver(scene.december, WHEN, to_list=number)
    newer = flow.publish_report("R-04", "2017-12", LATER)["publication"]
    assert newer != scene.december
    with pytest.raises(LookupError, match="已被替换"):
        flow.deliver(scene.december, WHEN, to_list=number)
    assert became_of(scene.december) == ["cancelled"]
    (done,) = flow.deliver(newer, WHEN, to_list=number)
    assert done.handed == ("a@union.invalid",)
    with warehouse().begin() as connection:
        (mail,) = outbox.in_state(connection, outbox.WAITING)[-1:]
        assert outbox.hand(connection, mail.id, moment(WHEN))
    flow.withdraw_edition(newer, by="办公室 01", reason="附表有误", at=WHEN)
    with pytest.raises(LookupError, match="不能分发"):
        flow.deliver(newer, WHEN, to_list=number)
    assert mails(newer) == mails(scene.december) == ["a@union.invalid"]
    with warehouse().begin() as connection:  # the server that had it in hand was busy
        outbox.settle(connection, mail.id, outbox.WAITING, moment(WHEN), next_try=moment(WHEN))
    assert became_of(newer) == ["cancelled"]
    page = scene.site.signed_in("zhuxi").get(f"/distribution/{number}")
    assert "不再发送" in words(page)


def test_a_mail_that_went_out_stays_noted_as_sent(scene: Scene) -> None:
    number = make("已经发出", ("甲县办公室", "sent@union.invalid"))
    with engine().begin() as connection:
        edition, _ = keep(connection, paper("R-04", "已经发出"), None, moment(AT))
    flow.deliver(edition, WHEN, to_list=number)
    with warehouse().begin() as connection:
        mail = outbox.in_state(connection, outbox.WAITING)[-1]
        outbox.settle(connection, mail.id, outbox.SENT, moment(WHEN))
    flow.withdraw_edition(edition, by="办公室 01", reason="附表有误", at=WHEN)
    assert became_of(edition) == ["sent"]


def test_two_lists_sent_at_once_write_to_everyone_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waited for an address that the other had written, until the server ended one."""
    people = (("甲", "both-a@union.invalid"), ("乙", "both-b@union.invalid"))
    lists = make("先甲后乙", *people), make("先乙后甲", *people[::-1])
    with engine().begin() as connection:
        edition, _ = keep(connection, paper("R-04", "同时发"), None, moment(AT))
    plainly = outbox.write

    def slowly(*given: Any) -> int | None:
        number = plainly(*given)
        sleep(0.3)
        return number

    monkeypatch.setattr(outbox, "write", slowly)
    with ThreadPoolExecutor() as together:
        done = [together.submit(flow.deliver, edition, WHEN, to_list=one) for one in lists]
        handed = [address for d in done for one in d.result(30) for address in one.handed]
    assert sorted(handed) == sorted(mails(edition)) == [address for _, address in people]


def test_who_sends_while_it_is_withdrawn_waits_and_sends_nothing(scene: Scene) -> None:
    number = make("正在撤回", ("甲", "late@union.invalid"))
    with engine().begin() as connection:
        edition, _ = keep(connection, paper("R-04", "正在撤回"), None, moment(AT))
    with ThreadPoolExecutor() as together:
        with engine().begin() as connection:
            assert decide(connection, edition, "withdrawn", "主席", moment(WHEN), "有误")
            sending = together.submit(flow.deliver, edition, WHEN, to_list=number)
            with pytest.raises(TimeoutError):
                sending.result(1)
        with pytest.raises(LookupError, match="不能分发"):
            sending.result(30)
    assert mails(edition) == []


def test_a_notice_goes_to_lists_of_its_own_union_alone(scene: Scene) -> None:
    for org, name in ((TOP, "机关各部"), (OTHER, "贺兰县")):
        number = make(name, ("办公室", "x@union.invalid"), org=org)
        with pytest.raises(LookupError, match="只发被通知单位"):
            flow.deliver(scene.notice, WHEN, to_list=number)
    assert mails(scene.notice) == []
    own = make("永宁县", ("办公室", "yongning@union.invalid"), org=COUNTY)
    (done,) = flow.deliver(scene.notice, WHEN, to_list=own)
    assert done.handed == ("yongning@union.invalid",)


def test_a_notice_lies_in_no_shared_place_unless_it_is_asked_for(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DELIVERY_PLACES, f"共享盘={tmp_path}\n归档桶=s3://archive")
    for place in ({"folder": str(tmp_path)}, {"bucket": "archive"}):
        with pytest.raises(LookupError, match="不放入共用的"):
            flow.deliver(scene.notice, WHEN, **place)
    for name in ("共享盘", "归档桶"):
        with pytest.raises(LookupError, match="不放入共用的"):
            flow.deliver_to(scene.notice, name, WHEN, "x")
    browser, here = scene.site.signed_in("yong"), f"/publications/{scene.notice}/deliver"
    assert "共享盘" not in browser.get(here).text
    browser.post(here, {"place": "共享盘"})
    command = ["deliver", str(scene.notice), "--folder", str(tmp_path), "--at", WHEN]
    assert CliRunner().invoke(app, command).exit_code != 0
    assert list(tmp_path.iterdir()) == []
    assert CliRunner().invoke(app, [*command, "--notices"]).exit_code == 0
    assert [p.name for p in tmp_path.rglob("*.docx")] == ["整改通知书.docx"]


def test_nothing_is_laid_where_the_list_is_refused(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="没有分发名单"):
        flow.deliver(scene.june, WHEN, folder=str(tmp_path), to_list="没有")
    assert list(tmp_path.iterdir()) == []


def test_a_notice_stands_in_no_site_unless_it_is_asked_for(scene: Scene, tmp_path: Path) -> None:
    flow.write_site(2017, str(tmp_path / "all"), WHEN)
    assert "整改通知书" not in (tmp_path / "all" / "index.html").read_text()
    assert not list(tmp_path.rglob("R07-*"))
    flow.write_site(2017, str(tmp_path / "with"), WHEN, notices=True)
    assert "整改通知书" in (tmp_path / "with" / "index.html").read_text()


def test_what_is_no_list_is_refused_in_words(scene: Scene) -> None:
    number = make("测试名单")
    with engine().begin() as connection:
        for act, why in (
            (lambda: distribution.make(connection, "测试名单", TOP, moment(WHEN), "x"), "已有名为"),
            (lambda: distribution.make(connection, " ", TOP, moment(WHEN), "x"), "须有名称"),
            (lambda: distribution.make(connection, "甲", "999", moment(WHEN), "x"), "未登记"),
            (lambda: distribution.add(connection, number, [("", "a@b.c")], moment(WHEN), "x"),
             "哪个部门"),
            (lambda: distribution.add(connection, number, [("甲", "a b@c")], moment(WHEN), "x"),
             "不是可用的邮件地址"),
            *(
                (lambda a=a: distribution.add(connection, number, [("甲", a)], moment(WHEN), "x"),
                 "不是可用的邮件地址")
                for a in ("a@x.cn,b@y.cn", "a@x.cn;b@y.cn", "a@b@c", "张@单位.cn", "<a@b.c>",
                          '"a"@b.c', "a@", "@b.c")
            ),
            (lambda: distribution.remove(connection, number, 0, moment(WHEN), "x"), "没有这个地址"),
            (lambda: distribution.named(connection, "没有"), "没有分发名单"),
        ):  # fmt: skip
            with pytest.raises(DistributionRefused, match=why):
                act()
    with pytest.raises(LookupError, match="没有分发名单"):
        flow.deliver(scene.june, WHEN, to_list="没有")


def test_lists_are_kept_by_command(scene: Scene) -> None:
    def run(*words_: str) -> str:
        said = CliRunner().invoke(app, list(words_))
        assert said.exit_code == 0, said.output
        return said.output

    who = ("--by", "办公室 01", "--at", WHEN)
    run("lists", "make", "命令名单", "--unit", TOP, *who)
    run("lists", "add", "命令名单", "E@union.invalid", "--whom", "戊县办公室", *who)
    assert "原已在" in run("lists", "add", "命令名单", "e@union.invalid", "--whom", "戊", *who)
    assert "命令名单" in run("lists", "show")
    assert "戊县办公室" in run("lists", "show", "命令名单")
    assert "1 件" in run("deliver", str(scene.june), "--list", "命令名单", *who)
    assert "都已分发过" in run("deliver", str(scene.june), "--list", "命令名单", *who)
    run("lists", "remove", "命令名单", "e@union.invalid", *who)
    run("lists", "rename", "命令名单", "改了名", *who)
    run("lists", "end", "改了名", *who)
    assert "改了名" not in run("lists", "show")
    kept = query("SELECT removed_by FROM distribution_member WHERE address = 'e@union.invalid'")
    assert [r.removed_by for r in kept] == ["办公室 01"]
    assert last_log("distribution.end").actor == "办公室 01"


def test_a_leader_makes_a_list_sends_to_it_and_sees_what_became_of_it(scene: Scene) -> None:
    browser = scene.site.signed_in("zhuxi")
    made = browser.post("/distribution", {"name": "门户名单", "unit": TOP})
    page = made.headers["location"]
    browser.post(f"{page}/members", {"whom": "己县办公室", "address": "F@union.invalid"})
    assert {"己县办公室", "f@union.invalid", "zhuxi同志"} <= set(words(browser.get(page)))
    here = f"/publications/{scene.june}/deliver"
    assert f'href="{here}"' in browser.get(f"/publications/{scene.june}").text
    assert "确认发送" in words(browser.get(here))
    number = page.rsplit("/", 1)[1]
    assert browser.post(here, {"to_list": number}).headers["location"] == here
    after = words(browser.get(here))
    assert {"f@union.invalid", "等待发送", "门户名单", "都已发过"} <= set(after)
    with warehouse().begin() as connection:
        mail = connection.execute(
            text("SELECT id FROM outbox WHERE address = 'f@union.invalid'")
        ).scalar_one()
        outbox.settle(connection, mail, outbox.SENT, moment(WHEN))
    assert "已发出" in words(browser.get(here))
    assert "已发出" in words(browser.get(page))
    browser.post(here, {"to_list": number})
    assert mails(scene.june).count("f@union.invalid") == 1
    member = query("SELECT id FROM distribution_member WHERE address = 'f@union.invalid'")[0].id
    browser.post(f"{page}/members/{member}/remove")
    browser.post(f"{page}/name", {"name": "门户名单二"})
    assert "名单里还没有地址" in words(browser.get(page))
    assert "门户名单二" in words(browser.get("/distribution"))
    browser.post(f"{page}/end")
    assert browser.get(page).status_code == 404
    # The mail stays on record under the name that the list had.
    assert "门户名单" in words(browser.get(here))


def test_a_page_offers_only_places_that_the_installation_named(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = scene.site.signed_in("zhuxi")
    here = f"/publications/{scene.june}/deliver"
    assert "放到文件夹或对象存储" not in words(browser.get(here))
    monkeypatch.setenv(DELIVERY_PLACES, f"共享盘={tmp_path}\n坏盘=/proc/no/where\n")
    assert "共享盘" in words(browser.get(here))
    for place in ("共享盘", str(tmp_path), "坏盘"):
        browser.post(here, {"place": place})
    laid = [p for p in tmp_path.rglob("*") if p.is_file()]
    names = query("SELECT name FROM publication_file WHERE publication_id = :p", p=scene.june)
    assert sorted(p.name for p in laid) == sorted(r.name for r in names)
    kept = query(
        "SELECT target, actor FROM delivery WHERE channel = 'folder' AND publication_id = :p",
        p=scene.june,
    )
    assert [r.target for r in kept] == [str(tmp_path)], "what could not be laid is not noted"
    assert kept[0].actor.startswith("account:")
    assert "已放过本版" in words(browser.get(here))


def test_lists_are_for_who_publishes_and_of_ones_own_unions(scene: Scene) -> None:
    top = make("全区名单", ("某处", "g@union.invalid"))
    assert scene.site.signed_in("bu").get("/distribution").status_code == 403
    county = scene.site.signed_in("yong")
    assert "全区名单" not in county.get("/distribution").text
    assert county.get(f"/distribution/{top}").status_code == 404
    for path, data in (
        (f"/distribution/{top}/members", {"whom": "x", "address": "h@union.invalid"}),
        (f"/distribution/{top}/name", {"name": "x"}),
        (f"/distribution/{top}/end", {}),
        (f"/publications/{scene.june}/deliver", {"to_list": str(top)}),
        ("/distribution", {"name": "越权", "unit": TOP}),
    ):
        assert county.post(path, data).status_code in (403, 404), path
    assert county.get(f"/publications/{scene.june}/deliver").status_code == 404
    assert query("SELECT count(*) AS n FROM distribution_list WHERE name = '越权'")[0].n == 0
    assert "h@union.invalid" not in str(query("SELECT address FROM distribution_member"))


def test_addresses_are_read_by_who_may_change_them(scene: Scene) -> None:
    """Seeing a federation's papers and publishing for a county is not publishing for both."""
    top = make("机关名单", ("某处", "i@union.invalid"))
    scene.site.account("liang", ("department", TOP), ("leader", COUNTY))
    page = scene.site.signed_in("liang").get(f"/distribution/{top}")
    assert page.status_code == 403
    assert "i@union.invalid" not in page.text


def test_a_list_that_somebody_ended_just_now_is_not_ended_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = make("停用两次")
    browser = scene.site.signed_in("zhuxi")
    with engine().begin() as connection:
        distribution.end(connection, number, moment(WHEN), "办公室 01")
    monkeypatch.setattr("portal.routes.distribution._answers", lambda *asked: None)  # was there
    assert browser.post(f"/distribution/{number}/end").headers["location"] == "/distribution"
    kept = query("SELECT ended_by FROM distribution_list WHERE id = :n", n=number)
    assert [r.ended_by for r in kept] == ["办公室 01"]


def test_the_log_calls_what_is_done_with_lists_by_name(scene: Scene) -> None:
    done = query("SELECT DISTINCT action FROM audit_log WHERE action LIKE 'distribution.%'")
    assert len(done) == 5
    assert {r.action for r in done} <= set(ACTIONS)
