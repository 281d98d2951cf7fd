"""Synthetic codes with correct check characters: nobody's, yet accepted like real ones."""

from __future__ import annotations

from datetime import date, timedelta

from samples.spread import mix

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
FIRST = "建志国文明海永春玉秀晓立新长德宝金世学成思雅静丽红桂淑慧佳宏"
SECOND = "军华平强伟勇杰涛斌波辉刚明亮民生林山英兰芳梅霞燕娟莉萍玲云凤"


def uscc(prefix: str, region: str, serial: int) -> str:
    """A unified social credit code (GB 32100): prefix 81, 89, 91, 12 or 11, region, own serial.

    The inner organisation code carries its own check character (GB 11714).
    """
    inner = f"M0{serial:06d}"
    total = sum(w * int(c, 36) for w, c in zip(_INNER_WEIGHTS, inner, strict=True))
    check = 11 - total % 11
    stem = prefix + region + inner + {10: "X", 11: "0"}.get(check, str(check))
    total = sum(w * USCC_ALPHABET.index(c) for w, c in zip(_USCC_WEIGHTS, stem, strict=True))
    return stem + USCC_ALPHABET[-total % 31]


def id_number(region: str, serial: int) -> str:
    """A citizen number (GB 11643) of nobody alive: births lie in 1901 to 1920."""
    day = date(1901, 1, 1) + timedelta(days=serial % 7300)
    stem = f"{region}{day:%Y%m%d}{serial // 7300 % 1000:03d}"
    total = sum(w * int(c) for w, c in zip(_ID_WEIGHTS, stem, strict=True))
    return stem + "10X98765432"[total % 11]


def person_name(*what: object) -> str:
    """A name put together by chance."""
    n = mix("name", *what)
    name = SURNAMES[n % len(SURNAMES)] + FIRST[n // 64 % len(FIRST)]
    return name if n // 4096 % 4 == 0 else name + SECOND[n // 16384 % len(SECOND)]


def phone(*what: object) -> str:
    """A land line under area code 0950, which was never assigned."""
    return f"0950-{2000000 + mix('phone', *what) % 8000000}"
