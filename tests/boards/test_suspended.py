"""While an organisation is suspended its listings are found by nobody but its own people."""

from __future__ import annotations

from jiebang.boards import queries
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS, Actor
from jiebang.orgs.models import Organisation, OrganisationState
from tests.factories import World


def seen(world: World, viewer: Actor) -> tuple[int, list[str]]:
    with world.database.reading() as session:
        rows, total = queries.page(session, queries.BoardFilter(Board.NEED), viewer, 1)
        found = world.discovery.search_text(
            session, "铝合金薄壁壳体焊接变形控制", Board.NEED, viewer, explain=False
        )
    assert len(rows) == total
    return total, [each.card.code for each in found]


def test_listings_of_a_suspended_organisation(any_world: World) -> None:
    owner = any_world.owner()
    code = any_world.published(owner, Board.NEED)
    stranger = any_world.owner()
    assert seen(any_world, ANONYMOUS) == (1, [code])
    with any_world.database.transaction() as session:
        organisation = session.get_one(Organisation, owner.organisation_id)
        organisation.state = OrganisationState.SUSPENDED
    assert seen(any_world, ANONYMOUS) == (0, [])
    assert seen(any_world, stranger) == (0, [])
    assert seen(any_world, owner)[0] == 1
    assert any_world.browser(None).get(f"/listings/{code}").status_code == 404
    assert any_world.browser(owner).get(f"/listings/{code}").status_code == 200
