"""What both clinics call alike: keys, addresses, references, secrets.

Equal on purpose: whoever gets by with a key alone must meet their own clinic's row.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.contrib.auth.hashers import make_password

from accounts.models import User

ROLES = ("patient", "doctor", "reception", "owner", "support")
# Slow to hash on purpose, so once; both clinics have the very same hash.
PASSWORD = "correct horse battery"
HASHED = make_password(PASSWORD)


@dataclass(frozen=True)
class Names:
    """Keys of rows by what they are for. Another `salt` makes other rows."""

    salt: str = ""

    def id(self, what: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"{self.salt}:{what}")

    @property
    def number(self) -> int:
        """The key of rows that are counted."""
        return 900_001 + self.offset

    @property
    def offset(self) -> int:
        return len(self.salt)

    def slug(self, what: str) -> str:
        return f"{what}{self.salt}"

    def email(self, who: str) -> str:
        return f"{who}{self.salt}@mail.example"

    def reference(self, number: int) -> str:
        return f"7K2M-94XQ-{'ABCDEFGH'[self.offset]}{number}"

    def token(self, what: str) -> str:
        """The secret of a hold."""
        return f"token-of-{what}-{self.salt}"

    def session_key(self, who: str) -> str:
        return f"{who}{self.salt}session".ljust(32, "0")


SAME = Names()
# Rows that harbor alone has.
BEYOND = Names("beyond")


def first_slot() -> datetime:
    """Ten in the morning in a week, by the clock of London or an hour off."""
    day = datetime.now(UTC) + timedelta(days=7)
    return day.replace(hour=10, minute=0, second=0, microsecond=0)


def user_of(role: str, names: Names = SAME) -> User:
    """The account of a role, as the database has it."""
    return User.objects.get(pk=names.id(role))
