"""What the own mail server found out about a mail's sender: Authentication-Results of RFC 8601.

Read strictly: a field that departs from the grammar confirms nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_CHARACTERS = 20_000
# A token of RFC 2045, or an address with what RFC 5321 lets stand before the @.
_TOKEN = re.compile(r"[!#$%&'*+\-./:=?^_`{|}~0-9A-Za-z]*@?[!#$%&'*+\-.:^_`{|}~0-9A-Za-z\[\]]+")
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_PROPERTY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")


class _Malformed(ValueError):
    """Not what the RFC's grammar says."""


@dataclass(frozen=True, slots=True)
class Result:
    """One method's result, like dkim=pass, with its properties, like (header.d, fed.example)."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]


def confirmed(fields: Iterable[str], server: str, domain: str) -> bool:
    """Whether the own server `server` vouches that a mail comes from `domain`, that of its From.

    `fields` are the mail's Authentication-Results, the topmost first: that of our server which was
    added last decides, what a sender wrote himself stands below it. DMARC, DKIM or SPF has to pass
    for exactly the domain; DMARC alone may find another one aligned, and says so.
    """
    wanted = domain.strip().lower().rstrip(".")
    if not server or not wanted:
        return False
    for field in fields:
        try:
            by, results = parsed(field)
        except _Malformed:
            if server.lower() in field.lower():
                return False  # Ours or a sender's: what cannot be read is no confirmation.
            continue
        if by.lower() == server.lower():
            return any(_vouches(one, wanted) for one in results)
    return False


def _vouches(one: Result, domain: str) -> bool:
    if one.result != "pass":
        return False
    told: dict[str, str] = {}
    for name, value in one.properties:
        if name in told:
            return False  # Which of two is meant nobody knows.
        told[name] = value.lower().rstrip(".")
    match one.method:
        case "dmarc":
            return told.get("header.from") == domain
        case "dkim" if "header.d" in told:
            return told["header.d"] == domain
        case "dkim":
            return _domain_of(told.get("header.i", "")) == domain
        case "spf":
            return _domain_of(told.get("smtp.mailfrom", "")) == domain
    return False


def _domain_of(value: str) -> str:
    """The domain of an address, of `@domain` or of a bare domain; empty for anything else."""
    found = value.rpartition("@")[2]
    return found if _DOMAIN.fullmatch(found) else ""


def parsed(field: str) -> tuple[str, Sequence[Result]]:
    """The server that speaks and its results; ValueError when the field is not well-formed."""
    if len(field) > MOST_CHARACTERS or not field.isascii():
        raise _Malformed
    text = _Text(field)
    server = text.value()
    text.blanks()
    version = text.keyword() if text.at not in (";", "") else "1"
    if version != "1":
        raise _Malformed
    results: list[Result] = []
    none = False
    while text.skip(";"):
        if none:
            raise _Malformed
        text.blanks()
        if not text.at and results:
            break  # Several servers end the field with a semicolon.
        found = text.resinfo()
        if found is None:
            none = not results
            if not none:
                raise _Malformed
        else:
            results.append(found)
    text.blanks()
    if text.at or not (results or none):
        raise _Malformed
    return server, results


class _Text:
    """A field read from left to right."""

    def __init__(self, field: str) -> None:
        self.field = field
        self.place = 0
        self.blanks()

    @property
    def at(self) -> str:
        """The next character; empty at the end."""
        return self.field[self.place : self.place + 1]

    def blanks(self) -> None:
        """Pass over white space and comments, which nest (CFWS of RFC 5322)."""
        depth = 0
        while self.at:
            if self.at == "(":
                depth += 1
            elif self.at == ")" and depth:
                depth -= 1
            elif self.at == "\\" and depth:
                self.place += 1
            elif not depth and self.at not in " \t\r\n":
                return
            self.place += 1
        if depth:
            raise _Malformed

    def skip(self, character: str) -> bool:
        """Pass over a character if it is next, with the blanks before it."""
        self.blanks()
        if self.at != character:
            return False
        self.place += 1
        return True

    def expect(self, character: str) -> None:
        """Pass over a character that has to be next."""
        if not self.skip(character):
            raise _Malformed

    def matched(self, pattern: re.Pattern[str]) -> str:
        """What a pattern finds here."""
        self.blanks()
        found = pattern.match(self.field, self.place)
        if found is None:
            raise _Malformed
        self.place = found.end()
        return found[0]

    def keyword(self) -> str:
        """A name, in small letters."""
        return self.matched(_KEYWORD).lower()

    def value(self) -> str:
        """A token, an address, or what stands between quotation marks."""
        self.blanks()
        if self.at != '"':
            return self.matched(_TOKEN)
        said = ""
        self.place += 1
        while self.at != '"':
            if self.at == "\\":
                self.place += 1
            if not self.at or self.at in "\r\n":
                raise _Malformed
            said += self.at
            self.place += 1
        self.place += 1
        if self.at == "@":  # a quoted local part
            said += self.matched(_TOKEN)
        return said

    def resinfo(self) -> Result | None:
        """One result after its semicolon; None for the word that says there is none."""
        method = self.keyword()
        if self.skip("/") and self.keyword() != "1":
            raise _Malformed
        self.blanks()
        if method == "none" and self.at in (";", ""):
            return None
        self.expect("=")
        result = self.keyword()
        properties: list[tuple[str, str]] = []
        self.blanks()
        while self.at not in (";", ""):
            kind = self.keyword()
            if kind == "reason" and self.skip("="):
                if properties:
                    raise _Malformed
                self.value()
            else:
                self.expect(".")
                name = self.matched(_PROPERTY).lower()
                self.expect("=")
                properties.append((f"{kind}.{name}", self.value()))
            self.blanks()
        return Result(method, result, tuple(properties))
