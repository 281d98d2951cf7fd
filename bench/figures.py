"""What invented unions would report: figures that agree with each other and with last month."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from definitions.calendars import WorkingDays
from definitions.catalogue import Definitions
from definitions.periods import Period

Row = dict[str, Any]
MONTHLY = ("ORG-02", "FIN-01", "AID-02", "RIGHT-01", "RIGHT-02", "SKILL-01")
QUARTERLY = ("INNO-01", "SKILL-02", "SKILL-04", "DEMO-03")
FORMS = (*MONTHLY, *QUARTERLY)
"""The ten forms of a workbook of the last month of a quarter, in the order of their sheets."""
_SURNAMES = "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = ("建国", "志强", "秀英", "丽华", "敏", "伟", "静", "军", "桂兰", "晓东", "海燕", "文斌")
_TRADES = ("焊工", "钳工", "数控车工", "电工", "起重工", "化验员", "收银员", "护理员")
_TITLES = (
    "改善车间通风",
    "增设更衣室",
    "调整夜班餐补",
    "更换防护手套",
    "增加体检项目",
    "修缮单身宿舍",
)


def union_code(number: int) -> str:
    """Code of the n-th invented grassroots union."""
    return f"640105G{number:05d}"


def union_name(number: int) -> str:
    """Its name."""
    return f"西夏区第{number:05d}厂工会委员会"


def figures(
    definitions: Definitions, seed: int, number: int, month: Period
) -> dict[str, list[Row]]:
    """Rows by form that the n-th union reports for a month; equal arguments give equal rows.

    Nothing of it breaks a rule, also beside what the union reported for the month before.
    """
    return _Union(definitions, seed, number, month).report()


class _Union:
    def __init__(self, definitions: Definitions, seed: int, number: int, month: Period) -> None:
        self.month = month
        self.code = union_code(number)
        self.lists = {name: given.values for name, given in definitions.code_lists.items()}
        self.calendar: WorkingDays = definitions.calendar
        self.slip_days = definitions.parameters["slip_limit_workdays"].at(month.end)
        self.base = random.Random(f"{seed}/{number}")
        self.random = random.Random(f"{seed}/{number}/{month.label}")
        self.per_month = [
            random.Random(f"{seed}/{number}/{m}/flows") for m in range(1, month.end.month + 1)
        ]
        self.workers = self.base.randint(40, 190)

    def report(self) -> dict[str, list[Row]]:
        makers: Mapping[str, Callable[[], list[Row]]] = {
            "ORG-02": self.membership,
            "FIN-01": self.funds,
            "AID-02": self.aid,
            "RIGHT-01": self.slips,
            "RIGHT-02": self.disputes,
            "SKILL-01": self.trainings,
            "INNO-01": self.suggestions,
            "SKILL-02": self.contests,
            "SKILL-04": self.pairs,
            "DEMO-03": self.proposals,
        }
        closes = self.month.number % 3 == 0
        return {form: makers[form]() for form in (FORMS if closes else MONTHLY)}

    def day(self, first: int = 1, last: int = 28) -> date:
        """A day of the month."""
        return date(self.month.year, self.month.number, self.random.randint(first, last))

    def name(self) -> str:
        return self.random.choice(_SURNAMES) + self.random.choice(_GIVEN)

    def one(self, code_list: str) -> str:
        return self.random.choice(self.lists[code_list])

    def membership(self) -> list[Row]:
        members = self.workers - 30 + self.base.randint(0, 8)
        for flow in self.per_month:
            new, lost = flow.randint(0, 3), flow.randint(0, 2)
            members += new - lost
        women = self.workers * 2 // 5
        return [
            {
                "org_code": self.code,
                "workers_total": self.workers,
                "workers_f": women,
                "workers_migrant": self.workers // 4,
                "workers_dispatch": self.workers // 12,
                "members_total": members,
                "members_f": min(women - 1, members // 2),
                "members_migrant": members // 5,
                "members_dispatch": members // 20,
                "members_newform": 0,
                "new_unions": 0,
                "new_unions_100": 0,
                "new_members": new,
                "lost_members": lost,
                "realname_members": members - self.random.randint(0, 3),
                "covered_units": 1,
                "groups": 1 + self.workers // 30,
                "fulltime_cadres": 1,
                "parttime_cadres": 2 + self.workers // 60,
                "social_workers": 0,
            }
        ]

    def funds(self) -> list[Row]:
        due_so_far = 0.0
        for flow in self.per_month:
            payroll = self.workers * 50.0 * flow.randint(80, 110)
            due = round(payroll * 0.02, 2)
            due_so_far = round(due_so_far + due, 2)
        return [
            {
                "org_code": self.code,
                "payroll": payroll,
                "due": due,
                "paid": due,
                "paid_route": self.base.choice(self.lists["PAY_ROUTE"]),
                "retained": round(due * 0.6, 2),
                "remitted": round(due - round(due * 0.6, 2), 2),
                "arrears": 0,
                "cum_due": due_so_far,
                "cum_paid": due_so_far,
                "prep_fund": 0,
            }
        ]

    def aid(self) -> list[Row]:
        kinds = self.lists["AID_KIND"]
        households_so_far, amount_so_far = [0] * len(kinds), [0.0] * len(kinds)
        for flow in self.per_month:
            households = [flow.randint(1, 9) for _ in kinds]
            amounts = [n * 100.0 * flow.randint(8, 20) for n in households]
            households_so_far = [a + b for a, b in zip(households_so_far, households, strict=True)]
            amount_so_far = [a + b for a, b in zip(amount_so_far, amounts, strict=True)]
        return [
            {
                "org_code": self.code,
                "aid_kind": kind,
                "households": households[i],
                "persons": households[i] + i,
                "amount": amounts[i],
                "fund_central": amounts[i] / 2,
                "fund_own": amounts[i] / 2,
                "fund_admin": 0,
                "fund_social": 0,
                "cum_households": households_so_far[i],
                "cum_amount": amount_so_far[i],
            }
            for i, kind in enumerate(kinds)
        ]

    def slips(self) -> list[Row]:
        rows = []
        for i in range(self.random.randint(5, 10)):
            received = self.day(1, 12)
            accepted = received + timedelta(days=self.random.randint(0, 1))
            rows.append(
                {
                    "slip_id": f"{self.code}-{self.month.number:02d}{i:03d}",
                    "org_code": self.code,
                    "slip_kind": self.lists["SLIP_KIND"][0],
                    "channel": self.one("CHANNEL"),
                    "topic": self.one("TOPIC"),
                    "received_on": received,
                    "accepted_on": accepted,
                    "due_on": self.calendar.add(accepted, self.slip_days),
                    "closed_on": accepted + timedelta(days=self.random.randint(1, 6)),
                    "result": self.random.choice(("已解决", "部分解决", "解释说明")),
                    "persons": self.random.randint(1, 12),
                    "satisfied": self.one("SAT3"),
                }
            )
        return rows

    def disputes(self) -> list[Row]:
        still_open = self.base.randint(1, 6)
        for flow in self.per_month:
            begin, new = still_open, flow.randint(0, 5)
            closed = flow.randint(0, begin + new)
            still_open = begin + new - closed
        wage_persons = self.random.randint(1, 9)
        return [
            {
                "org_code": self.code,
                "open_begin": begin,
                "disputes": new,
                "collective": min(new, 1),
                "closed": closed,
                "mediated_ok": closed // 2,
                "open_end": still_open,
                "persons": new * 2,
                "wage_cases": 1,
                "wage_persons": wage_persons,
                "wage_amount": wage_persons * 1000.0,
                "legal_aid": 0,
                "overtime_stopped": 0,
                "facilities": 0,
            }
        ]

    def trainings(self) -> list[Row]:
        rows = []
        for i in range(self.random.randint(5, 8)):
            persons, budget = self.random.randint(8, 60), 500.0 * self.random.randint(4, 40)
            start = self.day(4, 15)
            rows.append(
                {
                    "project_id": f"{self.code}-T{self.month.number:02d}{i:03d}",
                    "org_code": self.code,
                    "category": self.one("TRAIN_CAT"),
                    "mode": self.one("TRAIN_MODE"),
                    "applied_on": start - timedelta(days=self.random.randint(10, 40)),
                    "review": "通过",
                    "start_on": start,
                    "end_on": start + timedelta(days=self.random.randint(1, 10)),
                    "trade": self.random.choice(_TRADES),
                    "enterprises": 1,
                    "persons": persons,
                    "person_times": persons * 2,
                    "trainer": self.name(),
                    "budget": budget,
                    "cost": budget * 0.95,
                    "feedback": float(self.random.randint(82, 99)),
                }
            )
        return rows

    def suggestions(self) -> list[Row]:
        made = self.random.randint(20, 90)
        return [
            {
                "org_code": self.code,
                "participants": made + 5,
                "suggestions": made,
                "adopted": made // 2,
                "implemented": made // 3,
                "benefit": self.random.randint(1, 900) / 10,
                "benefit_audited": "是",
                "wuxiao": 4,
                "wuxiao_award": 1,
                "prize_money": 100.0 * self.random.randint(1, 90),
            }
        ]

    def contests(self) -> list[Row]:
        return [
            {
                "event_id": f"{self.code}-C{self.month.number:02d}{i:03d}",
                "org_code": self.code,
                "event_kind": self.one("EVENT_KIND"),
                "event_level": "单位级",
                "trade": self.random.choice(_TRADES),
                "held_on": self.day(),
                "enterprises": 1,
                "should_persons": self.workers,
                "persons": self.workers - self.random.randint(0, 30),
                "winners": self.random.randint(1, 12),
                "cost": 100.0 * self.random.randint(5, 200),
            }
            for i in range(self.random.randint(5, 8))
        ]

    def pairs(self) -> list[Row]:
        rows = []
        for i in range(self.random.randint(5, 10)):
            signed = self.day()
            rows.append(
                {
                    "pair_id": f"{self.code}-M{self.month.number:02d}{i:03d}",
                    "org_code": self.code,
                    "master": "师" + self.random.choice(_GIVEN),
                    "master_level": self.random.choice(self.lists["SKILL_LEVEL"][:3]),
                    "apprentice": "徒" + self.random.choice(_GIVEN),
                    "signed_on": signed,
                    "end_on": signed + timedelta(days=729),
                }
            )
        return rows

    def proposals(self) -> list[Row]:
        rows = []
        for i in range(self.random.randint(5, 8)):
            proposed = self.day(1, 15)
            rows.append(
                {
                    "proposal_id": f"{self.code}-P{self.month.number:02d}{i:03d}",
                    "org_code": self.code,
                    "title": f"关于{self.random.choice(_TITLES)}的提案",
                    "topic": self.one("TOPIC"),
                    "proposed_on": proposed,
                    "accepted": "是",
                    "owner": self.random.choice(("设备部", "人力资源部", "后勤部")),
                    "replied_on": proposed + timedelta(days=self.random.randint(1, 12)),
                    "implemented": "是",
                    "excellent": "否",
                    "rules_changed": 0,
                    "gaps_found": self.random.randint(0, 2),
                    "saving": 100.0 * self.random.randint(0, 50),
                }
            )
        return rows
