"""A published edition is taken back by a person with a reason; it stays readable as withdrawn."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from portal_site import Site, words
from typer.testing import CliRunner

from definitions import Definitions
from pipelines import flow
from pipelines.__main__ import app
from tests.acceptance import query
from tests.published import AT, LATER, publish
from warehouse.engine import warehouse
from warehouse.publications import edition_of

WHY = "附表单位名称有误，更正后另行印发"


@pytest.fixture(scope="module")
def reports(module_home: Path, definitions: Definitions) -> dict[str, Any]:
    """Two reports of months, published, and what is laid out of each."""
    publish(definitions, module_home.parent / "withdrawn-files", reviewed=False)
    return {m: flow.publish_report("R-04", m, AT) for m in ("2017-06", "2017-07", "2017-08")}


def state(publication: int) -> str:
    with warehouse().connect() as connection:
        return edition_of(connection, publication).state


def test_a_reason_is_asked_for_and_only_what_stands_published_can_be_withdrawn(
    reports: dict[str, Any],
) -> None:
    one = reports["2017-06"]["publication"]
    with pytest.raises(LookupError, match="须写明理由"):
        flow.withdraw_edition(one, by="办公室 01", reason=" ", at=AT)
    newer = flow.publish_report("R-04", "2017-06", LATER)
    assert state(one) == "updated"
    with pytest.raises(LookupError, match="不是现行发布的版次"):
        flow.withdraw_edition(one, by="办公室 01", reason=WHY, at=LATER)
    assert all(Path(f).exists() for f in newer["files"])


def test_the_command_takes_the_files_out_of_the_folder_and_keeps_the_edition(
    reports: dict[str, Any], tmp_path: Path
) -> None:
    made = reports["2017-07"]
    neighbour = reports["2017-08"]
    assert all(Path(f).exists() for f in made["files"])
    flow.deliver(made["publication"], AT, folder=str(tmp_path))
    said = CliRunner().invoke(
        app,
        ["withdraw", made["reference"], "--by", "办公室 01", "--reason", WHY, "--at", LATER],
    )
    assert said.exit_code == 0, said.output
    assert f"移出文件 {len(made['files'])} 个" in said.output
    assert "此前已分发 1 处" in said.output
    assert not any(Path(f).exists() for f in made["files"])
    assert not Path(made["files"][0]).parent.exists()
    assert all(Path(f).exists() for f in neighbour["files"])
    assert state(made["publication"]) == "withdrawn"
    (kept,) = query(
        "SELECT actor, reason FROM publication_decision "
        "WHERE publication_id = :p AND state = 'withdrawn'", p=made["publication"],
    )  # fmt: skip
    assert (kept.actor, kept.reason) == ("办公室 01", WHY)
    (noted,) = query(
        "SELECT actor, detail FROM audit_log WHERE action = 'publication.withdraw' "
        "AND subject = :p", p=str(made["publication"]),
    )  # fmt: skip
    assert (noted.actor, noted.detail["reason"]) == ("办公室 01", WHY)
    assert flow.reproduce(made["publication"]).equal
    with pytest.raises(LookupError, match="不能分发"):
        flow.deliver(made["publication"], LATER, folder=str(tmp_path / "again"))


def test_a_repeat_takes_away_what_a_crash_left_and_notes_nothing_more(
    reports: dict[str, Any],
) -> None:
    made = reports["2017-07"]
    assert flow.withdraw_edition(made["publication"], by="甲", reason=WHY, at=LATER).removed == ()
    rows = query(
        "SELECT 1 FROM publication_decision WHERE publication_id = :p AND state = 'withdrawn'",
        p=made["publication"],
    )
    assert len(rows) == 1


def test_what_was_withdrawn_and_is_made_once_more_is_an_edition_of_its_own(
    reports: dict[str, Any],
) -> None:
    alone = flow.publish_report("R-04", "2017-07", AT)
    assert (alone["publication"], alone["files"]) == (reports["2017-07"]["publication"], [])
    again = flow.publish_report("R-04", "2017-07", AT, by="统计处")
    assert again["publication"] != reports["2017-07"]["publication"]
    assert (state(again["publication"]), state(reports["2017-07"]["publication"])) == (
        "published", "withdrawn",
    )  # fmt: skip
    assert all(Path(f).exists() for f in again["files"])


def test_who_signs_withdraws_in_the_portal_and_nobody_else(
    reports: dict[str, Any], definitions: Definitions
) -> None:
    site = Site(definitions, at=datetime.fromisoformat(LATER))
    one = reports["2017-08"]["publication"]
    (top,) = query(
        "SELECT o.code FROM publication p JOIN organisation o ON o.id = p.org_id WHERE p.id = :p",
        p=one,
    )
    for login, role in (("bu", "department"), ("zhuxi", "leader")):
        site.account(login, (role, top.code))
    page, address = f"/publications/{one}", f"/publications/{one}/withdraw"
    staff = site.signed_in("bu")
    assert "撤回发布" not in words(staff.get(page))
    assert staff.post(address, {"reason": WHY}).status_code == 403
    leader = site.signed_in("zhuxi")
    assert "撤回发布" in words(leader.get(page))
    leader.post(address, {"reason": ""})
    assert state(one) == "published"
    assert leader.post(address, {"reason": WHY}).headers["location"] == page
    assert state(one) == "withdrawn"
    after = words(leader.get(page))
    assert {"已撤回", WHY} <= set(after)
    assert "撤回发布" not in after
    file = next(f for f in reports["2017-08"]["files"] if f.endswith(".xlsx"))
    assert leader.get(f"{page}/files/{Path(file).name}").status_code == 200
