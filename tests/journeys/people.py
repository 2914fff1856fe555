"""What people do on the pages, in their words: labels and buttons, never addresses or ids."""

from __future__ import annotations

import re
import struct
import zlib

from playwright.sync_api import FilePayload, Locator, Page, expect

from jiebang.accounts.demo import DEMO_PASSWORD
from jiebang.orgs.credit_code import check_digit

PASSWORD = "guanmo-2027-ceshi"


def credit_code(number: int) -> str:
    """A code with a valid check digit; another one for another number."""
    first = f"91370100MA{number:07d}"
    return first + check_digit(first)


def pdf(name: str) -> FilePayload:
    """One empty page."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    )
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    data += b"startxref\n%d\n%%%%EOF\n" % start
    return {"name": name, "mimeType": "application/pdf", "buffer": data}


def png(name: str) -> FilePayload:
    """One white point."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    data += chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b"")
    return {"name": name, "mimeType": "image/png", "buffer": data}


def press(page: Page, name: str) -> None:
    """Presses the button that people read as this."""
    page.get_by_role("button", name=name, exact=True).click()


def go(page: Page, name: str) -> None:
    """Follows the link that people read as this."""
    page.get_by_role("link", name=name, exact=True).first.click()


def menu(page: Page, name: str) -> None:
    """Follows an entry of the main menu; a number of waiting things may stand behind it."""
    entries = page.get_by_role("navigation", name="主导航", exact=True)
    wanted = re.compile(rf"^{re.escape(name)}( \d+ 项待处理)?$")
    entry = page.get_by_role("link", name=wanted, include_hidden=True)
    entries.locator(entry).first.wait_for(state="attached")
    folded = entries.locator("details:not([open])").filter(has=entry)
    if folded.count():  # what is looked after now and then lies one click deeper
        folded.locator("summary").click()
    entries.get_by_role("link", name=wanted).click()


def heading(page: Page, text: str) -> None:
    """The page that is shown has this as its only first heading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(re.escape(text)))


def told(page: Page, text: str) -> None:
    """What was done is said above the page."""
    expect(page.get_by_role("status").filter(has_text=text)).to_have_count(1)


def each(found: Locator) -> list[Locator]:
    """Every one of these on the page that is coming, at least one: a list taken before the page
    has been read to its end would leave some out."""
    found.first.wait_for(state="attached")
    found.page.wait_for_load_state("domcontentloaded")
    return found.all()


def choose(page: Page, group: str, option: str) -> None:
    """One option of a group of radio buttons or check boxes."""
    page.get_by_role("group", name=group).get_by_label(option, exact=True).check()


def cell(page: Page, table: str, column: str, row: int) -> Locator:
    """An input of an editable table."""
    rows = page.get_by_role("group", name=table)
    return rows.get_by_label(re.compile(rf"^{re.escape(column)}，第\s*{row}\s*行$"))


def sign_in(page: Page, name: str) -> None:
    """One of the demonstration's accounts, by its name before the @."""
    page.goto("/sign-in")
    page.get_by_label("邮箱或手机号").fill(f"{name}@demo.jiebang")
    page.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    press(page, "登录")
    expect(page).to_have_url(re.compile(r"/todo$"))


def need_to_its_terms(page: Page, title: str, summary: str) -> None:
    """A new need's draft, as far as its third step."""
    go(page, "我要发榜")
    page.get_by_role("link", name=re.compile("^发布技术需求")).click()
    page.get_by_label("标题").fill(title)
    page.get_by_label("公开摘要").fill(summary)
    press(page, "保存并继续")
    heading(page, "现状与要求")
    press(page, "保存并继续")
    heading(page, "指标与条件")


def register(page: Page, name: str, email: str) -> None:
    """From the start page to an account."""
    page.goto("/")
    go(page, "注册")
    heading(page, "注册")
    page.get_by_label("姓名").fill(name)
    page.get_by_label("邮箱或手机号").fill(email)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_label("我已阅读并同意").check()
    press(page, "注册并继续")


def create_organisation(page: Page, name: str, category: str, **more: str) -> None:
    """From 加入单位 to an organisation of one's own; `more` by label."""
    heading(page, "加入单位")
    go(page, "创建单位")
    page.get_by_label("单位名称").fill(name)
    choose(page, "单位类别", category)
    for label, text in more.items():
        page.get_by_label(label).fill(text)
    press(page, "创建单位")
    told(page, "已创建")


def hand_in_papers(page: Page, code: str) -> None:
    """From 我的单位 to a request for verification."""
    go(page, "去提交核验")
    page.get_by_label("统一社会信用代码").fill(code)
    page.get_by_label("营业执照或法人证书").set_input_files(pdf("营业执照.pdf"))
    page.get_by_label("加盖公章的授权书").set_input_files(png("授权书.png"))
    press(page, "提交核验")
    told(page, "核验材料已提交")
