"""Cookies and tokens at the wrong host, and ids that only the other clinic has."""

from tenants.tests.isolation import elsewhere
from tenants.tests.isolation.marks import Marks, marks_of
from tenants.tests.isolation.names import BEYOND, SAME, Names
from tenants.tests.isolation.routes import routes, with_arguments
from tenants.tests.isolation.visitors import operator, visitors_of
from tenants.tests.isolation.walking import Walker

CLINIC, PUBLIC = "config.urls_clinic", "config.urls_public"
OF_OPERATORS = Marks("the platform", ("canary-platform",))
NOWHERE = Names("nowhere")


def test_riversides_cookies_are_nobodys_at_harbor(twins):
    riverside, harbor = twins
    walker = Walker("harbor.localhost", harbor, [marks_of(riverside)])
    of = visitors_of(riverside)
    somebody = [of["guest"], of["owner"]]
    assert elsewhere.find_differences(walker, somebody, routes(CLINIC)) == []
    assert walker.findings == []


def test_what_riversides_owner_sends_to_harbor_is_a_strangers(twins):
    riverside, harbor = twins
    walker = Walker("harbor.localhost", harbor, [marks_of(riverside)])
    owner = visitors_of(riverside)["owner"]
    found = elsewhere.find_differences(
        walker, [owner], routes(CLINIC), methods=("POST", "OPTIONS")
    )
    assert found == []
    assert walker.findings == []


def test_riversides_tokens_are_refused_by_harbor(twins):
    riverside, harbor = twins
    walker = Walker("harbor.localhost", harbor, [marks_of(riverside)])
    of = visitors_of(riverside)
    somebody = [of["patient"], of["owner"]]
    assert elsewhere.find_welcome_tokens(walker, somebody, routes(CLINIC)) == []
    assert walker.findings == []


def test_operators_are_strangers_at_clinics(twins):
    riverside, harbor = twins
    foreign = [marks_of(harbor), OF_OPERATORS]
    walker = Walker("riverside.localhost", riverside, foreign)
    assert elsewhere.find_differences(walker, [operator()], routes(CLINIC)) == []
    assert walker.findings == []


def test_clinics_people_are_strangers_on_the_platform(twins):
    riverside, harbor = twins
    operator()  # with the key, address and password of both owners
    foreign = [_canary_of(riverside), _canary_of(harbor), OF_OPERATORS]
    walker = Walker("localhost", None, foreign)
    somebody = [visitors_of(each)["owner"] for each in twins]
    found = elsewhere.find_differences(
        walker, somebody, routes(PUBLIC), methods=("GET", "POST")
    )
    assert found == []
    assert walker.findings == []


def test_operators_see_clinics_and_nothing_in_them(twins):
    foreign = [_canary_of(each) for each in twins]
    walker = Walker("localhost", None, foreign)
    visitor, shown = operator(), 0
    for route in routes(PUBLIC):
        shown += walker.ask(visitor, "GET", route.path).status_code == 200
    assert walker.findings == []
    assert shown > 10


def test_ids_of_harbor_alone_are_not_found_like_any_other(twins):
    """As the owner of riverside, who may see all that is there."""
    riverside, harbor = twins
    walker = Walker("riverside.localhost", riverside, [marks_of(harbor)])
    owner = visitors_of(riverside)["owner"]
    theirs, nobodys, ours = (
        with_arguments(routes(CLINIC, names)) for names in (BEYOND, NOWHERE, SAME)
    )
    for their, nobody, our in zip(theirs, nobodys, ours, strict=True):
        if their.path == our.path:  # names no row
            continue
        for method in ("GET", "POST"):
            answer = walker.ask(owner, method, their.path)
            expected = walker.ask(owner, method, nobody.path)
            assert answer.status_code == expected.status_code, their.path
            assert answer.status_code not in (200, 201, 204), their.path
    assert walker.findings == []


def _canary_of(clinic):
    """The platform knows clinics by name; what is in them it does not."""
    return Marks(clinic.slug, (f"canary-{clinic.slug}",))
