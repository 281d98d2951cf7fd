"""Rating campaigns: which tallies are refused, who took part, whether a rating counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Ballots:
    """Counts of anonymous ballots of one rater group on one unit; nobody's name is ever here."""

    unit: str
    rater: str
    eligible: int
    ballots: int
    very_sat: int
    basic_sat: int
    unsat: int
    unclear: int
    object: str = "工会工作"
    mode: str = "纸质"

    @property
    def told(self) -> int:
        """Ballots by what they say."""
        return self.very_sat + self.basic_sat + self.unsat + self.unclear


def objections(
    given: Ballots, *, electorate: int | None, members: int | None = None
) -> tuple[str, ...]:
    """Why a tally is refused, every reason at once; nothing where it may be kept.

    `electorate` is how many may rate in this campaign (None: nobody was asked), `members` how many
    members the unit reported, a ceiling for its members' ballots.
    """
    counts = (
        given.eligible, given.ballots, given.very_sat, given.basic_sat, given.unsat, given.unclear,
    )  # fmt: skip
    found = []
    if min(counts) < 0:
        found.append("票数和人数不能为负数")
    if electorate is None:
        found.append(f"本次评价没有安排“{given.rater}”评价该单位")
    elif given.eligible != electorate:
        found.append(f"应评 {given.eligible} 人，与评价开始时核定的 {electorate} 人不符")
    if given.ballots > given.eligible:
        found.append(f"收回 {given.ballots} 票，多于应评 {given.eligible} 人")
    if given.rater == "会员" and members is not None and given.ballots > members:
        found.append(f"收回会员评价 {given.ballots} 票，多于会员 {members} 人")
    if given.told != given.ballots:
        found.append(f"各类票合计 {given.told} 票，与收回 {given.ballots} 票不符")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Turnout:
    """Participation of one rater group on one unit; `valid` with the sentence that says why."""

    unit: str
    rater: str
    eligible: int
    ballots: int
    participation_pct: Decimal | None
    valid: bool
    why: str


def turnout(
    electorates: Mapping[tuple[str, str], int],
    tallies: Iterable[Ballots],
    least_pct: Decimal,
) -> tuple[Turnout, ...]:
    """The state of a campaign by unit and rater group, those that nobody answered included.

    A rating counts from `least_pct` of those who may rate, the line included.
    """
    given = {(t.unit, t.rater): t for t in tallies}
    found = []
    for (unit, rater), eligible in sorted(electorates.items()):
        tally = given.get((unit, rater))
        ballots = tally.ballots if tally else 0
        if tally is None:
            why = f"应评 {eligible} 人，评价票尚未上报"
            found.append(Turnout(unit, rater, eligible, 0, None, False, why))
            continue
        if not eligible:
            why = "没有有评价资格的人员，不作评价"
            found.append(Turnout(unit, rater, 0, ballots, None, False, why))
            continue
        share = Fraction(ballots * 100, eligible)
        shown = Decimal(share.numerator) / Decimal(share.denominator)
        valid = share >= Fraction(least_pct)
        state = "评价有效" if valid else f"低于 {least_pct.normalize():f}%，评价无效，须重新组织"
        why = f"应评 {eligible} 人，收回 {ballots} 票，参评率 {_cut(shown, least_pct)}%，{state}"
        found.append(Turnout(unit, rater, eligible, ballots, shown, valid, why))
    return tuple(found)


def _cut(share: Decimal, line: Decimal) -> str:
    """Two decimals, more where rounding would put a share on the line that it misses."""
    for places in range(2, 9):
        text = f"{share:.{places}f}"
        if share == line or Decimal(text) != line:
            return text
    return str(share)
