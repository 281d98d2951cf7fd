"""The registry file and the regions: what is refused, with its line, and what is dated."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from definitions import Definitions, DefinitionsInvalid
from definitions.documents import Document
from definitions.organisations import load_organisations
from definitions.regions import regions_in

TOP = """
- {code: T, name: 总工会, type: 市总工会, level: 市级, region: "640200", found: 2010-01-01}
"""


def load(tmp_path: Path, definitions: Definitions, text: str) -> object:
    path = tmp_path / "organisations.yaml"
    path.write_text(TOP + text, encoding="utf-8")
    return load_organisations(path, definitions)


UNION = (
    "- {code: %s, name: 工会, type: 基层工会委员会, level: 基层, "
    'region: "640200", found: 2010-01-01'
)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            UNION % "A" + ", parents: [{line: 块, parent: T, since: 2010-01-01},"
            " {line: 块, parent: T, since: 2012-01-01}]}",
            "two parents on line 块 at one time",
        ),
        (
            UNION % "A"
            + ", parents: [{line: 经费, parent: B, since: 2010-01-01}]}\n"
            + UNION % "B"
            + ", parents: [{line: 经费, parent: A, since: 2010-01-01}]}",
            "A is its own ancestor on line 经费",
        ),
        (UNION % "A" + ", resident: 常驻}", "常驻 is not in RESIDENT"),
        (
            UNION % "A" + ", employers: [{name: 甲}, {name: 乙}]}",
            "only a joint union covers several employers",
        ),
        (UNION % "A" + ", former_codes: [{name: T}]}", "T is also a code of T"),
        (
            UNION % "A" + ", groups: [{scheme: X, name: 山区, since: 2016-01-01}]}",
            "unknown family of schemes X",
        ),
        (
            UNION % "A" + ", groups: [{scheme: TRA-FED, name: 山, since: 2016-01-01},"
            " {scheme: TRA-FED, name: 川, since: 2017-01-01}]}",
            "two groups of TRA-FED at one time",
        ),
    ],
)
def test_a_registry_that_contradicts_itself_is_refused_with_its_line(
    tmp_path: Path, definitions: Definitions, text: str, complaint: str
) -> None:
    with pytest.raises(DefinitionsInvalid, match=complaint) as refused:
        load(tmp_path, definitions, text)
    assert "organisations.yaml:" in str(refused.value)


def test_a_joint_union_with_its_employers_is_taken(
    tmp_path: Path, definitions: Definitions
) -> None:
    text = UNION % "A" + ", is_joint: true, employers: [{name: 甲}, {name: 乙, until: 2017-01-01}]}"
    _, joint = load(tmp_path, definitions, text)  # type: ignore[misc]
    assert [e.name for e in joint.employers] == ["甲", "乙"]


def test_a_regions_code_holds_while_the_region_existed(definitions: Definitions) -> None:
    eve, day = date(2016, 4, 10), date(2016, 4, 11)
    assert definitions.region_on("210122", eve) == "辽中县"
    assert definitions.region_on("210122", day) is None
    assert definitions.region_on("210115", eve) is None
    assert definitions.region_on("210115", day) == "沈阳市辽中区"
    assert definitions.region_on("640105", eve) == definitions.region_on("640105", day)
    assert definitions.region_on("999999", day) is None


def test_an_old_code_in_a_cell_is_refused_from_its_day_on() -> None:
    from test_golden_checks import rules_of

    assert not rules_of("ORG-01", {"region": "210115"}, "2017") & {"V-C-008"}
    assert rules_of("ORG-01", {"region": "210122"}, "2017") & {"V-C-008"}


def test_regions_that_end_wrongly_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "regions.yaml"
    path.write_text(
        '"1": {name: 甲, since: 2017-01-01, until: 2016-01-01, authority: 文}\n'
        '"2": {name: 乙, until: 2016-01-01, successor: "3", authority: 文}\n'
        '"4": {name: 丁, until: 2016-01-01}\n',
        encoding="utf-8",
    )
    document = Document(path, tmp_path)
    regions_in(document)
    assert [str(m).split(" ", 1)[1] for m in document.mistakes] == [
        "region 1 ends before it begins",
        "unknown successor 3",
        "region 4 ended by no authority",
    ]
