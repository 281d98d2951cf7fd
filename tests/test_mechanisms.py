"""The table of mechanisms: all there, nothing empty, nothing that does not exist."""

from __future__ import annotations

import ast
import csv
import shutil
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from definitions import DefinitionsInvalid, load_definitions
from definitions.catalogue import Definitions
from definitions.loading import HERE
from pipelines.__main__ import app
from pipelines.handbook.mechanism_table import HEADERS, mechanism_rows

ROOT = HERE.parent
COUNT = 104


@pytest.fixture(scope="module")
def known() -> Definitions:
    return load_definitions()


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Names of the test functions of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_all_mechanisms_of_the_articles_are_there(known: Definitions) -> None:
    assert sorted(known.mechanisms) == [f"M{n:03d}" for n in range(1, COUNT + 1)]
    names = [m.name for m in known.mechanisms.values()]
    assert len(set(names)) == COUNT
    assert all(any("一" <= c <= "鿿" for c in name) for name in names)


def test_nothing_is_empty(known: Definitions) -> None:
    rows = mechanism_rows(known)
    assert len(rows) == COUNT
    for row in rows:
        assert len(row) == len(HEADERS)
        assert all(cell.strip() for cell in row), row[0]


def test_every_test_that_proves_one_exists(known: Definitions) -> None:
    missing = []
    for mechanism in known.mechanisms.values():
        for node in mechanism.tests:
            file, _, function = node.partition("::")
            path = ROOT / file
            if not path.is_file() or function not in functions_of(path):
                missing.append((mechanism.id, node))
    assert missing == []


def test_a_test_that_does_not_exist_would_be_seen() -> None:
    assert "test_nothing_is_empty" in functions_of(Path(__file__))
    assert "test_that_was_renamed" not in functions_of(Path(__file__))


def test_every_form_and_every_family_of_indicators_serves_a_mechanism(known: Definitions) -> None:
    """What no article asks for: a register of members by name, the review's own material."""
    served = {code for m in known.mechanisms.values() for code in m.forms}
    assert set(known.form_codes) - served == {"ORG-04", "NARR-01"}


@pytest.mark.parametrize(
    ("line", "wrong", "complaint"),
    [
        ("forms: [TGT-01, TGT-02]", "forms: [TGT-99]", "M001: unknown form TGT-99"),
        ("indicators: [I-TGT-02]", "indicators: [I-TGT-77]", "M002: unknown indicator I-TGT-77"),
        ("rules: [V-S-007, V-R-093]", "rules: [V-S-777]", "M001: unknown rule V-S-777"),
        ("scheme: TRA-FED", "scheme: TRA-NONE", "M001: unknown scheme TRA-NONE"),
        ("reports: [R-02, R-01 第13章]", "reports: [R-99]", "M001: unknown report R-99"),
        ("- id: M002", "- id: M001", "M001 is defined twice"),
    ],
)
def test_what_does_not_exist_is_refused_with_its_line(
    tmp_path: Path, line: str, wrong: str, complaint: str
) -> None:
    root = tmp_path / "definitions"
    shutil.copytree(HERE, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = root / "mechanisms.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(line, wrong, 1), encoding="utf-8")
    with pytest.raises(DefinitionsInvalid) as refused:
        load_definitions(root)
    (mistake,) = [str(m) for m in refused.value.mistakes if complaint in str(m)]
    assert "mechanisms.yaml" in mistake


def test_an_empty_mechanism_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "definitions"
    shutil.copytree(HERE, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = root / "mechanisms.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("rules: [V-S-007, V-R-093]", "rules: []", 1), encoding="utf-8")
    with pytest.raises(DefinitionsInvalid, match="mechanisms.yaml"):
        load_definitions(root)


def test_the_mechanisms_are_no_part_of_an_edition(tmp_path: Path, known: Definitions) -> None:
    """A renamed test changes nobody's figures."""
    root = tmp_path / "definitions"
    shutil.copytree(HERE, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (root / "mechanisms.yaml").unlink()
    assert load_definitions(root).digest == known.digest


def test_the_command_writes_the_table(tmp_path: Path) -> None:
    out = tmp_path / "机制.csv"
    made = CliRunner().invoke(app, ["mechanisms", "--out", str(out)], catch_exceptions=False)
    assert made.exit_code == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert tuple(header) == HEADERS
    assert [row[0] for row in rows] == [f"M{n:03d}" for n in range(1, COUNT + 1)]
    shown = CliRunner().invoke(app, ["mechanisms"], catch_exceptions=False)
    assert f"共 {COUNT} 项机制" in shown.output
