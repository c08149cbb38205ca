"""The masked token is one that Django takes for the secret, and always another."""

from collections import Counter
from typing import Any

from django.middleware import csrf as of_django

from bookings.quick import csrf

django: Any = of_django


def test_django_knows_the_secret_in_it():
    for _ in range(200):
        secret = django._get_new_csrf_string()
        token = csrf.masked(secret).decode()

        assert django._does_token_match(token, secret)
        assert django._unmask_cipher_token(token) == secret


def test_it_is_another_each_time():
    secret = django._get_new_csrf_string()

    assert len({csrf.masked(secret) for _ in range(500)}) == 500


def test_all_letters_are_as_likely():
    masks = b"".join(csrf._mask() for _ in range(6000))
    counts = Counter(masks.decode())

    assert set(counts) == set(django.CSRF_ALLOWED_CHARS)
    expected = len(masks) / len(django.CSRF_ALLOWED_CHARS)  # 3,097; a deviation is 55
    assert all(abs(count - expected) < 7 * 55 for count in counts.values())
