import re

import pytest
from django.core.exceptions import ValidationError

from tenants.names import RESERVED, is_reserved, is_zone, new_schema_name


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "UTC"])
def test_names_of_the_time_zone_database_are_zones(zone):
    is_zone(zone)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "http://x",
        "",
        " ",
        "europe/london",
        "Europe/London ",
        "Europe",
        "localtime",
        "posixrules",
        "GMT+25",
        "Europe/London\x00",
        "x" * 10_000,
    ],
)
def test_nothing_else_is_a_zone(name):
    with pytest.raises(ValidationError):
        is_zone(name)


@pytest.mark.parametrize("slug", ["www", "admin", "public", "mail", "xn--x", "xn-x"])
def test_addresses_of_the_platform_are_reserved(slug):
    with pytest.raises(ValidationError):
        is_reserved(slug)


def test_clinics_of_the_demo_are_not_reserved():
    assert {"riverside", "harbor"}.isdisjoint(RESERVED)


def test_a_schema_name_says_nothing_and_comes_once():
    names = {new_schema_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(re.fullmatch(r"c_[0-9a-f]{32}", name) for name in names)
