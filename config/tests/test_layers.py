"""The import layers and bans of docs/architecture, held by reading the source.

Change the tables below, not the code under them, when the architecture changes.
"""

import ast
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[2]

# Which rooms an app may enter besides its own. Only config brings all together.
APP_MAY_IMPORT = {
    "accounts": [],
    "tenants": ["accounts*"],
    "bookings": [
        "accounts*",
        "tenants.archives*",
        "tenants.chores*",
        "tenants.context*",
        "tenants.due*",
        "tenants.http*",
        "tenants.names*",
        "tenants.pools",
        "tenants.rediswire",
        "tenants.tasks",
        "tenants.turns",
        "tenants.usage*",
        "tenants.wire",
    ],
    "config": ["accounts*", "bookings*", "tenants*"],
}
# Exceptions for whole rooms: set-up commands give birth to clinics.
ROOM_MAY_IMPORT = {
    "bookings.management*": ["tenants.models", "tenants.provisioning"],
    "bookings.interop.archive*": [
        "tenants.locks",
        "tenants.media",
        "tenants.models",
        "tenants.provisioning",
        "tenants.versions",
        "tenants.wholefiles",
    ],
}
# What may be named in annotations only, under `if TYPE_CHECKING`.
APP_MAY_ANNOTATE_WITH = {"bookings": ["tenants.models"]}

# Layers of bookings, lowest first: a module imports from its own layer and from lower
# ones. The first pattern that fits decides.
BOOKINGS_LAYERS = [
    ["errors", "availability", "timetable"],
    ["models*", "locking", "once"],
    ["live.events", "outbox.post"],
    ["actions*", "agenda"],
    [
        "interop.archive*",
        "interop.ical",
        "interop.links",
        "*.forms",
        "*.serializers",
        "live*",
        "outbox*",
    ],
    [
        "pages*",
        "templatetags*",
        "desk*",
        "api*",
        "interop*",
        "seed*",
        "setup*",
        "management*",
        "migrations*",
    ],
    ["quick*"],
    ["apps"],
]

CONNECTION_API = {
    "schema_context",
    "set_schema",
    "set_schema_to_public",
    "set_tenant",
    "tenant_context",
}
USERS_OF_CONNECTION_API = ["tenants.context", "tenants.postgresql*"]

NAMES_WITHOUT_MEANING = {"common", "helpers", "services", "utils"}
NAMED_SO_BY_CONTRACT = {"config.management.commands.services", "config.tests.services"}

Offence = tuple[ast.AST, str]


# What is allowed -----------------------------------------------------------------------


def test_apps_import_only_what_lies_below_them() -> None:
    assert _offences(_forbidden_app_imports) == []


def test_layers_of_bookings_import_downward() -> None:
    assert _offences(_upward_imports) == []


def test_every_module_of_bookings_has_a_layer() -> None:
    names = [name for name in _modules() if name.startswith("bookings.")]
    assert [name for name in names if _layer(name) is None] == []


def test_embedded_imports_the_standard_library_only() -> None:
    assert _offences(_third_party_imports_of_embedded) == []


def test_only_tenants_context_moves_a_connection_to_a_clinic() -> None:
    assert _offences(_uses_of_connection_api) == []


def test_nobody_enters_a_tenant_by_with() -> None:
    """Its stack is kept on the class, shared by all threads."""
    assert _offences(_with_tenant) == []


def test_no_call_leaves_the_thread_of_its_clinic() -> None:
    assert _offences(_thread_sensitive_false) == []


def test_no_signals_carry_domain_logic() -> None:
    assert _offences(_signals_in_bookings) == []


def test_every_room_has_a_name_with_meaning() -> None:
    unnamed = [
        name
        for name in _modules(tests=True)
        if name.rsplit(".", 1)[-1] in NAMES_WITHOUT_MEANING
    ]
    assert set(unnamed) <= NAMED_SO_BY_CONTRACT


@pytest.mark.parametrize(
    ("rule", "module", "source"),
    [
        ("_forbidden_app_imports", "accounts.models", "from tenants import context"),
        ("_forbidden_app_imports", "tenants.admin", "import bookings.models"),
        ("_forbidden_app_imports", "bookings.agenda", "from tenants import models"),
        ("_forbidden_app_imports", "bookings.agenda", "from config import embedded"),
        ("_upward_imports", "bookings.errors", "from bookings import models"),
        ("_upward_imports", "bookings.live.events", "from bookings.live import hub"),
        ("_upward_imports", "bookings.actions.holds", "import bookings.pages.views"),
        ("_uses_of_connection_api", "tenants.admin", "connection.set_tenant(clinic)"),
        ("_uses_of_connection_api", "bookings.agenda", "with schema_context('a'): ..."),
        ("_with_tenant", "bookings.agenda", "with request.tenant: ..."),
        ("_thread_sensitive_false", "bookings.agenda", "f(g, thread_sensitive=False)"),
        (
            "_signals_in_bookings",
            "bookings.apps",
            "from django.dispatch import receiver",
        ),
    ],
)
def test_the_rules_see_offenders(rule: str, module: str, source: str) -> None:
    check: Callable[[str, ast.Module], Iterator[Offence]] = globals()[rule]
    assert list(check(module, ast.parse(source)))


# The rules: each yields what offends in one module -------------------------------------


def _forbidden_app_imports(name: str, tree: ast.Module) -> Iterator[Offence]:
    app = name.split(".")[0]
    allowed = [app, f"{app}.*", *APP_MAY_IMPORT.get(app, [])]
    for room, more in ROOM_MAY_IMPORT.items():
        allowed += more if fnmatch(name, room) else []
    annotating = _imports_for_annotations(tree)
    for node, imported in _imports(tree):
        ours = imported.split(".")[0] in APP_MAY_IMPORT
        more = APP_MAY_ANNOTATE_WITH.get(app, []) if node in annotating else []
        if ours and not _fits(imported, [*allowed, *more]):
            yield node, imported


def _upward_imports(name: str, tree: ast.Module) -> Iterator[Offence]:
    own = _layer(name)
    for node, imported in _imports(tree):
        layer = _layer(imported)
        if own is None or layer is None or layer <= own:
            continue
        if own >= len(BOOKINGS_LAYERS) - 2 and _room(name) == _room(imported):
            continue  # forms and views of one room know each other
        yield node, imported


def _third_party_imports_of_embedded(name: str, tree: ast.Module) -> Iterator[Offence]:
    if not _fits(name, ["config.embedded*", "config.processes"]):
        return
    for node, imported in _imports(tree):
        if imported.split(".")[0] in ("django", "psycopg", "redis", "environ"):
            yield node, imported


def _uses_of_connection_api(name: str, tree: ast.Module) -> Iterator[Offence]:
    if _fits(name, USERS_OF_CONNECTION_API):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _last_name(node.func) in CONNECTION_API:
            yield node, ast.unparse(node.func)


def _with_tenant(name: str, tree: ast.Module) -> Iterator[Offence]:
    for node in ast.walk(tree):
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if _last_name(item.context_expr) in ("tenant", "clinic"):
                    yield node, f"with {ast.unparse(item.context_expr)}"


def _thread_sensitive_false(name: str, tree: ast.Module) -> Iterator[Offence]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.keyword)
            and node.arg == "thread_sensitive"
            and not (isinstance(node.value, ast.Constant) and node.value.value is True)
        ):
            yield node, "thread_sensitive"


def _signals_in_bookings(name: str, tree: ast.Module) -> Iterator[Offence]:
    if not name.startswith("bookings"):
        return
    for node, imported in _imports(tree):
        if _fits(imported, ["django.dispatch*", "django.db.models.signals*"]):
            yield node, imported


# Reading the source --------------------------------------------------------------------


def _offences(rule: Callable[[str, ast.Module], Iterator[Offence]]) -> list[str]:
    return [
        f"{name}:{getattr(node, 'lineno', '?')}: {what}"
        for name, path in _modules().items()
        for node, what in rule(name, _parsed(path))
    ]


@cache
def _modules(*, tests: bool = False) -> dict[str, Path]:
    """Return our modules by dotted name; those of tests only when asked."""
    found = {}
    for app in APP_MAY_IMPORT:
        for path in sorted((BASE_DIR / app).rglob("*.py")):
            parts = path.relative_to(BASE_DIR).with_suffix("").parts
            if tests or "tests" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _imports(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield every imported module; `from a import b` is a.b where that is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield node, inner if _might_be_module(inner) else node.module


def _imports_for_annotations(tree: ast.Module) -> set[ast.AST]:
    return {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and _last_name(block.test) == "TYPE_CHECKING"
        for statement in block.body
        for node in ast.walk(statement)
    }


def _might_be_module(name: str) -> bool:
    """Whether it is one of ours, or stands directly in an app and so would be one."""
    app, _, rest = name.partition(".")
    return name in _modules() or (app in APP_MAY_IMPORT and rest.count(".") == 0)


def _layer(name: str) -> int | None:
    app, _, room = name.partition(".")
    if app != "bookings" or not room:
        return None
    for layer, patterns in enumerate(BOOKINGS_LAYERS):
        if _fits(room, patterns):
            return layer
    return None


def _room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _fits(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
