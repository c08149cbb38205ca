"""Clinics are kept apart: by structure, on every route, and under attack."""

import pytest

pytest.register_assert_rewrite("tenants.tests.isolation.checks")
