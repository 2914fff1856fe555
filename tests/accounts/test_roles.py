"""Roles: three administrators exclude each other, nobody changes their own, one always stays."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from jiebang.accounts import queries, services, sessions
from jiebang.accounts.models import User
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import ANONYMOUS, SEPARATED, SYSTEM, Actor, Role
from jiebang.db import Database
from tests.accounts.conftest import Trail
from tests.conftest import PASSWORD, MakeUser, post, sign_in

CHIEF = Role.SECURITY_ADMINISTRATOR


def acting(user: User) -> Actor:
    return Actor(user.id, user.display_name, frozenset(row.role for row in user.roles))


@pytest.mark.parametrize("held", sorted(SEPARATED))
@pytest.mark.parametrize("wanted", sorted(SEPARATED))
def test_the_three_administrators_exclude_each_other(
    database: Database, make_user: MakeUser, held: Role, wanted: Role
) -> None:
    chief, person = make_user(roles=(CHIEF,)), make_user(roles=(held,))
    with pytest.raises(Conflict), database.transaction() as session:
        services.grant_role(session, acting(chief), person.id, wanted)
    if held != wanted:
        with pytest.raises(Invalid):
            make_user(roles=(held, wanted))


def test_roles_take_effect_with_the_next_request(
    client: FlaskClient, database: Database, make_user: MakeUser, trail: Trail
) -> None:
    chief, person = make_user(roles=(CHIEF,)), make_user("王专员")
    sign_in(client, chief)
    page = client.get("/account/roles?q=王专员")
    assert page.status_code == 200
    assert "王专员" in page.text
    granted = post(client, f"/account/roles/{person.id}/grant", {"role": "specialist"})
    assert granted.status_code == 303
    with database.reading() as session:
        assert {row.role for row in queries.user(session, person.id).roles} == {Role.SPECIALIST}
    revoked = post(client, f"/account/roles/{person.id}/revoke", {"role": "specialist"})
    assert revoked.status_code == 303
    assert trail.actions()[-2:] == ["role.granted", "role.revoked"]
    assert post(client, f"/account/roles/{person.id}/grant", {"role": ""}).status_code == 422


def test_the_page_is_for_security_administrators(client: FlaskClient, make_user: MakeUser) -> None:
    person = make_user(roles=(Role.SYSTEM_ADMINISTRATOR, Role.OPERATOR))
    sign_in(client, person)
    assert client.get("/account/roles").status_code == 403
    answer = post(client, f"/account/roles/{person.id}/grant", {"role": "expert"})
    assert answer.status_code == 403


def test_nobody_changes_their_own_roles_and_nobody_else_may(
    database: Database, make_user: MakeUser
) -> None:
    chief, person = make_user(roles=(CHIEF,)), make_user()
    for actor, target in ((acting(chief), chief), (acting(person), person), (ANONYMOUS, person)):
        with pytest.raises(Forbidden), database.transaction() as session:
            services.grant_role(session, actor, target.id, Role.OPERATOR)
    with pytest.raises(Forbidden), database.transaction() as session:
        services.create_user(
            session,
            ANONYMOUS,
            name="外人",
            email="x@example.com",
            password=PASSWORD,
            consent="1",
            roles=(Role.OPERATOR,),
        )


def test_the_last_security_administrator_stays(database: Database, make_user: MakeUser) -> None:
    last = make_user(roles=(CHIEF,))
    for verb in (services.deactivate, lambda *given: services.revoke_role(*given, CHIEF)):
        with pytest.raises(Conflict), database.transaction() as session:
            verb(session, SYSTEM, last.id)
    make_user(roles=(CHIEF,))
    with database.transaction() as session:
        services.revoke_role(session, SYSTEM, last.id, CHIEF)


def test_a_stopped_account_is_signed_out_until_it_is_started_again(
    client: FlaskClient, database: Database, make_user: MakeUser, trail: Trail
) -> None:
    chief, person = make_user(roles=(CHIEF,)), make_user()
    sign_in(client, person)
    with database.transaction() as session:
        services.deactivate(session, acting(chief), person.id)
    assert client.get("/account").status_code == 303
    with database.transaction() as session:
        services.reactivate(session, acting(chief), person.id)
    sign_in(client, person)
    assert {"account.deactivated", "account.reactivated"} <= set(trail.actions())


def test_people_act_for_the_organisation_they_chose(
    client: FlaskClient, database: Database, make_user: MakeUser, make_organisation: object
) -> None:
    user = make_user()
    first = make_organisation(user, name="甲厂")  # type: ignore[operator]
    make_organisation(user, name="乙厂")  # type: ignore[operator]
    sign_in(client, user)
    page = client.get("/account").text
    assert "甲厂" in page
    assert "乙厂" in page
    with client.application.app_context(), database.reading() as session:
        seats = sessions.seats_of(session, user.id)
    assert seats[0].organisation_id == first.id


def test_demonstration_accounts_keep_their_roles(database: Database, make_user: MakeUser) -> None:
    chief, shown = make_user(roles=(CHIEF,)), make_user(demo=True)
    verbs = (services.deactivate, lambda *given: services.grant_role(*given, Role.EXPERT))
    for verb in verbs:
        with pytest.raises(Conflict), database.transaction() as session:
            verb(session, acting(chief), shown.id)
