"""What ballots on a representative lead to: recall, reward, nothing, or no valid result (REP).

Recall is a notice, never the recall itself: that needs the constituency where local law says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from definitions.small_schemes import BallotOutcome
from pipelines.assess.wording import percent_against, plain, plain_against


class Outcome(StrEnum):
    """As the register of representatives names them; an invalid evaluation has no outcome."""

    KEEP = "保留"
    REWARD = "奖励"
    RECALL = "取消代表资格"
    INVALID = "评估无效"


@dataclass(frozen=True, slots=True)
class RepresentativeBallots:
    """The evaluation of one representative; `score` 0-100, `constituency` in persons."""

    representative: str
    constituency: int
    ballots: int
    unsatisfied: int
    score: Decimal | None = None
    excellent_proposal: bool = False


@dataclass(frozen=True, slots=True)
class RepresentativeResult:
    """Outcome and reason; `flagged` where reasons to reward and to recall meet."""

    evaluated: RepresentativeBallots
    outcome: Outcome
    why: str
    flagged: bool = False
    by_election: bool = False


def evaluate(
    scheme: BallotOutcome,
    recall_pct: Decimal,
    reward_score: Decimal,
    candidates_per_seat: int,
    told: RepresentativeBallots,
) -> RepresentativeResult:
    """Judge one representative; both edges belong to their outcome (P5: 以上 includes the number).

    Shares are compared exactly: 59.99 % never becomes 60 by rounding.
    """
    flaw = _flaw(scheme, told)
    if flaw:
        return RepresentativeResult(told, Outcome.INVALID, f"{flaw}，评估无效。")
    unsatisfied = Fraction(told.unsatisfied * 100, told.ballots)
    share = (
        f"收回 {told.ballots} 票，不满意 {told.unsatisfied} 票，"
        f"占 {percent_against(unsatisfied, recall_pct)}"
    )
    rewarded = []
    if told.score is not None and told.score >= reward_score:
        rewarded.append(
            f"测评得分 {plain_against(told.score, reward_score)} 分，达到 {plain(reward_score)} 分"
        )
    if told.excellent_proposal:
        rewarded.append("有优秀提案")
    if unsatisfied >= recall_pct:
        why = (
            f"{share}，达到 {plain(recall_pct)}%，告知取消代表资格；当地规定须经选区职工同意的，"
            f"从其规定；按 1:{candidates_per_seat} 提出候选人补选"
        )
        if rewarded:
            why += f"。同时{'、'.join(rewarded)}，取消资格优先，请核实评估材料"
        return RepresentativeResult(
            told, Outcome.RECALL, f"{why}。", flagged=bool(rewarded), by_election=True
        )
    if rewarded:
        return RepresentativeResult(told, Outcome.REWARD, f"{'、'.join(rewarded)}，予以奖励。")
    why = f"{share}，不足 {plain(recall_pct)}%"
    if told.score is not None:
        why += f"；测评得分 {plain_against(told.score, reward_score)} 分"
    return RepresentativeResult(told, Outcome.KEEP, f"{why}，保留代表资格。")


def _flaw(scheme: BallotOutcome, told: RepresentativeBallots) -> str:
    if told.constituency <= 0:
        return "选区职工人数未报"
    if told.ballots > told.constituency:
        return f"收回 {told.ballots} 票，多于选区职工 {told.constituency} 人"
    if not 0 <= told.unsatisfied <= told.ballots:
        return f"不满意 {told.unsatisfied} 票，多于收回 {told.ballots} 票"
    least = plain(scheme.least_ballots_pct)
    if told.ballots == 0 or told.ballots * 100 < scheme.least_ballots_pct * told.constituency:
        return f"选区职工 {told.constituency} 人，收回 {told.ballots} 票，不足 {least}%"
    return ""
