"""Pictures of pages: none is forgotten, every one has its caption, and they stay small."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from portal.app import PARTS
from running import pictures
from running.pictures import FOLDER, MOST_BYTES, SHOTS, WIDTHS, captions, few_colours

# Files, and parts of a page that htmx asks for: nothing that one looks at.
NO_PAGES = {
    "/my/{org}/workbook/{month}", "/my/submissions/{number}/marked",
    "/my/submissions/{number}/original", "/queue/export.xlsx", "/queue/{number}/returned.xlsx",
    "/mends/columns", "/coverage/units/export.xlsx", "/closing/export.xlsx",
    "/publications/{publication}/files/{name}", "/assessment-evidence/{evidence}",
}  # fmt: skip
# Single sign-on answers with a redirection.
ELSEWHERE = ("/single-sign-on",)


def routes(router: Any) -> set[str]:
    """Paths that answer a GET, of a router and those in it."""
    found: set[str] = set()
    for one in router.routes:
        if hasattr(one, "methods"):
            found |= {one.path} if "GET" in one.methods else set()
        else:
            found |= routes(getattr(one, "original_router", one))
    return found


def test_every_page_has_its_picture():
    declared: set[str] = set()
    for part in PARTS:
        declared |= routes(import_module(f"portal.routes.{part}").router)
    pages = {p for p in declared - NO_PAGES if not p.startswith(ELSEWHERE)}
    assert len(pages) > 50
    assert sorted(pages - {s.route for s in SHOTS}) == []
    assert sorted({s.route for s in SHOTS} - pages) == []


def test_names_are_unique_and_every_role_looks():
    assert len({s.name for s in SHOTS}) == len(SHOTS)
    assert {s.role for s in SHOTS} == set(pictures.ROLES)


def test_captions_name_every_picture_that_there_is():
    shots = pictures.taken()
    assert len(shots) > 60
    told = captions(shots)
    assert pictures.CAPTIONS.read_text(encoding="utf-8") == told
    wanted = {f"{s.name}-{width}.png" for s in shots for width, _ in WIDTHS}
    assert all(name in told for name in wanted)
    assert {p.name for p in FOLDER.glob("*.png")} == wanted


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.png")), ids=lambda p: p.stem)
def test_a_picture_is_small_and_as_wide_as_it_says(path: Path):
    assert path.stat().st_size < MOST_BYTES
    with Image.open(path) as picture:
        assert picture.width == int(path.stem.rsplit("-", 1)[1])
        assert picture.height <= pictures.TALLEST


def test_few_colours_keep_a_rare_one_and_cut_what_is_tall():
    picture = Image.new("RGB", (390, 5000), "#f5f6f8")
    draw = ImageDraw.Draw(picture)
    for n in range(200):
        draw.rectangle((n, n * 5, n + 90, n * 5 + 4), fill=(n, 255 - n, 128))
    draw.rectangle((0, 0, 390, 4), fill="#a31d20")
    out = io.BytesIO()
    picture.save(out, "PNG")
    small = Image.open(io.BytesIO(few_colours(out.getvalue()))).convert("RGB")
    assert small.size == (390, pictures.TALLEST)
    red, green, blue = small.getpixel((300, 2))
    assert red > 120
    assert green < 80
    assert blue < 80
