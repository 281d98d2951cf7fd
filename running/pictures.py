"""Every page of the portal as its readers see it, at two widths, from what the demonstration left.

`make pictures` works on a copy of the demonstration's home, so nothing of it changes. A little
happens there first (`story`), so that pages show what they are for: a month is open, a broken
workbook came in and was mended, a steward proposed a figure, somebody asked for a reopening. Then
each role signs in and looks. A page without a picture is a fault that a test finds.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pyotp
from PIL import Image

from running.airflow import AirflowFailed, _free_port
from running.demo import LOOKED_AT_ON
from warehouse import server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WIDTHS = ((1440, 900), (390, 844))
TALLEST = 2400
"""Pixels of a long page that a picture shows; the rest is more of the same."""
COLOURS = 48
MOST_BYTES = 100_000
PASSWORD = "样例口令之春风又绿江南岸"  # noqa: S105
CHROMIUM = "/usr/bin/chromium"
ROOT = Path(__file__).resolve().parent.parent
FOLDER, CAPTIONS = ROOT / "docs" / "pictures" / "pages", ROOT / "docs" / "pages.md"


@dataclass(frozen=True, slots=True)
class Shot:
    """One page of one role: where it begins, the links to follow from there, what it is for.

    `route` is the route as the app declares it; `opens` a dialog to be open in the picture.
    """

    name: str
    role: str
    route: str
    caption: str
    start: str
    follow: tuple[str, ...] = ()
    opens: str = ""


def _shot(name: str, role: str, route: str, caption: str, start: str = "", *follow: str,
          opens: str = "") -> Shot:  # fmt: skip
    return Shot(name, role, route, caption, start or route, follow, opens)


ROW = "main tr[data-href] a"
TARGETS = "/assessments/2017/TRA-FED-2017"
SHOTS = (
    _shot("sign-in", "", "/sign-in", "登录"),
    # reporters
    _shot("reporter-home", "reporter", "/", "首页：本单位要报的表、还有几天"),
    _shot("reporter-my", "reporter", "/my", "我的报表：上传、下载工作簿、网上填报都在这一页"),
    _shot("reporter-broken", "reporter", "/my/submissions/{number}",
          "退回的报表：问题在格子里，旁边写明怎么改", "story:broken"),
    _shot("reporter-explain", "reporter", "/my/submissions/{number}",
          "须说明的报表：在每条疑点旁写明原因，一次提交", "story:explain"),
    _shot("reporter-sent", "reporter", "/my/submissions/{number}",
          "通过的报表：签名、各次版本、办理经过", "story:sent"),
    _shot("reporter-compare", "reporter", "/my/submissions/{number}/compare/{other}",
          "两版比较：逐格看改了什么", "story:explain", "main a[href*='/compare/']"),
    _shot("reporter-results", "reporter", "/my/uploads", "校验结果：几秒钟就出", "story:upload"),
    _shot("reporter-history", "reporter", "/my/history", "报送记录：每一次都留有原件和结果"),
    _shot("reporter-fill", "reporter", "/my/{org}/fill/{form}/{period}",
          "网上填报：边填边存，带出上期的存量数", "/my", "main a[href*='/fill/']"),
    _shot("signer-correction", "signer", "/my/corrections/{number}",
          "上级的更正建议：单位同意才会改", "/my", "main a[href*='/my/corrections/']"),
    _shot("signer-home", "signer", "/", "复核人（单位负责人）的首页"),
    # reviewers and stewards
    _shot("county-home", "county_reviewer", "/", "区县审核员的首页：等待处理、各表进度"),
    _shot("county-coverage", "county_reviewer", "/coverage", "区县的报送进度"),
    _shot("industry-home", "industry_reviewer", "/", "产业审核员的首页"),
    _shot("industry-queue", "industry_reviewer", "/queue", "产业审核员的待办"),
    _shot("steward-home", "steward", "/", "数据管理员的首页"),
    _shot("steward-queue", "steward", "/queue", "待办：最急的在前，可按条块、报表、规则筛选"),
    _shot("steward-submission", "steward", "/queue/{number}",
          "打开一份报表：坏格子标红，可以直接改成建议", "story:steward"),
    _shot("steward-send-back", "steward", "/queue/{number}", "退回：写明理由、限期、经办人",
          "story:whole", opens="do-send_back"),
    _shot("steward-coverage", "steward", "/coverage", "报送进度：按单位、按报表，一直看到最末一级"),
    _shot("steward-units", "steward", "/coverage/units", "单位名单：谁没报，一键催报",
          "/coverage", "main .actions a[href*='/coverage/units?']"),
    _shot("steward-mends", "steward", "/mends", "格式订正：同样的写法一次订正"),
    _shot("steward-proposals", "steward", "/proposals", "更正建议：等单位确认的数字"),
    _shot("steward-proposal", "steward", "/proposals/{number}",
          "一份更正建议：改哪几格、影响什么", "/proposals", "main tr[data-href] a"),
    _shot("county-changes", "county_reviewer", "/changes", "机构变动：上一级另一人确认后生效"),
    _shot("steward-closing", "steward", "/closing", "关账疑点：跨表、跨期核对出来的"),
    # staff
    _shot("leader-home", "leader", "/", "主席（领导）的首页"),
    _shot("leader-figures", "leader", "/figures", "数据概况：主要指标，每个数都能点开"),
    _shot("leader-indicator", "leader", "/figures/{code}",
          "一个指标：十三个月趋势，各单位比较", "/figures", "main a[href^='/figures/']"),
    _shot("leader-board", "leader", "/board", "重点工作：十六项任务的灯"),
    _shot("steward-number", "steward", "/numbers/{publication}/{number:path}",
          "一个数的来历：怎么算、由哪些单位和格子得来", "/figures", "main a.n"),
    _shot("steward-find-number", "steward", "/numbers/{publication}",
          "查数：输入纸面上的数或数字编号，找到出处", "story:publication-number"),
    _shot("steward-original", "steward", "/figures/originals/{submission}",
          "查阅原件：先写理由，记入日志", "story:original"),
    _shot("leader-publications", "leader", "/publications", "发布：通报、综述、合并报表的每一版"),
    _shot("leader-publication", "leader", "/publications/{publication}",
          "一份发布：文件、数据截止、各版次", "/publications", ROW),
    _shot("leader-editions", "leader", "/publications/{publication}/compare/{other}",
          "两版比较：哪些数变了", "story:editions"),
    _shot("leader-now", "leader", "/publications/{publication}/now",
          "发布之后变了什么", "/publications", ROW, "main a[href$='/now']"),
    _shot("leader-deliver", "leader", "/publications/{publication}/deliver",
          "分发：发给名单、放到文件夹，谁收到了", "story:deliver"),
    _shot("leader-distribution", "leader", "/distribution", "分发名单：发布件用邮件发给谁"),
    _shot("leader-distribution-list", "leader", "/distribution/{number}",
          "一个分发名单：地址、由谁加入、发过什么", "/distribution", ROW),
    _shot("leader-downloads", "leader", "/downloads", "数据下载：任选报表、时期、统计线"),
    _shot("leader-sign-offs", "leader", "/sign-offs", "签发：等领导决定的文件"),
    _shot("steward-reopenings", "steward", "/reopenings", "重开：锁定之后补报要两个人同意"),
    _shot("department-home", "department", "/", "业务部门的首页：只看分管的工作"),
    _shot("department-figures", "department", "/figures", "业务部门的数据概况"),
    _shot("department-board", "department", "/board", "业务部门的重点工作"),
    _shot("finance-home", "finance", "/", "财务（经审）的首页"),
    _shot("finance-figures", "finance", "/figures", "财务（经审）的数据概况"),
    _shot("assessor-home", "assessor", "/", "考评组的首页"),
    _shot("assessments", "leader", "/assessments", "考核：各方案的结果和正在办理的年度"),
    _shot("assessment-ranking", "leader", "/assessments/{year}/{scheme}", "考核排名",
          TARGETS),
    _shot("assessment-unit", "leader", "/assessments/{year}/{scheme}/units/{code}",
          "一个单位的得分：每一分从哪里来", TARGETS, ROW),
    _shot("assessment-course", "leader", "/assessments/{year}/{scheme}/course",
          "办理进程：自评、评议、抽查、公示、申诉、审定", TARGETS + "/course"),
    _shot("assessment-what-if", "leader", "/assessments/{year}/{scheme}/what-if",
          "试算：改一个权数，名次怎样变", TARGETS + "/what-if"),
    _shot("assessment-self", "leader", "/assessments/{year}/{scheme}/self",
          "自评：谁报了、谁没报", TARGETS + "/self"),
    _shot("assessment-ballots", "assessor", "/assessments/{year}/{scheme}/ballots",
          "群众评价：各评价主体的参评情况", TARGETS + "/ballots"),
    _shot("assessment-ballots-unit", "assessor", "/assessments/{year}/{scheme}/ballots/{code}",
          "一个单位的票数", TARGETS + "/ballots", "main a[href*='/ballots/']"),
    _shot("assessment-marks", "assessor", "/assessments/{year}/{scheme}/marks",
          "考评组评分：评了多少、还差多少", TARGETS + "/marks"),
    _shot("assessment-marks-unit", "assessor", "/assessments/{year}/{scheme}/marks/{code}",
          "给一个单位评分", TARGETS + "/marks", "main th a[href*='/marks/']"),
    _shot("assessment-sample", "assessor", "/assessments/{year}/{scheme}/sample",
          "现场抽查：抽到哪些单位", TARGETS + "/sample"),
    _shot("assessment-sample-unit", "assessor", "/assessments/{year}/{scheme}/sample/{code}",
          "一个单位的现场核查", TARGETS + "/sample", "main th a[href*='/sample/']"),
    _shot("assessment-review", "leader", "/assessments/{year}/{scheme}/review",
          "会审核定：自评与核算差在哪里", TARGETS + "/review"),
    _shot("assessment-review-unit", "leader", "/assessments/{year}/{scheme}/review/{code}",
          "一个单位的会审", TARGETS + "/review", "main th a[href*='/review/']"),
    _shot("assessment-appeals", "leader", "/assessments/{year}/{scheme}/appeals",
          "申诉：等答复的在前", TARGETS + "/appeals"),
    _shot("assessment-appeal", "leader", "/assessments/{year}/{scheme}/appeals/{appeal}",
          "一件申诉", TARGETS + "/appeals", "main a[href*='/appeals/']"),
    _shot("assessment-consequences", "leader", "/assessments/{year}/{scheme}/consequences",
          "结果运用：表彰、约谈、整改", TARGETS + "/consequences"),
    _shot("reporter-assessments", "reporter", "/own-assessments", "年度考核：本单位要办的事"),
    _shot("reporter-assessment", "reporter", "/own-assessments/{year}/{scheme}/{org}",
          "本单位的考核：自评、得分、申诉", "/own-assessments", ROW),
    _shot("reopening-request", "leader", "/reopenings/requests/{number}", "一件重开申请",
          "/reopenings", "main a[href*='/reopenings/requests/']"),
    # administrators
    _shot("administrator-second-factor", "administrator", "/second-factor", "第二重验证",
          "story:second-factor"),
    _shot("administrator-home", "administrator", "/", "系统管理员的首页"),
    _shot("administrator-accounts", "administrator", "/administration/accounts", "账号"),
    _shot("administrator-new-account", "administrator", "/administration/accounts", "开立账号",
          opens="new-account"),
    _shot("administrator-account", "administrator", "/administration/accounts/{account}",
          "一个账号：授权、口令、第二重验证", "/administration/accounts", ROW),
    _shot("administrator-parameters", "administrator", "/administration/parameters",
          "参数：每个数都有起始日和依据"),
    _shot("administrator-parameter", "administrator", "/administration/parameters/{code}",
          "一个参数：历年的值，一人提议另一人批准", "/administration/parameters", ROW),
    _shot("administrator-calendar", "administrator", "/administration/calendar", "日历"),
    _shot("administrator-editions", "administrator", "/administration/editions", "定义版本"),
    _shot("administrator-audit", "administrator", "/administration/audit", "操作日志"),
    _shot("password", "reporter", "/password", "更换口令"),
)  # fmt: skip
ROLES = {
    "": "所有人", "reporter": "基层填报员", "signer": "复核人（单位负责人）",
    "county_reviewer": "区县审核员", "industry_reviewer": "产业审核员", "steward": "数据管理员",
    "department": "业务部门", "finance": "财务（经审）", "assessor": "考评组",
    "leader": "主席（领导）", "administrator": "系统管理员",
}  # fmt: skip


@contextmanager
def copied(home: Path) -> Iterator[Path]:
    """A copy of an installation, which is now this process's own; removed in the end."""
    if not (home / "pg").is_dir():
        raise AirflowFailed(f"there is no demonstration in {home}; run: make demo")
    before = os.environ.get(server.HOME_VARIABLE)
    with tempfile.TemporaryDirectory(prefix="portal-pictures-") as folder:
        copy = Path(folder) / "home"
        # The data directory belongs to a user of its own, and stays his.
        subprocess.run(["cp", "-a", str(home), str(copy)], check=True)  # noqa: S603, S607
        Path(folder).chmod(0o755)
        os.environ[server.HOME_VARIABLE] = str(copy)
        server.start()
        try:
            yield copy
        finally:
            server.stop()
            os.environ.pop(server.HOME_VARIABLE)
            if before:
                os.environ[server.HOME_VARIABLE] = before


def prepare(at: datetime) -> str:
    """Every sample account with one known password; a code with which the administrator comes in.

    A telephone's code depends on the portal's clock to the second, a recovery code on nothing. All
    this is in a copy.
    """
    from sqlalchemy import text

    from pipelines.flow import ground
    from running.portal import sample_accounts
    from warehouse import accounts, second_factor

    sample_accounts(at)
    known = ground.definitions()
    limits = accounts.limits_on(known, at.date())
    with ground.engine().begin() as connection:
        accounts.keep_roles(connection, known)
        for number in connection.execute(text("SELECT id FROM account")).scalars().all():
            accounts.set_password(
                connection, number, PASSWORD, limits, at=at, actor="running", must_change=False
            )
        connection.execute(text("UPDATE account SET totp_secret = NULL, totp_confirmed_at = NULL"))
        administrator = accounts.account_of(connection, "administrator")
        secret = second_factor.begin_enrolment(connection, administrator).secret
        codes = second_factor.confirm_enrolment(
            connection, administrator, pyotp.TOTP(secret).at(at), at=at
        )
    return codes[0]


@contextmanager
def served(at: datetime) -> Iterator[str]:
    """The portal on this installation at a moment; its address."""
    port = _free_port(8321)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "portal", "serve", "--port", str(port), "--no-worker"],
        cwd=ROOT,
        env={**os.environ, "UNION_REPORTS_PORTAL_AT": at.isoformat(), "PYTHONPATH": str(ROOT),
             "GX_ANALYTICS_ENABLED": "False"},
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if process.poll() is not None:
                raise AirflowFailed(f"the portal ended with {process.returncode}")
            try:
                if httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@dataclass
class Eyes:
    """A browser with one context for each role, signed in once; `code` is the administrator's."""

    url: str
    browser: Browser
    places: dict[str, str]
    code: str

    def context(self, role: str) -> BrowserContext:
        """A role's own cookies; the administrator gives a second factor on the way."""
        context = self.browser.new_context(locale="zh-CN", bypass_csp=True)
        if not role:
            return context
        page = context.new_page()
        page.goto(f"{self.url}/sign-in")
        page.fill("[name=login]", role)
        page.fill("[name=password]", PASSWORD)
        page.click("form button.primary")
        page.wait_for_load_state()
        if page.url.endswith("/second-factor"):
            self.pictures_of(page, "administrator-second-factor")
            page.fill("[name=code]", self.code)
            page.click("main form button.primary")
            page.wait_for_load_state()
        page.close()
        return context

    def look(self, page: Page, shot: Shot) -> bool:
        """Go to a page as a reader does; False when a link on the way is not there."""
        start = self.places.get(shot.start.removeprefix("story:"), shot.start)
        if start.startswith("story:"):
            return False
        answer = page.goto(self.url + start)
        for selector in shot.follow:
            link = page.query_selector(selector)
            target = link.get_attribute("href") if link else None
            if target is None:
                return False
            answer = page.goto(self.url + target if target.startswith("/") else target)
        if answer is None or answer.status != 200:
            return False
        if shot.opens:
            button = page.query_selector(f"[data-opens={shot.opens}]")
            if button is None:
                return False
            button.click()
        return True

    def pictures_of(self, page: Page, name: str) -> None:
        """Both widths of what the page shows now, with few colours."""
        for width, height in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(150)
            if page.query_selector("dialog[open]"):
                data = page.screenshot(animations="disabled", caret="hide")
            else:
                tall = int(page.evaluate("document.documentElement.scrollHeight"))
                data = page.screenshot(
                    full_page=True,
                    clip={
                        "x": 0,
                        "y": 0,
                        "width": width,
                        "height": min(max(tall, height), TALLEST),
                    },
                    animations="disabled",
                    caret="hide",
                )
            (FOLDER / f"{name}-{width}.png").write_bytes(few_colours(data))


def few_colours(data: bytes) -> bytes:
    """A picture cut to its height and to so few colours that it stays small.

    What fills most of a page keeps its very colour; the rest is shared among what stands out.
    """
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    height = TALLEST
    for colours in (COLOURS, 32, 24, 16, 12):
        cut = picture.crop((0, 0, picture.width, min(picture.height, height)))
        out = io.BytesIO()
        cut.quantize(palette=_palette(cut, colours), dither=Image.Dither.NONE).save(
            out, "PNG", optimize=True
        )
        if out.tell() < MOST_BYTES:
            break
        height = max(1600, height - 300)
    return out.getvalue()


def _palette(picture: Image.Image, colours: int) -> Image.Image:
    """The most frequent colours as they are, and as many that stand out."""
    counted = picture.getcolors(picture.width * picture.height) or []
    frequent = [colour for _, colour in sorted(counted, reverse=True)[: colours // 2]]
    rare = picture.quantize(colours - len(frequent), method=Image.Quantize.MAXCOVERAGE)
    flat = [n for colour in frequent if isinstance(colour, tuple) for n in colour]
    flat += (rare.getpalette() or [])[: 3 * (colours - len(frequent))]
    made = Image.new("P", (1, 1))
    made.putpalette(flat)
    return made


def take(url: str, code: str, places: dict[str, str], wanted: Sequence[Shot]) -> list[str]:
    """Every picture; returns the names of those that could not be reached."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(parents=True, exist_ok=True)
    missed = []
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--lang=zh-CN"]
        )
        eyes = Eyes(url, browser, places, code)
        for role in dict.fromkeys(s.role for s in wanted):
            context = eyes.context(role)
            for shot in (s for s in wanted if s.role == role):
                if shot.start == "story:second-factor":
                    continue  # taken on the way in
                page = context.new_page()
                page.set_viewport_size({"width": WIDTHS[0][0], "height": WIDTHS[0][1]})
                if eyes.look(page, shot):
                    eyes.pictures_of(page, shot.name)
                else:
                    missed.append(f"{shot.name} ({page.url})")
                page.close()
            context.close()
        browser.close()
    return missed


def taken() -> list[Shot]:
    """The pages of which there are pictures."""
    return [s for s in SHOTS if (FOLDER / f"{s.name}-{WIDTHS[0][0]}.png").exists()]


def captions(shots: Sequence[Shot]) -> str:
    """docs/pages.md: one line a page, by role, with its pictures at both widths."""
    lines = [
        "# 门户的每一页", "",
        "样例数据，由 `make pictures` 拍摄。每页两张：电脑（宽 1440）和手机（宽 390）。", "",
    ]  # fmt: skip
    for role in ROLES:
        own = [s for s in shots if s.role == role]
        if own:
            lines += [f"## {ROLES[role]}", "", "| 页面 | 用处 | 图 |", "|---|---|---|"]
            lines += [
                f"| `{s.route}` | {s.caption} | " + " · ".join(
                    f"[{label}](pictures/pages/{s.name}-{width}.png)"
                    for label, (width, _) in zip(("电脑", "手机"), WIDTHS, strict=True)
                ) + " |"
                for s in own
            ]  # fmt: skip
            lines.append("")
    return "\n".join(lines)


def run(home: Path, only: str = "") -> list[str]:
    """Take all pictures anew, or those whose name matches; names of pages that were not reached."""
    from running.pictures_story import story

    wanted = [s for s in SHOTS if re.search(only, s.name)]
    with copied(home):
        code = prepare(LOOKED_AT_ON)
        places = story(LOOKED_AT_ON)
        with served(LOOKED_AT_ON) as url:
            missed = take(url, code, places, wanted)
    CAPTIONS.write_text(captions(taken()), encoding="utf-8")
    return missed
