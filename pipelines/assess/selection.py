"""The best of candidates: stars of the post by workshop, innovation highlights of the year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from definitions.small_schemes import Selection
from pipelines.assess import scoring
from pipelines.assess.wording import marks, plain


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate: criteria 0-100, conditions as numbers, numbers that lead to no record."""

    code: str
    group: str
    scores: Mapping[str, Decimal]
    conditions: Mapping[str, Decimal] = field(default_factory=dict)
    untraced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of a candidate; `score` None and no rank where it could not take part."""

    candidate: Candidate
    score: Decimal | None
    rank: int | None
    chosen: bool
    why: str


def select(scheme: Selection, candidates: Sequence[Candidate]) -> tuple[Choice, ...]:
    """Score, order and choose; by group, score, then code, whatever the order of the input.

    Equals that the tie condition does not part share a rank; across the last place all of them
    wait for a decision. Raises ValueError where a code stands for two candidates.
    """
    codes = [c.code for c in candidates]
    if len(set(codes)) < len(codes):
        doubled = sorted({c for c in codes if codes.count(c) > 1})
        raise ValueError(f"候选编号重复：{'、'.join(doubled)}")
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.group if scheme.grouped else "", []).append(candidate)
    return tuple(c for name in sorted(groups) for c in _of_group(scheme, groups[name]))


def _of_group(scheme: Selection, members: Sequence[Candidate]) -> list[Choice]:
    barred = {c.code: _barred(scheme, c) for c in members}
    keys = {c.code: _key(scheme, c) for c in members if not barred[c.code]}
    ordered = sorted(members, key=lambda c: ([-k for k in keys.get(c.code, ())], c.code))
    choices = []
    for candidate in ordered:
        if barred[candidate.code]:
            why = f"{'；'.join(barred[candidate.code])}，不参加评选。"
            choices.append(Choice(candidate, None, None, False, why))
            continue
        key = keys[candidate.code]
        ahead = sum(k > key for k in keys.values())
        equal = sum(k == key for k in keys.values())
        choices.append(_choice(scheme, candidate, key[0], ahead, equal))
    return sorted(choices, key=lambda c: c.rank is None)


def _choice(
    scheme: Selection, candidate: Candidate, score: Fraction, ahead: int, equal: int
) -> Choice:
    told = " + ".join(
        f"{name} {plain(candidate.scores[name])} × {plain(weight)}%"
        for name, weight in scheme.criteria.items()
    )
    text = f"{told} = {marks(score)} 分，列第 {ahead + 1} 位"
    if scheme.ties:
        text += f"（{scheme.ties} {plain(candidate.conditions[scheme.ties])}）"
    text += f"，名额 {scheme.places} 个"
    chosen = ahead + equal <= scheme.places
    if chosen:
        text += f"，评为{scheme.candidates}"
    elif ahead < scheme.places:
        text += f"，{equal} 名并列跨名额边界，提请评审会票决"
    else:
        text += "，未入选"
    return Choice(candidate, scoring.round_once(score), ahead + 1, chosen, f"{text}。")


def _key(scheme: Selection, candidate: Candidate) -> tuple[Fraction, ...]:
    score = scoring.weighted_mean(
        [(candidate.scores[name], weight) for name, weight in scheme.criteria.items()]
    )
    return (score, Fraction(candidate.conditions[scheme.ties])) if scheme.ties else (score,)


def _barred(scheme: Selection, candidate: Candidate) -> list[str]:
    """Everything that keeps a candidate out, all at once."""
    found = [f"缺“{name}”评分" for name in scheme.criteria if name not in candidate.scores]
    found += [
        f"“{name}”{plain(score)} 分，不在 0—100 之间"
        for name, score in candidate.scores.items()
        if name in scheme.criteria and not 0 <= score <= 100
    ]
    for name, least in scheme.least.items():
        told = candidate.conditions.get(name)
        if told is None:
            found.append(f"“{name}”未报")
        elif told < least:
            found.append(f"“{name}”{plain(told)}，不足 {plain(least)}")
    if scheme.traced and candidate.untraced:
        found.append(f"申报材料中{'、'.join(candidate.untraced)}查不到来源")
    return found
