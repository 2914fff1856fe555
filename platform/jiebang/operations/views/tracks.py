"""赛道规则: the versions of each track; a new one shows its differences before it counts."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.boards.models import Track
from jiebang.boards.tracks import queries, services
from jiebang.boards.tracks.models import TrackVersion
from jiebang.boards.tracks.services import MOST_CRITERIA, SOURCE_LIMIT, Draft
from jiebang.boards.tracks.values import TRACK_LABELS, Kind, differences, values, words
from jiebang.core import clock
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.money import money_text
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, access, actor, db

from .blueprint import blueprint

GROUPS = (
    ("步骤和条件", (Kind.SWITCH, Kind.CHOICE)),
    ("期限（工作日）", (Kind.CLOCK,)),
    ("数量和金额", (Kind.NUMBER, Kind.AMOUNT)),
    ("评审标准", (Kind.CRITERIA,)),
)


def _track(name: str) -> Track:
    if name not in {track.value for track in Track}:
        raise NotFound("没有这条赛道。")
    return Track(name)


@blueprint.get("/operations/tracks")
@access(Level.PERMISSION, Permission.TRACKS_EDIT)
def tracks() -> str:
    """Both tracks as they are today, and every version that was or will be."""
    session = db()
    present = {track: queries.current(session, track) for track in Track}
    groups = []
    for title, kinds in GROUPS:
        rows = [
            (value.label, [words(value, getattr(now, value.name)) for now in present.values()])
            for value in values()
            if value.kind in kinds
        ]
        if rows:
            groups.append((title, rows))
    return render_template(
        "operations/tracks.html",
        groups=groups,
        tracks=[
            {
                "name": track.value,
                "label": TRACK_LABELS[track],
                "now": now,
                "versions": [
                    (each, _standing(each, now)) for each in queries.all_versions(session, track)
                ],
            }
            for track, now in present.items()
        ],
    )


def _standing(version: TrackVersion, now: TrackVersion) -> tuple[str, str]:
    if version.id == now.id:
        return "使用中", "good"
    if version.valid_from > clock.today():
        return "待起用", "info"
    return "已被替代", "neutral"


@blueprint.get("/operations/tracks/<track_name>/new")
@access(Level.PERMISSION, Permission.TRACKS_EDIT)
def track_new(track_name: str) -> str:
    """The form, filled with what is in force."""
    track = _track(track_name)
    return _page(track, _typed(queries.current(db(), track)), {}, None)


@blueprint.post("/operations/tracks/<track_name>/new")
@access(Level.PERMISSION, Permission.TRACKS_EDIT)
def track_issue(track_name: str) -> str | tuple[str, int] | Response:
    """Shows what would change; issues it where that was the button."""
    session, typed = db(), dict(request.form)
    track = _track(track_name)
    before = queries.current(session, track)
    try:
        draft = services.read(before, typed)
        if "issue" not in typed:
            return _page(track, typed, {}, draft)
        made = services.issue(session, actor(), track, draft)
    except (Invalid, Conflict) as error:
        errors = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(track, typed, errors, None), error.status
    flash(
        f"{TRACK_LABELS[track]}第 {made.number} 版已立，{clock.day_text(made.valid_from)}起用于"
        "新开始的事项；已经开始的沿用原来的版本。",
        "success",
    )
    return redirect(url_for("operations.tracks"), 303)


def _typed(version: TrackVersion) -> dict[str, str]:
    typed = {"valid_from": clock.today().isoformat(), "source": ""}
    for value in values():
        found = getattr(version, value.name)
        if value.kind is Kind.CRITERIA:
            for number, row in enumerate(found):
                for part in ("label", "weight", "hint"):
                    typed[f"{value.name}-{number}-{part}"] = str(row[part])
        elif value.kind is Kind.SWITCH:
            typed[value.name] = "1" if found else ""
        else:
            typed[value.name] = money_text(found) if value.kind is Kind.AMOUNT else str(found)
    return typed


def _page(track: Track, typed: dict[str, str], errors: dict[str, str], draft: Draft | None) -> str:
    before = queries.current(db(), track)
    groups: list[tuple[str, list[Any]]] = [
        (title, [value for value in values() if value.kind in kinds]) for title, kinds in GROUPS
    ]
    return render_template(
        "operations/track.html",
        track=track.value,
        label=TRACK_LABELS[track],
        before=before,
        groups=[(title, found) for title, found in groups if found],
        typed=typed,
        errors=errors,
        draft=draft,
        changes=differences(before, draft.values) if draft else [],
        rows=range(MOST_CRITERIA),
        limit=SOURCE_LIMIT,
    )
