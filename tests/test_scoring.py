"""The scoring functions SF1 to SF12: the table of domain 8.1, its edges, and what always holds."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.assess import scoring
from pipelines.assess.scoring import round_once

D = Decimal
marks = st.decimals("0.5", "20", places=1)
figures = st.decimals("0", "100000", places=2)
targets = st.decimals("0.01", "100000", places=2)
shares = st.decimals("0", "1", places=2)
STEPS = ((D(80), D(4)), (D(75), D(3)), (D(70), D(2)), (D(65), D(1)))


@pytest.mark.parametrize(
    ("actual", "target", "expected"),
    [("0", "40", "0"), ("30", "40", "1.5"), ("40", "40", "2"), ("44", "40", "2")],
)
def test_sf1_gives_the_share_of_the_target_and_no_more(actual, target, expected):
    assert scoring.capped_proportion(2, D(actual), D(target)) == D(expected)


def test_sf1_keeps_thirds_exact():
    assert scoring.capped_proportion(1, 1, 3) * 3 == 1


@pytest.mark.parametrize(
    ("actual", "expected"), [("59.99", "0"), ("60", "1.8"), ("99", "2.97"), ("278", "3")]
)
def test_sf2_begins_at_sixty_percent(actual, expected):
    assert scoring.proportion_with_floor(3, D(actual), 100, D("0.6")) == D(expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [("80", 4), ("79.99", 3), ("75", 3), ("70", 2), ("65", 1), ("64.99", 0), ("100", 4)],
)
def test_sf3_takes_the_best_step_reached_and_the_threshold_belongs_to_it(actual, expected):
    assert scoring.stepped(D(actual), STEPS) == expected


def test_sf3_compares_the_exact_ratio_and_not_its_rounding():
    trained = Fraction(366 * 100, 398)  # 91.96 %, printed as 92 %
    assert scoring.stepped(trained, ((92, 1), (85, D("0.75")))) == D("0.75")


@pytest.mark.parametrize(("actual", "expected"), [("98", 1), ("97.99", 0)])
def test_sf4_passes_at_the_target(actual, expected):
    assert scoring.pass_or_fail(1, D(actual), 98) == expected


@pytest.mark.parametrize(
    ("actual", "expected"), [("2", "2"), ("3", "1.5"), ("4", "1"), ("6", "0"), ("9", "0")]
)
def test_sf5_falls_from_the_target_to_the_limit(actual, expected):
    assert scoring.reverse(2, D(actual), 2, 6) == D(expected)


def test_sf5_without_room_between_target_and_limit_is_pass_or_fail():
    assert [scoring.reverse(2, a, 6, 6) for a in (6, 7)] == [2, 0]


@pytest.mark.parametrize(("count", "expected"), [(0, "2"), (1, "1.5"), (4, "0"), (9, "0")])
def test_sf6_loses_half_a_mark_per_case_and_never_goes_below_nothing(count, expected):
    assert scoring.deduction(2, count, D("0.5")) == D(expected)


def test_sf7_spreads_marks_by_rank_and_averages_ties():
    ranks = scoring.average_ranks({"甲": 12, "乙": 12, "丙": 5, "丁": 2})
    assert ranks == {"甲": D("1.5"), "乙": D("1.5"), "丙": 3, "丁": 4}
    got = [scoring.rank_in_group(1, r, 4) for r in ranks.values()]
    assert got == [Fraction(5, 6), Fraction(5, 6), Fraction(1, 3), 0]


def test_sf7_gives_a_group_of_one_full_marks():
    assert scoring.rank_in_group(1, 1, 1) == 1


def test_sf7_everybody_tied_gets_the_same_half():
    ranks = scoring.average_ranks(dict.fromkeys("甲乙丙", 7))
    assert {scoring.rank_in_group(1, r, 3) for r in ranks.values()} == {Fraction(1, 2)}


@pytest.mark.parametrize(
    ("actual", "base", "expected"),
    [
        ("40", "29.8", "1"),  # the goal of S0: from 29.8 % to 40 %
        ("34.9", "29.8", "0.5"),
        ("25", "29.8", "0"),
        ("45", "42", "1"),  # already beyond, and stayed
        ("39", "42", "0"),  # already beyond, and fell behind
        ("40", "40", "1"),
    ],
)
def test_sf8_measures_the_way_from_last_year_to_the_target(actual, base, expected):
    assert scoring.improvement(1, D(actual), 40, D(base)) == D(expected)


def test_sf8_follows_the_direction():
    assert scoring.improvement(1, 6, 4, 8, lower=True) == D("0.5")
    assert scoring.improvement(1, 9, 4, 8, lower=True) == 0


def test_sf9_is_seven_parts_level_and_three_parts_improvement():
    got = scoring.level_and_improvement(2, 45, 90, 0, D("0.7"))
    assert got == 2 * (D("0.7") * D("0.5") + D("0.3") * D("0.5"))


def test_sf9_without_last_year_is_all_level():
    assert scoring.level_and_improvement(2, 45, 90, None, D("0.7")) == 1


def test_sf10_weighs_the_raters():
    assert scoring.rating_mean(4, [(100, 1), (50, 3)]) == 4 * D("0.625")


@pytest.mark.parametrize(
    ("actual", "expected"),
    [("109.99", 0), ("110", 1), ("119", 1), ("120", 2), ("278", 2), ("90", 0)],
)
def test_sf11_adds_one_for_every_full_tenth_and_stops_at_two(actual, expected):
    assert scoring.excess(D(actual), 100, 10, 1, 2) == expected


def test_golden_pairs_278_of_100_fill_sf2_and_cap_sf11():
    assert scoring.proportion_with_floor(1, 278, 100, D("0.6")) == 1
    assert scoring.excess(278, 100, 10, 1, 2) == 2


def test_sf12_is_the_mean_of_the_quarters():
    assert scoring.process([Fraction(1), Fraction(0), Fraction(1), Fraction(1)]) == D("0.75")
    with pytest.raises(ValueError, match="no quarter"):
        scoring.process([])


def test_golden_ballots_137_with_127_and_10_score_98_18():
    score = scoring.weighted_mean([(100, 127), (75, 10)])
    assert round_once(score) == D("98.18")
    assert round_once(Fraction(137 * 100, 141)) == D("97.16")


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("89.995", "90.00"),
        ("89.985", "89.98"),
        ("89.9949999", "89.99"),
        ("79.995", "80.00"),
        ("79.985", "79.98"),
        ("59.995", "60.00"),
    ],
)
def test_totals_round_half_to_even(exact, rounded):
    assert round_once(D(exact)) == D(rounded)


@pytest.mark.parametrize("target", [0, -5])
def test_a_proportion_needs_a_target_above_nothing(target):
    with pytest.raises(ValueError, match="not above 0"):
        scoring.capped_proportion(1, 3, target)


def test_a_smaller_figure_is_better_where_the_letter_says_so():
    assert scoring.capped_proportion(2, 8, 4, lower=True) == 1
    assert scoring.capped_proportion(2, 0, 4, lower=True) == 2
    assert scoring.capped_proportion(2, 0, 0, lower=True) == 2


# What always holds ---------------------------------------------------------------------------


def every_function(full, actual, target, base, lower):
    """Marks by every function in which more of the target can be met."""
    limit = target * 2 + 1
    return {
        "SF1": scoring.capped_proportion(full, actual, target, lower=lower),
        "SF2": scoring.proportion_with_floor(full, actual, target, D("0.6"), lower=lower),
        "SF3": scoring.stepped(
            actual,
            ((target, full), (target * 2 if lower else target / 2, full / 2)),
            lower=lower,
        ),
        "SF4": scoring.pass_or_fail(full, actual, target, lower=lower),
        "SF5": scoring.reverse(full, actual if lower else limit - actual, target, limit),
        "SF6": scoring.deduction(full, actual if lower else max(limit - actual, 0), D("0.5")),
        "SF8": scoring.improvement(full, actual, target, base, lower=lower),
        "SF9": scoring.level_and_improvement(full, actual, target, base, D("0.7"), lower=lower),
    }


@given(marks, figures, figures, targets, figures, st.booleans())
def test_more_of_the_target_met_never_lowers_the_mark(full, one, other, target, base, lower):
    worse, better = sorted((one, other), reverse=lower)
    before = every_function(full, worse, target, base, lower)
    after = every_function(full, better, target, base, lower)
    assert {k for k in before if after[k] < before[k]} == set()


@given(marks, figures, targets, figures, st.booleans())
def test_marks_stay_between_nothing_and_full(full, actual, target, base, lower):
    got = every_function(full, actual, target, base, lower)
    assert {k for k, m in got.items() if not 0 <= m <= full} == set()


@given(marks, figures, targets, figures, st.booleans())
def test_meeting_the_target_earns_full_marks(full, base, target, extra, lower):
    actual = max(target - extra, D(0)) if lower else target + extra
    got = every_function(full, actual, target, base, lower)
    assert {k for k in ("SF1", "SF2", "SF3", "SF4", "SF8", "SF9") if got[k] != full} == set()


@given(marks, st.dictionaries(st.text(max_size=3), figures, min_size=1, max_size=12))
def test_rank_marks_order_like_the_figures_and_share_equally(full, by_unit):
    ranks = scoring.average_ranks(by_unit)
    got = {u: scoring.rank_in_group(full, r, len(by_unit)) for u, r in ranks.items()}
    assert all(0 <= m <= full for m in got.values())
    for a in by_unit:
        for b in by_unit:
            assert (got[a] > got[b]) == (by_unit[a] > by_unit[b])
    mean = sum(got.values()) / len(got)
    assert mean == (Fraction(full) if len(got) == 1 else Fraction(full) / 2)


@given(figures, figures, targets)
def test_excess_never_falls_and_never_passes_its_cap(one, other, target):
    less, more = sorted((one, other))
    assert (
        0 <= scoring.excess(less, target, 10, 1, 2) <= scoring.excess(more, target, 10, 1, 2) <= 2
    )


@given(st.lists(st.tuples(shares, st.integers(1, 9)), min_size=1, max_size=6))
def test_a_weighted_mean_lies_between_its_scores(pairs):
    mean = scoring.weighted_mean(pairs)
    assert min(s for s, _ in pairs) <= mean <= max(s for s, _ in pairs)


@given(st.decimals("0", "200", places=6))
def test_rounding_moves_a_total_by_half_a_hundredth_at_most(total):
    assert abs(Fraction(round_once(total)) - Fraction(total)) <= Fraction(1, 200)


# Both sides of a band, spreading, sharing ----------------------------------------------------


@pytest.mark.parametrize(
    ("executed", "expected"),
    [
        ("50", "0"), ("70", "0.5"), ("90", "1"), ("100", "1"), ("105", "1"),
        ("117.5", "0.5"), ("130", "0"), ("0", "0"), ("300", "0"),
    ],
)  # fmt: skip
def test_golden_spending_is_full_from_90_to_105_and_nothing_at_50_and_130(executed, expected):
    got = scoring.inside_band(30, D(executed), (90, 105), (50, 130))
    assert got == 30 * D(expected)


def test_a_limit_that_meets_its_edge_is_a_cliff():
    assert scoring.inside_band(1, 85, (85, 105), (85, 105)) == 1
    assert scoring.inside_band(1, D("84.99"), (85, 105), (85, 105)) == 0
    with pytest.raises(ValueError, match="does not lie inside"):
        scoring.inside_band(1, 90, (105, 85), (50, 130))


@pytest.mark.parametrize(("gap", "expected"), [("0", 0), ("0.01", 1), ("-1", 0)])
def test_sf4_may_ask_for_more_than_the_target(gap, expected):
    assert scoring.pass_or_fail(1, D(gap), 0, strict=True) == expected


def test_golden_district_fund_50000_at_1_2_2():
    assert scoring.apportion(50_000, [1, 2, 2]) == (10_000, 20_000, 20_000)


def test_the_largest_remainder_takes_the_next_thousand():
    # 1/3 each of 10 thousands: 3.33; the first of equal remainders goes up
    assert scoring.apportion(10_000, [1, 1, 1], 1000) == (4000, 3000, 3000)


def test_what_the_pool_leaves_over_a_thousand_goes_to_the_largest_claim():
    assert scoring.apportion(10_500, [1, 3], 1000) == (3000, 7000 + 500)


@pytest.mark.parametrize(("pool", "claims"), [(100, [0, 0]), (100, []), (-1, [1]), (5, [2, -1])])
def test_nothing_can_be_shared_without_a_claim(pool, claims):
    with pytest.raises(ValueError, match="not all 0"):
        scoring.apportion(pool, claims)


@given(
    st.integers(0, 10**8),
    st.lists(st.decimals("0", "1000000", places=2), min_size=1, max_size=12).filter(any),
    st.sampled_from([1, 100, 1000]),
)
def test_shares_sum_to_the_pool_and_stay_within_a_unit_of_what_is_due(pool, claims, unit):
    shares = scoring.apportion(pool, claims, unit)
    assert sum(shares) == pool
    whole = sum(Fraction(c) for c in claims)
    odd = pool % unit
    for share, claim in zip(shares, claims, strict=True):
        assert abs(share - pool * Fraction(claim) / whole) < unit + odd
    assert all(s == 0 or s == odd for s, c in zip(shares, claims, strict=True) if c == 0)


@given(
    st.lists(st.tuples(st.decimals("0.5", "50", places=1), st.booleans()), min_size=1, max_size=8)
)
def test_spreading_conserves_the_marks_and_keeps_proportions(weights):
    before, applies = [w for w, _ in weights], [yes for _, yes in weights]
    after = scoring.spread(before, applies)
    assert sum(after) == (sum(Fraction(w) for w in before) if any(applies) else 0)
    assert [w for w, yes in zip(after, applies, strict=True) if not yes] == [0] * applies.count(
        False
    )
    kept = [(a, Fraction(b)) for a, b, yes in zip(after, before, applies, strict=True) if yes]
    assert len({a / b for a, b in kept}) <= 1


@given(marks, figures, figures)
def test_nearer_to_the_band_never_earns_less(full, one, other):
    band, limits = (D(90), D(105)), (D(50), D(130))

    def away(a):
        return max(band[0] - a, a - band[1], D(0)) / (40 if a < band[0] else 25)

    near, far = sorted((one, other), key=away)
    assert scoring.inside_band(full, near, band, limits) >= scoring.inside_band(
        full, far, band, limits
    )
    assert 0 <= scoring.inside_band(full, one, band, limits) <= full
