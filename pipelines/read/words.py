"""How labels, names and units written by people become comparable keys."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import opencc

from pipelines.workbook import COVER_FIELDS

# Zero-width characters and the byte order mark survive NFKC and str.split.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_QUOTES = dict.fromkeys(map(ord, "\"'“”‘’「」《》*※★☆"))
_NUMBERING = re.compile(r"^(?:\(?\d{1,2}[.、)]|[一二三四五六七八九十]{1,2}、)(?=\D)")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_UNIT_TAIL = re.compile(
    r"[(\[](?:计量)?(?:单位)?:?([^()\[\]]{1,8})[)\]]$|[/,](?:单位:)?([^/,]{1,4})$"
)


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Traditional to simplified, character by character: enough for matching labels."""
    path = Path(opencc.__file__).parent / "dictionary" / "TSCharacters.txt"
    table: dict[int, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        old, _, new = line.partition("\t")
        if new and len(old) == 1:
            table[ord(old)] = new.split()[0]
    return table


# Words repeat, long texts do not: remembering them would only fill the memory.
_WORD = 48


def plain(text: str) -> str:
    """NFKC without white space or invisible characters: ``会员数（人）　１２`` -> 会员数(人)12."""
    if text.isascii():  # nothing to normalise but spaces: codes need no place in the memory
        return "".join(text.split())
    return _plain(text) if len(text) <= _WORD else _plain.__wrapped__(text)


@lru_cache(maxsize=65536)
def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).translate(_INVISIBLE).split())


def key(text: str) -> str:
    """The form in which words are compared: plain, simplified, lower case."""
    if text.isascii():
        return "".join(text.split()).lower()
    return _key(text) if len(text) <= _WORD else _key.__wrapped__(text)


@lru_cache(maxsize=65536)
def _key(text: str) -> str:
    return plain(text).translate(_simplified()).lower()


def name_key(text: str) -> str:
    """The form in which names of organisations are compared; brackets of either width agree."""
    return key(text).translate(_QUOTES).replace("[", "(").replace("]", ")")


def label_key(text: str) -> str:
    """The form in which headers and labels are compared: no numbering, quotes, stars, colon."""
    return _label_key(text) if len(text) <= _WORD else _label_key.__wrapped__(text)


@lru_cache(maxsize=65536)
def _label_key(text: str) -> str:
    return _NUMBERING.sub("", key(text).translate(_QUOTES).strip(":"))


_MULTIPLES = (
    ("百万", Decimal(10) ** 6), ("千万", Decimal(10) ** 7), ("十万", Decimal(10) ** 5),
    ("亿", Decimal(10) ** 8), ("万", Decimal(10) ** 4), ("千", Decimal(1000)),
)  # fmt: skip
MULTIPLES: dict[str, Decimal] = {**dict(_MULTIPLES), "百": Decimal(100), "": Decimal(1)}
_SAME_UNIT = {
    "名": "人", "位": "人", "圆": "元", "块": "元", "人民币元": "元", "元整": "元", "人民币": "元",
    "m2": "平方米", "平米": "平方米", "㎡": "平方米", "年度": "年", "百分比": "%", "所": "个",
    "岁": "岁",
}  # fmt: skip
BASE_UNITS = frozenset({
    "人", "人次", "户", "户次", "元", "家", "个", "件", "项", "平方米", "分",
    "%", "年", "次", "场", "天", "小时", "岁", "条", "期", "篇", "份", "张",
    "台", "套", "册", "月", "日", "班", "支", "组", "对", "票", "席", "课时",
    "学时", "宗", "起", "批", "倍", "处", "间",
})  # fmt: skip


@lru_cache(maxsize=4096)
def unit_of(text: str) -> tuple[str, Decimal] | None:
    """A unit as (base, multiple): 万元 -> (元, 10000), 名 -> (人, 1); None when it is no unit."""
    word = plain(text)
    base = _SAME_UNIT.get(word, word)
    if base in BASE_UNITS:
        return base, Decimal(1)
    for prefix, multiple in _MULTIPLES:
        if word.startswith(prefix):
            base = _SAME_UNIT.get(word[len(prefix) :], word[len(prefix) :])
            if base in BASE_UNITS:
                return base, multiple
    return None


def factor(given: str, wanted: str) -> Decimal | None:
    """What a number in the given unit is multiplied with; None when the two do not convert."""
    a, b = unit_of(given), unit_of(wanted)
    if a is None or b is None or a[0] != b[0]:
        return None
    return a[1] / b[1]


@lru_cache(maxsize=16384)
def header_parts(text: str) -> tuple[str, str, str]:
    """A header as (whole key, key without its unit, unit): 慰问金（万元） -> (…, 慰问金, 万元)."""
    whole = label_key(text)
    match = _UNIT_TAIL.search(whole)
    if match and match.start() > 0:
        unit = match.group(1) or match.group(2)
        if unit_of(unit):
            return whole, whole[: match.start()].rstrip(":"), unit
    return whole, whole, ""


TOTAL_WORDS = frozenset({"合计", "小计", "总计", "共计", "累计", "本页小计", "本页合计"})
_TOTAL = re.compile(r"^[^a-z0-9]{0,12}(?:合计|小计|总计|共计)(?:\(.*\))?$")
NOTE_START = re.compile(
    r"^(?:填表说明|填报说明|填写说明|说明|备注|附注|注|附)[:：0-9一二三四五.、]|^[※*★]"
    r"|^(?:填表说明|填报说明|填写说明|说明|附注)$"
)
# A row is an example when a cell says just that; a course called 样例教学 is not one.
EXAMPLE = re.compile(
    r"\s*[(（\[【]?(?:填[写报])?(?:示例|样例|范例|例)(?:行)?\d{0,2}(?:[)）\]】]|[:：]|\s*$)"
)
DITTO = frozenset({"同上", "〃", "″", "同左", "同前", '"', "''", "′′", "〞", "″″", "同"})
NOTHING = frozenset(
    {"无", "/", "—", "-", "--", "——", "没有", "未开展", "未发生", "\\", "－", "–", "―", "n/a", "na"}
)


def is_total(text: str) -> bool:
    """Whether a cell labels a row of totals: 合计, 小计, 总计, 共计, 一车间小计."""
    if len(text) > _WORD:
        return False
    word = key(text)
    return word in TOTAL_WORDS or bool(_TOTAL.match(word))


def _cover_labels() -> dict[str, str]:
    found: dict[str, str] = {}
    for field, labels in COVER_FIELDS.items():
        for label in labels:
            found.setdefault(label_key(label), field)
    found["单位"] = "unit_or_org"
    return found


COVER_LABELS: dict[str, str] = _cover_labels()
ORG_NAME_LABELS = frozenset(
    label_key(x) for x in (*COVER_FIELDS["org_name"], "基层工会名称", "工会组织名称", "工会全称")
)
