"""A case is written by either party and public only while both agree to its words."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.boards.models import Disclosure
from jiebang.core import clock
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import Actor, Permission

from ..projects.models import Project
from ..projects.services.steps import note, tell
from ..projects.workflow import Party
from .models import TEXT_LIMIT, TITLE_LIMIT, Case


def anonymous(found: Project, party: Party) -> bool:
    """Whether a side's listing hid its name: such a side is not named in a case, either."""
    owner = found.listing.organisation_id
    return owner in found.ids_of(party) and found.listing.disclosure is Disclosure.ANONYMOUS


def write(
    session: Session, actor: Actor, project: Project, found: Case | None, title: str, text: str
) -> Case:
    """Writes or rewrites the words; a change takes both parties' words back. The caller holds the
    project's lock, as for all that follows."""
    side = _side(actor, project)
    if project.accepted_at is None:
        raise Conflict("验收通过以后才能公示成果。")
    title, text = title.strip(), text.replace("\r\n", "\n").strip()
    errors = {}
    if not title:
        errors["title"] = "请写一个标题。"
    elif len(title) > TITLE_LIMIT:
        errors["title"] = f"标题最多 {TITLE_LIMIT} 字，现在 {len(title)} 字。"
    if not text:
        errors["text"] = "请写明解决了什么问题、效果怎样。"
    elif len(text) > TEXT_LIMIT:
        errors["text"] = f"最多 {TEXT_LIMIT} 字，现在 {len(text)} 字。"
    if errors:
        raise Invalid(errors)
    if found is None:
        found = Case(project_id=project.id, title=title, text=text, changed_at=clock.now())
        found.project = project
        session.add(found)
    elif (found.title, found.text) != (title, text):
        found.title, found.text, found.changed_at = title, text, clock.now()
        found.client_agreed_at = found.solver_agreed_at = found.published_at = None
    session.flush()
    note(session, actor, project, "write", "编辑成果公示", target=("case", found.id))
    tell(session, project, side.other, "对方写了成果公示，请看是否同意", actor)
    return found


def agree(
    session: Session, actor: Actor, project: Project, found: Case, number: int, *, named: bool
) -> None:
    """A party's word for the text as it stands (`number` is the version that it read) and whether
    it is named; the second word makes it public."""
    side = _side(actor, project)
    if found.version != number:
        raise Conflict("内容刚刚被修改过，请重新看过再同意。")
    if named and anonymous(project, side):
        raise Invalid({"named": "榜单是匿名发布的，公示里也不写贵单位名称。"})
    if side is Party.CLIENT:
        found.client_agreed_at, found.client_named = clock.now(), named
    else:
        found.solver_agreed_at, found.solver_named = clock.now(), named
    both = found.client_agreed_at is not None and found.solver_agreed_at is not None
    if both and found.published_at is None:
        found.published_at = clock.now()
    session.flush()
    note(session, actor, project, "agree", "同意公示成果" + ("，已公示" if both else ""),
         target=("case", found.id))  # fmt: skip
    tell(session, project, side.other, "对方同意了成果公示", actor)


def withdraw(session: Session, actor: Actor, project: Project, found: Case) -> None:
    """Either party takes the page down."""
    side = _side(actor, project)
    found.client_agreed_at = found.solver_agreed_at = found.published_at = None
    session.flush()
    note(session, actor, project, "withdraw", "撤回成果公示", target=("case", found.id))
    tell(session, project, side.other, "对方撤回了成果公示", actor)


def _side(actor: Actor, project: Project) -> Party:
    side = project.side_of(actor)
    if side is None or not actor.can(Permission.LISTING_RESPOND):
        raise Forbidden("成果公示由项目双方办理。")
    if not actor.acts_in(project.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    return side
