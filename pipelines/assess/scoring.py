"""The scoring functions SF1 to SF12 of the assessment schemes, pure and exact.

Figures come as Decimal (or Fraction) and marks leave as Fraction: a mark is kept exact until the
total is rounded once, so that thirds and sevenths cannot push a total over a grade's edge.
`full` is the full marks m > 0, `actual` a, `target` t, `base` last year's value b. With `lower`
a smaller figure is the better one. A broken domain is a ValueError: whether a base exists at all
is decided before, by the caller (`parts.py`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

Number = Decimal | Fraction | int
Steps = Sequence[tuple[Number, Number]]

ZERO = Fraction(0)
ONE = Fraction(1)
_STEPS = {places: Decimal(1).scaleb(-places) for places in range(13)}
_WIDE = Context(prec=120)


def exact(value: Number) -> Fraction:
    """The value as a fraction; one that is a fraction already is not made anew."""
    return value if type(value) is Fraction else Fraction(value)


def clamp(value: Fraction) -> Fraction:
    """The value, held between 0 and 1."""
    return min(max(value, ZERO), ONE)


def completion(actual: Number, target: Number, *, lower: bool = False) -> Fraction:
    """Share of the target reached, 0 and up: a/t, or t/a where less is better.

    Domain: t > 0; where less is better t >= 0, and an actual of 0 or less counts as just met.
    """
    a, t = exact(actual), exact(target)
    if lower:
        if t < 0:
            raise ValueError(f"target {target} is below 0")
        return ONE if a <= 0 else t / a
    if t <= 0:
        raise ValueError(f"target {target} is not above 0")
    return max(a / t, ZERO)


def capped_proportion(
    full: Number, actual: Number, target: Number, *, lower: bool = False
) -> Fraction:
    """SF1: m x min(a/t, 1)."""
    return exact(full) * clamp(completion(actual, target, lower=lower))


def proportion_with_floor(
    full: Number, actual: Number, target: Number, floor: Number, *, lower: bool = False
) -> Fraction:
    """SF2: nothing below `floor` (a share, 0 to 1) of the target, else as SF1."""
    reached = completion(actual, target, lower=lower)
    return ZERO if reached < exact(floor) else exact(full) * clamp(reached)


def step_reached(actual: Number, steps: Steps, *, lower: bool = False) -> int | None:
    """Place in `steps` (best first) of the first threshold met, included; None below all."""
    a = exact(actual)
    for i, (threshold, _) in enumerate(steps):
        if (a <= exact(threshold)) if lower else (a >= exact(threshold)):
            return i
    return None


def stepped(actual: Number, steps: Steps, *, lower: bool = False) -> Fraction:
    """SF3: the marks of the best threshold met; 0 below all of them."""
    reached = step_reached(actual, steps, lower=lower)
    return ZERO if reached is None else exact(steps[reached][1])


def meets(actual: Number, target: Number, *, lower: bool = False, strict: bool = False) -> bool:
    """Whether the target is reached; the target itself is enough unless `strict`."""
    a, t = exact(actual), exact(target)
    if a == t:
        return not strict
    return a < t if lower else a > t


def pass_or_fail(
    full: Number, actual: Number, target: Number, *, lower: bool = False, strict: bool = False
) -> Fraction:
    """SF4: full marks when the target is met (or passed, where `strict`), else 0."""
    return exact(full) if meets(actual, target, lower=lower, strict=strict) else ZERO


def reverse(full: Number, actual: Number, target: Number, limit: Number) -> Fraction:
    """SF5: m x clamp((L - a)/(L - t), 0, 1), for figures that should stay small.

    Domain: any; where the limit L leaves no room above t, only meeting t earns the marks.
    """
    a, t, end = exact(actual), exact(target), exact(limit)
    if end <= t:
        return exact(full) if a <= t else ZERO
    return exact(full) * clamp((end - a) / (end - t))


def inside_band(
    full: Number, actual: Number, band: tuple[Number, Number], limits: tuple[Number, Number]
) -> Fraction:
    """SF5 on both sides: full marks inside the band, in a line down to 0 at the limits.

    Domain: limits[0] <= band[0] <= band[1] <= limits[1]; a limit that meets its edge is a cliff.
    """
    a = exact(actual)
    low, high = exact(band[0]), exact(band[1])
    least, most = exact(limits[0]), exact(limits[1])
    if not least <= low <= high <= most:
        raise ValueError(f"band {band} does not lie inside {limits}")
    if low <= a <= high:
        return exact(full)
    if a < low:
        return ZERO if a <= least else exact(full) * (a - least) / (low - least)
    return ZERO if a >= most else exact(full) * (most - a) / (most - high)


def deduction(full: Number, count: Number, per_case: Number) -> Fraction:
    """SF6: max(0, m - k x count); domain: count >= 0, k >= 0."""
    if count < 0 or per_case < 0:
        raise ValueError(f"count {count} or marks per case {per_case} below 0")
    return max(ZERO, exact(full) - exact(per_case) * exact(count))


def rank_in_group(full: Number, rank: Number, size: int) -> Fraction:
    """SF7: m x (n - rank)/(n - 1); a group of one earns full marks. Domain: 1 <= rank <= n."""
    if not 1 <= rank <= size:
        raise ValueError(f"rank {rank} in a group of {size}")
    if size == 1:
        return exact(full)
    return exact(full) * (size - exact(rank)) / (size - 1)


def average_ranks(figures: Mapping[str, Number], *, lower: bool = False) -> dict[str, Fraction]:
    """Rank of each key, 1 the best; equal figures share the mean of the places they fill."""
    sign = -1 if lower else 1
    known = {key: sign * exact(figure) for key, figure in figures.items()}
    ordered = sorted(known.values())
    ranks = {}
    for key, figure in known.items():
        first, after = bisect_left(ordered, figure), bisect_right(ordered, figure)
        ranks[key] = len(ordered) - after + Fraction(after - first + 1, 2)
    return ranks


def improvement_degree(
    actual: Number, target: Number, base: Number, *, lower: bool = False
) -> Fraction:
    """Share, 0 to 1, of the way from last year's value to the target.

    Where last year's value had already reached the target, there is no way left to go: holding
    the target is all that is asked, and falling behind it earns nothing.
    """
    sign = -1 if lower else 1
    a, t, b = sign * exact(actual), sign * exact(target), sign * exact(base)
    if b >= t:
        return ONE if a >= t else ZERO
    return clamp((a - b) / (t - b))


def improvement(
    full: Number, actual: Number, target: Number, base: Number, *, lower: bool = False
) -> Fraction:
    """SF8: m x clamp((a - b)/(t - b), 0, 1), signed by direction (S0 价值改善度)."""
    return exact(full) * improvement_degree(actual, target, base, lower=lower)


def level_and_improvement(
    full: Number,
    actual: Number,
    target: Number,
    base: Number | None,
    level_share: Number,
    *,
    lower: bool = False,
) -> Fraction:
    """SF9: `level_share` of SF1 and the rest of SF8; without last year's value all by SF1."""
    level = capped_proportion(full, actual, target, lower=lower)
    if base is None:
        return level
    share = exact(level_share)
    return share * level + (1 - share) * improvement(full, actual, target, base, lower=lower)


def weighted_mean(scores: Sequence[tuple[Number, Number]]) -> Fraction:
    """Mean of (score, weight) pairs; domain: weights >= 0 that do not sum to 0."""
    weights = sum((exact(w) for _, w in scores), ZERO)
    if weights <= 0 or any(w < 0 for _, w in scores):
        raise ValueError("weights must be 0 or above and not all 0")
    return sum((exact(s) * exact(w) for s, w in scores), ZERO) / weights


def rating_mean(full: Number, scores: Sequence[tuple[Number, Number]]) -> Fraction:
    """SF10: m x weighted mean of (score 0-100, weight) / 100."""
    return exact(full) * clamp(weighted_mean(scores) / 100)


def excess(
    actual: Number,
    target: Number,
    step_pct: Number,
    points: Number,
    cap: Number,
    *,
    lower: bool = False,
) -> Fraction:
    """SF11: `points` for every full `step_pct` percent beyond the target, at most `cap`.

    Domain: t > 0, step_pct > 0.
    """
    a, t = exact(actual), exact(target)
    if t <= 0 or step_pct <= 0:
        raise ValueError(f"target {target} or step {step_pct} is not above 0")
    beyond = (t - a if lower else a - t) * 100 / t
    steps = max(beyond // exact(step_pct), 0)
    return min(steps * exact(points), exact(cap))


def process(marks: Sequence[Fraction]) -> Fraction:
    """SF12: mean of the quarterly marks; domain: at least one quarter."""
    if not marks:
        raise ValueError("no quarter to take the mean of")
    return sum(marks, ZERO) / len(marks)


def spread(weights: Sequence[Number], applies: Sequence[bool]) -> tuple[Fraction, ...]:
    """Weights in force when some do not apply: theirs go to the others in proportion.

    The sum stays what it was, unless nothing applies: then every weight is 0.
    """
    kept = [exact(w) if yes else ZERO for w, yes in zip(weights, applies, strict=True)]
    rest = sum(kept, ZERO)
    if rest == 0:
        return tuple(ZERO for _ in kept)
    whole = sum((exact(w) for w in weights), ZERO)
    return tuple(w * whole / rest for w in kept)


def apportion(pool: int, claims: Sequence[Number], unit: int = 1) -> tuple[int, ...]:
    """The pool shared in proportion to the claims, in whole units, by largest remainder.

    Shares are multiples of `unit`, except that what the pool leaves over a multiple goes to the
    largest claim, so that the shares always sum to the pool. Among equal remainders the earlier
    claim comes first: order the claims by a stable name. Domain: pool >= 0, unit >= 1, claims >= 0
    that do not sum to 0.
    """
    owed = [exact(c) for c in claims]
    whole = sum(owed, ZERO)
    if pool < 0 or unit < 1 or whole <= 0 or any(c < 0 for c in owed):
        raise ValueError("a pool is shared by claims of 0 or above that are not all 0")
    steps, odd = divmod(pool, unit)
    due = [c * steps / whole for c in owed]
    shares = [int(d) for d in due]
    by_remainder = sorted(range(len(due)), key=lambda i: (shares[i] - due[i], i))
    for i in by_remainder[: steps - sum(shares)]:
        shares[i] += 1
    shares = [s * unit for s in shares]
    shares[owed.index(max(owed))] += odd
    return tuple(shares)


def round_once(value: Number, places: int = 2) -> Decimal:
    """Half to even at `places` decimals, from the exact value (GB/T 8170, P43)."""
    if isinstance(value, Decimal):
        return value.quantize(_STEPS[places], ROUND_HALF_EVEN, _WIDE)
    whole, rest = divmod(value.numerator * 10**places, value.denominator)
    twice = 2 * rest
    if twice > value.denominator or (twice == value.denominator and whole % 2):
        whole += 1
    return Decimal(whole).scaleb(-places, _WIDE)


def as_decimal(value: Number, places: int = 8) -> Decimal:
    """An exact mark as a Decimal for storing and showing; not to be summed again."""
    return round_once(value, places)
