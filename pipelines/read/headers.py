"""Find which form a table is, and which of its columns stands where, by content and alias."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from definitions.model import Form
from pipelines.read.form_index import FormIndex, forms_in_text, is_label
from pipelines.read.sheet import Grid, Merge
from pipelines.read.words import ORG_NAME_LABELS, TOTAL_WORDS, header_parts, label_key, unit_of

_PART_OF = ("其中:", "其中", "#其中")
ROW_NUMBER = frozenset({"序号", "序", "no", "no.", "行次", "编号", "行号", "栏次"})
_LETTERS = frozenset("甲乙丙丁戊己庚辛abcdefgh")
_LONGEST_MARK = 12  # a unit, a number or a letter in a row of its own under the header


@dataclass(frozen=True, slots=True)
class Header:
    """Where a table starts: rows from 0, `columns[p]` the grid column of form column p."""

    form: Form
    first: int
    last: int
    columns: tuple[int | None, ...]
    units: dict[int, str]
    unknown: tuple[tuple[int, str], ...]
    doubled: tuple[tuple[int, int], ...]
    matched: int
    by_name: bool = False
    sequence: tuple[int, ...] = ()
    tied_with: str = ""


@dataclass(slots=True)
class _Match:
    columns: dict[int, int] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    unknown: list[tuple[int, str]] = field(default_factory=list)
    doubled: list[tuple[int, int]] = field(default_factory=list)
    sequence: list[int] = field(default_factory=list)
    cells: int = 0
    by_label: int = 0
    by_name: bool = False


def locate(grid: Grid, index: FormIndex, start: int, depth: int) -> Header | None:
    """The first table at or below row `start`, its header among the first `depth` filled rows."""
    rows = grid.rows
    counts: list[tuple[int, int]] = []
    seen, top = 0, (0, 0)
    known_labels = index.seen_labels
    for r in range(start, len(rows)):
        row = rows[r]
        hits = 0
        filled = False
        for value in row:
            if value.__class__ is str:
                if value:
                    filled = True
                    known = known_labels.get(value)
                    hits += is_label(value, index) if known is None else known
            elif value is not None:
                filled = True
        if filled:
            seen += 1
            counts.append((hits, r))
            top = max(top, (hits, -r))
            # A row of three labels with no better one in the next two: the header is found.
            if seen >= depth or (top[0] >= 3 and r + top[1] >= 2):
                break
    named = _named_forms(grid, index, start, counts)
    tried: set[tuple[int, int]] = set()
    best: tuple[float, Header] | None = None
    for hits, base in sorted(counts, key=lambda x: (-x[0], x[1]))[:3]:
        if hits == 0 and not named:
            continue
        for first, last in _bands(grid, base, start):
            if (first, last) in tried:
                continue
            tried.add((first, last))
            found = _judge(grid, index, first, last, named)
            if found and (best is None or found[0] > best[0] + 1e-9):
                best = found
        if best and best[0] >= 2.2:
            break
    return best[1] if best else None


def _named_forms(
    grid: Grid, index: FormIndex, start: int, counts: Sequence[tuple[int, int]]
) -> dict[int, float]:
    """Forms that the lines above the table or the sheet's name speak of, with a bonus each."""
    bonus: dict[int, float] = {}
    top = max(counts)[0] if counts else 0
    for hits, r in counts:
        if hits and hits == top:
            break
        for value in grid.rows[r]:
            if value.__class__ is str and value:
                for f in forms_in_text(value, index):
                    bonus[f] = 0.6
    for f in forms_in_text(grid.name, index):
        bonus.setdefault(f, 0.2)
    return bonus


def _bands(grid: Grid, base: int, start: int) -> Iterator[tuple[int, int]]:
    """Runs of rows that may together be the header: one row, or two or three when merged."""
    yield base, base
    rows = grid.rows
    touching = [m for m in grid.merges if m[0] <= base + 1 and m[2] >= base - 2 and m[0] >= start]
    spans = [
        m
        for m in touching
        if (m[0] <= base <= m[2] and m[2] > m[0])
        or (base - 2 <= m[0] <= base and m[3] > m[1] and m[3] - m[1] + 1 < len(rows[base]))
    ]
    below = base + 1 < len(rows) and _wordy(rows[base + 1]) and _has_gap(rows[base], rows[base + 1])
    above = base - 1 >= start and _has_gap(rows[base], rows[base - 1])
    if not spans and not below and not above:
        return
    for first, last in (
        (base, base + 1),
        (base, base + 2),
        (base - 1, base),
        (base - 2, base),
        (base - 1, base + 1),
    ):
        if first >= start and last < len(rows) and _wordy(rows[last]):
            yield first, last


def _wordy(row: Sequence[Any]) -> bool:
    """Whether a row holds words only: neither numbers nor dates, nor texts of digits."""
    filled = [v for v in row if v != "" and v is not None]
    return bool(filled) and all(
        v.__class__ is str and not v.strip().replace(".", "").isdecimal() for v in filled
    )


def _has_gap(row: Sequence[Any], other: Sequence[Any]) -> bool:
    return any(a == "" and b != "" for a, b in zip(row, other, strict=False))


def _filled_band(grid: Grid, first: int, last: int) -> list[list[str]]:
    """The texts of a header band, one list of levels per column, merges filled right and down."""
    rows = grid.rows
    width = len(rows[first])
    band = [
        [v if v.__class__ is str else "" for v in (rows[r] + [""] * width)[:width]]
        for r in range(first, last + 1)
    ]
    if first == last:
        return [[v] for v in band[0]]
    covered: list[Merge] = [m for m in grid.merges if m[0] <= last and m[2] >= first]
    for r0, c0, r1, c1 in covered:
        if r0 < 0 or r0 >= len(rows) or c0 >= len(rows[r0]):
            continue
        value = rows[r0][c0]
        text = value if value.__class__ is str else ""
        for r in range(max(r0, first), min(r1, last) + 1):
            for c in range(c0, min(c1 + 1, width)):
                band[r - first][c] = text
    if not covered:
        for level in range(last - first):
            held = ""
            for c in range(width):
                if band[level][c]:
                    held = band[level][c]
                elif held and any(band[k][c] for k in range(level + 1, last - first + 1)):
                    band[level][c] = held
    columns: list[list[str]] = []
    for c in range(width):
        texts: list[str] = []
        for row in band:
            if row[c] and (not texts or texts[-1] != row[c]):
                texts.append(row[c])
        columns.append(texts)
    return columns


def _candidates(levels: Sequence[str], parent: str) -> Iterator[tuple[str, str]]:
    """(key, unit) under which a column may be known, best first."""
    parts = [header_parts(x) for x in levels]
    # A level that says 其中 and nothing more only holds its children together.
    parts = [p for p in parts[:-1] if p[1] not in _PART_OF] + parts[-1:]
    unit = next((u for _, _, u in reversed(parts) if u), "")
    wholes, bares = [p[0] for p in parts], [p[1] for p in parts]
    child, child_bare = wholes[-1], bares[-1]
    stripped = child_bare
    for word in _PART_OF:
        stripped = stripped.removeprefix(word)
    over = bares[-2] if len(parts) > 1 else (parent if stripped != child_bare else "")
    if len(parts) > 1:
        for k in range(len(parts) - 1):
            yield "/".join(wholes[k:]), unit
            yield "/".join(bares[k:]), unit
    if over:
        for joined in (
            f"{over}/{child_bare}", f"{over}/{stripped}", stripped + over, over + stripped,
            f"{over}:{stripped}", f"{over}其中{stripped}", f"{over}:其中{stripped}",
        ):  # fmt: skip
            yield joined, unit
        if stripped in TOTAL_WORDS or stripped in ("总数", "人数", "计", "数量", "小计", "数"):
            yield over, unit
    yield child, ""
    yield child_bare, unit
    if stripped != child_bare:
        yield stripped, unit


def _placed(
    texts: Sequence[str], parent: str, f: int, column_forms: dict[str, dict[int, int]]
) -> tuple[int | None, str, str]:
    """The form column that a header names, the name it was found by, and the unit it states."""
    for name, unit in _candidates(texts, parent):
        place = column_forms.get(name, {}).get(f)
        if place is not None:
            return place, name, unit
    return None, "", ""


def _match_form(
    index: FormIndex,
    f: int,
    levels: Sequence[Sequence[str]],
    column_forms: dict[str, dict[int, int]],
) -> _Match:
    """Assign the columns of a band to one form."""
    match = _Match()
    parent = ""
    name_column: int | None = None
    for c, texts in enumerate(levels):
        if not texts or not texts[-1] or not texts[-1].strip():
            continue
        match.cells += 1
        place, name, unit = _placed(texts, parent, f, column_forms)
        child = header_parts(texts[-1])[1]
        if not child.startswith("其中"):
            parent = child
        if place is None:
            if child in ROW_NUMBER:
                match.sequence.append(c)
                match.cells -= 1
            elif child in ORG_NAME_LABELS and name_column is None:
                name_column = c
                match.cells -= 1
            else:
                match.unknown.append((c, " / ".join(" ".join(t.split()) for t in texts)))
            continue
        if place in match.columns:
            match.doubled.append((place, c))
            continue
        match.columns[place] = c
        match.by_label += (name, f) in index.labels
        if unit:
            match.units[place] = unit
    if name_column is not None:
        organisation = index.organisation[f]
        if organisation is not None and organisation not in match.columns:
            match.columns[organisation] = name_column
            match.by_name = True
            match.cells += 1
    return match


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The form that a band of texts fits best, how well, and which other fits as well."""

    score: float
    form: int
    match: _Match
    tied_with: str


def _judge(
    grid: Grid, index: FormIndex, first: int, last: int, named: dict[int, float]
) -> tuple[float, Header] | None:
    """The form that a band of rows fits best, with its score; None when it fits none."""
    band: Any
    if first == last:
        band = tuple([v if v.__class__ is str else "" for v in grid.rows[first]])
    else:
        band = tuple(map(tuple, _filled_band(grid, first, last)))
    slot = (band, tuple(named.items()))
    try:
        verdict = index.judged[slot]
    except KeyError:
        verdict = _best_form(_filled_band(grid, first, last), index, named)
        if len(index.judged) < 2000:
            index.judged[slot] = verdict
    if verdict is None:
        return None
    form, match = index.forms[verdict.form], verdict.match
    units = dict(match.units)
    header_last = _skip_numbering(grid, last, match.columns, units)
    return verdict.score - 0.01 * (last - first), Header(
        form=form,
        first=first,
        last=header_last,
        columns=tuple(match.columns.get(p) for p in range(len(form.columns))),
        units={p: u for p, u in units.items() if u != form.columns[p].unit},
        unknown=tuple(match.unknown),
        doubled=tuple(match.doubled),
        matched=len(match.columns),
        by_name=match.by_name,
        sequence=tuple(match.sequence),
        tied_with=verdict.tied_with,
    )


def _best_form(
    levels: Sequence[Sequence[str]], index: FormIndex, named: dict[int, float]
) -> _Verdict | None:
    column_forms: dict[str, dict[int, int]] = {}
    tally: dict[int, int] = {}
    parent = ""
    for texts in levels:
        if not texts or not texts[-1]:
            continue
        hit: set[int] = set()
        for name, _ in _candidates(texts, parent):
            if name in index.names:
                column_forms.setdefault(name, dict(index.names[name]))
                hit.update(column_forms[name])
        for f in hit:
            tally[f] = tally.get(f, 0) + 1
        child = header_parts(texts[-1])[1]
        if not child.startswith("其中"):
            parent = child
    likely = sorted(tally, key=lambda f: (-tally[f] - 20 * named.get(f, 0), f))[:4]
    scored: list[tuple[float, int, _Match]] = []
    for f in likely:
        match = _match_form(index, f, levels, column_forms)
        matched = len(match.columns)
        required = index.required[f]
        have = len(required & match.columns.keys()) / len(required) if required else 1.0
        precision = matched / max(match.cells, 1)
        bonus = named.get(f, 0.0)
        enough = matched >= 2 or matched == len(index.forms[f].columns)
        if not enough and not (bonus >= 0.6 and matched):
            continue
        if precision < 0.5 and have < 0.5 and bonus < 0.6:
            continue
        own = 0.3 * match.by_label / max(match.cells, 1)
        # Of two readings of the same lines the one that explains more columns wins.
        scored.append((precision + have + bonus + own + 0.02 * matched, f, match))
    if not scored:
        return None
    scored.sort(key=lambda s: (-s[0], s[1]))
    score, f, match = scored[0]
    tied = ""
    if len(scored) > 1 and scored[1][0] > score - 1e-9:
        tied = index.forms[scored[1][1]].code
    return _Verdict(score, f, match, tied)


def _skip_numbering(grid: Grid, last: int, columns: dict[int, int], units: dict[int, str]) -> int:
    """The last row of the header, counting rows of units (元, 人) and of numbers (甲, 1, 2, 3).

    Units found in such a row are added to `units`.
    """
    while last + 1 < len(grid.rows):
        row = grid.rows[last + 1]
        filled = [(c, v) for c, v in enumerate(row) if v != "" and v is not None]
        if len(filled) < 2 or any(len(v) > _LONGEST_MARK for _, v in filled if v.__class__ is str):
            return last
        words = [label_key(v) if v.__class__ is str else _whole(v) for _, v in filled]
        numbers = [int(w) for w in words if w.isdecimal()]
        letters = [w for w in words if w in _LETTERS]
        consecutive = len(numbers) >= 2 and numbers == list(
            range(numbers[0], numbers[0] + len(numbers))
        )
        numbering = len(numbers) + len(letters) == len(words) and (consecutive or not numbers)
        from_one = bool(numbers) and numbers[0] == 1 and len(filled) >= max(4, len(columns))
        if numbering and (letters or from_one):
            last += 1
        elif all(w in ("-", "/", "—") or unit_of(w.strip("()")) for w in words) and any(
            unit_of(w.strip("()")) for w in words
        ):
            by_column = {c: p for p, c in columns.items()}
            for (c, _), w in zip(filled, words, strict=True):
                if c in by_column and unit_of(w.strip("()")):
                    units[by_column[c]] = w.strip("()")
            last += 1
        else:
            return last
    return last


def _whole(value: Any) -> str:
    if value.__class__ is float and value.is_integer():
        return str(int(value))
    return "?"
