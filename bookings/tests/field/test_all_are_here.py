"""Each of the scenarios has a test."""

import re
from importlib import import_module
from pkgutil import iter_modules

from bookings.tests import field

# Those from 29 on, but for 33, belong to other tests.
WANTED = {*range(1, 29), 33}


def test_every_scenario_has_a_test_that_says_where_it_comes_from():
    found = set()
    for module in iter_modules(field.__path__, f"{field.__name__}."):
        for name, test in vars(import_module(module.name)).items():
            said = re.match(r"Scenario (\d+): .+\n\n.*#\d+", test.__doc__ or "", re.S)
            if name.startswith("test_") and said:
                found.add(int(said[1]))

    assert found == WANTED
