"""A document as one web page: no outside files, print styles, every number a way back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from definitions.catalogue import Definitions
from pipelines.figures import Figures
from pipelines.publish import charts
from pipelines.publish.content import (
    Block,
    Chart,
    Document,
    Inline,
    Number,
    Paragraph,
    PublishedNumber,
    Section,
    Subheading,
    Table,
    ordinal,
)
from pipelines.publish.quoting import names_of, path_of, told_of

_STYLE = """
:root{--ink:#22303c;--quiet:#6b7b88;--rule:#d5dce2;--soft:#f4f7fa;--blue:#2f5d8c;--red:#b5483a}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0;color:var(--ink);background:#eef1f4;font:16px/1.85 "Source Han Serif SC",
"Noto Serif CJK SC","Songti SC","SimSun",serif}
.layout{display:grid;grid-template-columns:15rem minmax(0,52rem);gap:2rem;max-width:72rem;
margin:0 auto;padding:1.5rem}
nav{position:sticky;top:1.5rem;align-self:start;font:14px/1.5 "Noto Sans CJK SC",
"Microsoft YaHei",sans-serif;max-height:calc(100vh - 3rem);overflow:auto}
nav ol{list-style:none;margin:0;padding:0}nav a{display:block;padding:.35rem .6rem;
color:var(--ink);text-decoration:none;border-left:3px solid var(--rule)}
nav a:hover,nav a:focus{border-color:var(--blue);background:#fff}
main{background:#fff;padding:3.5rem 4rem;box-shadow:0 1px 3px rgba(0,0,0,.12)}
h1,h2,h3,caption,figcaption,th{font-family:"Noto Sans CJK SC","Microsoft YaHei","PingFang SC",
sans-serif;font-weight:600}
h1{font-size:1.8rem;line-height:1.4;text-align:center;margin:0 0 .8rem;text-wrap:balance}
.head{text-align:center;color:var(--quiet);margin:0;line-height:1.6}
.head:last-of-type{margin-bottom:2rem}
h2{font-size:1.25rem;margin:2.6rem 0 .8rem;padding-bottom:.3rem;border-bottom:2px solid var(--blue)}
h3{font-size:1.02rem;margin:1.6rem 0 .4rem;color:var(--blue)}
p{margin:.5rem 0;text-indent:2em;text-align:justify}
p.note{font-size:.85rem;line-height:1.6;color:var(--quiet);text-indent:0}
p.quote{border-left:3px solid var(--rule);padding-left:1rem;text-indent:0}
p.sign{text-align:right;text-indent:0;margin:.2rem 2rem}p.sign:first-of-type{margin-top:3rem}
.wide{overflow-x:auto}
table{width:100%;border-collapse:collapse;margin:1rem 0 .4rem;font:14px/1.5 "Noto Sans CJK SC",
"Microsoft YaHei","PingFang SC",sans-serif;border-top:2px solid var(--ink);
border-bottom:2px solid var(--ink)}
table.lying{min-width:72rem}
caption{padding:.3rem;font-size:.95rem}
th{background:#e8edf2;font-size:13px;text-align:center;vertical-align:middle}
th,td{padding:.35rem .5rem;border:1px solid var(--rule);border-width:0 1px 1px 0}
th:last-child,td:last-child{border-right:0}
td.r{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.c{text-align:center}
td.w{white-space:normal}
tr.total td{background:var(--soft);font-weight:600}
figure{margin:1.2rem 0;text-align:center}figure svg{width:100%;height:auto}
figcaption{font-size:.95rem;margin-top:.2rem}
a.n{color:inherit;text-decoration:none;border-bottom:1px dotted #9db2c6}
a.n:hover,a.n:focus{background:#e3edf7;color:var(--blue)}
a.n:target,tr:target td{background:#fff3d6}
details{margin-top:2.6rem}summary{cursor:pointer;font-family:"Noto Sans CJK SC",
"Microsoft YaHei",sans-serif;color:var(--blue)}
details table{font-size:12px}
@media(max-width:60rem){.layout{display:block;padding:0}nav{display:none}
main{padding:1.5rem 1rem}body{background:#fff}}
@media print{@page{size:A4;margin:20mm 18mm}@page lying{size:A4 landscape}
.wide:has(table.lying){page:lying}table.lying{min-width:0}body{background:#fff;font-size:11pt}
.layout{display:block;padding:0}nav,details{display:none}main{box-shadow:none;padding:0}
a.n{border:0}table{font-size:9pt}thead{display:table-header-group}
tr,figure{break-inside:avoid}h2,h3,caption{break-after:avoid}td.r{white-space:normal}}
"""
_ALIGN = {"left": "", "right": ' class="r"', "center": ' class="c"'}


def page(document: Document, figures: Figures, definitions: Definitions) -> str:
    """The page; a number is a link to the portal's page on it.

    Opened from a file, where no portal answers, the link leads to the number's row in the list of
    sources at the end. `data-ref` holds line/unit/period/indicator/basis.
    """
    parts = [
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escape(document.title)}</title><style>{_STYLE}</style></head><body>",
        '<div class="layout"><nav aria-label="目录"><ol>',
    ]
    for number, section in enumerate(document.sections, 1):
        words = f"{ordinal(number)}、{section.title}"
        parts.append(f'<li><a href="#{section.code}">{escape(words)}</a></li>')
    parts.append(f"</ol></nav><main><h1>{escape(document.title)}</h1>")
    parts += [f'<p class="head" style="text-indent:0">{escape(line)}</p>' for line in document.head]
    counter = _Counter(document.reference, document.ordinals())
    for number, section in enumerate(document.sections, 1):
        parts.append(_section(section, number, counter))
    parts += [f'<p class="sign">{escape(line)}</p>' for line in document.signature]
    parts.append(_sources(document, figures, definitions))
    parts.append("</main></div></body></html>\n")
    return "".join(parts)


class _Counter:
    """Running numbers of tables and pictures, and how each printed number is quoted."""

    def __init__(self, reference: str, ordinals: Mapping[str, int]) -> None:
        self.tables = 0
        self.pictures = 0
        self.reference = reference
        self.ordinals = ordinals


def _section(section: Section, number: int, counter: _Counter) -> str:
    head = f"{ordinal(number)}、{section.title}"
    parts = [f'<section id="{section.code}"><h2>{escape(head)}</h2>']
    headings = 0
    for block in section.blocks:
        if isinstance(block, Subheading):
            headings += 1
            parts.append(f"<h3>（{ordinal(headings)}）{escape(block.text)}</h3>")
        else:
            parts.append(_block(block, counter))
    parts.append("</section>")
    return "".join(parts)


def _block(block: Block, counter: _Counter) -> str:
    match block:
        case Paragraph():
            name = {"note": ' class="note"', "quote": ' class="quote"'}.get(block.style, "")
            return f"<p{name}>{_runs(block.runs, counter)}</p>"
        case Table():
            counter.tables += 1
            return _table(block, counter)
        case Chart():
            counter.pictures += 1
            caption = f"图{counter.pictures}　{block.title}"
            return (
                f'<figure role="img" aria-label="{escape(block.alt)}">{charts.svg(block)}'
                f"<figcaption>{escape(caption)}</figcaption></figure>"
            )
        case _:
            return ""


def _runs(runs: Sequence[Inline], counter: _Counter) -> str:
    return "".join(_number(r, counter) if isinstance(r, Number) else escape(r) for r in runs)


def reference(number: PublishedNumber) -> str:
    """line/unit/period/indicator/basis."""
    return "/".join((number.line, number.unit, number.period, number.indicator, number.basis))


def _number(number: Number, counter: _Counter) -> str:
    anchor = number.reference.anchor
    path = path_of(counter.reference, counter.ordinals[anchor])
    return (
        f'<a class="n" id="{anchor}" href="{path}" '
        f'data-ref="{escape(reference(number.reference))}">{escape(number.text)}</a>'
    )


def _table(table: Table, counter: _Counter) -> str:
    lying = ' class="lying"' if table.lying else ""
    caption = f"表{counter.tables}　{table.title}"
    parts = [f'<div class="wide"><table{lying}><caption>{escape(caption)}</caption>']
    heads = "".join(f'<th scope="col">{escape(c.label)}</th>' for c in table.columns)
    parts.append(f"<thead><tr>{heads}</tr></thead><tbody>")
    last = len(table.rows) - table.totals
    spans = [table.spans(place) for place in range(len(table.columns))]
    for i, row in enumerate(table.rows):
        cells = "".join(
            f"<td{_ALIGN[column.align]}{_rowspan(spans[place][i])}>{_runs([cell], counter)}</td>"
            for place, (column, cell) in enumerate(zip(table.columns, row, strict=True))
            if spans[place][i]
        )
        total = ' class="total"' if i >= last else ""
        parts.append(f"<tr{total}>{cells}</tr>")
    parts.append("</tbody></table></div>")
    if table.note:
        parts.append(f'<p class="note">{escape(table.note)}</p>')
    return "".join(parts)


def _rowspan(rows: int) -> str:
    return f' rowspan="{rows}"' if rows > 1 else ""


def _sources(document: Document, figures: Figures, definitions: Definitions) -> str:
    """The list at the end: what every number is made of, and how it is quoted."""
    numbers = document.numbers()
    if not numbers:
        return ""
    names = names_of(figures)
    rows = []
    for n, number in enumerate(numbers, 1):
        cells = (
            names.get(number.unit, number.unit),
            number.line,
            number.period,
            f"{number.indicator} {told_of(number, definitions)}",
            number.basis,
            number.text,
        )
        told = "".join(f"<td>{escape(c)}</td>" for c in cells)
        rows.append(
            f'<tr id="s-{number.anchor}"><td><a href="#{number.anchor}">'
            f"{document.reference}-{n}</a></td>{told}</tr>"
        )
    heads = "".join(
        f'<th scope="col">{h}</th>'
        for h in ("编号", "单位", "统计线", "期间", "指标", "口径", "文中")
    )
    return (
        f'<details id="sources"><summary>数字来源（{len(numbers):,}个数）</summary>'
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}'
        "</tbody></table></div></details>"
        "<script>addEventListener('hashchange',o);function o(){var e=location.hash&&"
        "document.getElementById(location.hash.slice(1));var d=e&&e.closest('details');"
        "if(d){d.open=true;e.scrollIntoView({block:'center'})}}"
        # From a file nobody answers at /numbers/: the list at the end says as much as it can.
        "if(location.protocol==='file:')document.querySelectorAll('a.n').forEach(function(a){"
        "a.setAttribute('href','#s-'+a.id)});o()</script>"
    )


_LINK = re.compile(r'(<a class="n" id="([^"]+)" href=")/numbers/[^"]+"')


def offline(html: str) -> str:
    """The same page for a place without a portal: its numbers lead to the list at the end."""
    return _LINK.sub(r'\1#s-\2"', html)
