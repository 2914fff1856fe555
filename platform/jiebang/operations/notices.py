"""Letters that tell an owner what was decided. They hold the title and the reason, nothing else."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.boards.models import Listing
from jiebang.core import mail
from jiebang.orgs import queries as orgs

WORDS = {
    "approve": ("已通过审核并发布", "对方现在可以找到它，匹配结果见："),
    "return": ("被退回修改", "修改后可再次提交："),
    "suspend": ("已被暂停展示", "核实后会恢复，如有疑问请联系平台运营："),
    "conclude": ("的诊断已结束，平台继续审核", "查看："),
    "resume": ("已恢复展示", "查看："),
}


def decided(session: Session, base_url: str, listing: Listing, name: str, reason: str) -> None:
    """Queues a letter to the owner's administrators in this transaction."""
    if listing.organisation_id is None:
        return
    done, then = WORDS[name]
    lines = [f"贵单位发布的{listing.board.label}“{listing.title}”（{listing.code}）{done}。"]
    if reason:
        lines.append(f"原因：{reason}")
    lines.append(f"{then}{base_url}/listings/{listing.code}")
    for person in orgs.administrators(session, listing.organisation_id):
        if person.email and person.email_confirmed_at:  # never to an address nobody proved
            mail.enqueue(
                session, person.email, f"{listing.board.label}{done}：{listing.title}",
                "\n\n".join(lines),
            )  # fmt: skip
