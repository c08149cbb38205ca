"""Who is asking: people who log in. Each clinic has its own; operators are in `public`."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from accounts import roles


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None, **fields: Any) -> "User":
        """Create an account; without a password nobody can log in to it yet."""
        user = self.model(email=_one_form(email), **fields)
        user.set_password(password or None)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=_one_form(username or ""))


def _one_form(email: str) -> str:
    return email.strip().lower()


class User(AbstractBaseUser):
    """One account at one clinic (or an operator's, on the platform)."""

    class Role(models.TextChoices):
        PATIENT = "patient", _("Patient")
        RECEPTION = "reception", _("Reception")
        DOCTOR = "doctor", _("Doctor")
        OWNER = "owner", _("Owner")
        SUPPORT = "support", _("Slotwell support")
        OPERATOR = "operator", _("Platform operator")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("email"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(
        _("role"), max_length=12, choices=Role, default=Role.PATIENT
    )
    language = models.CharField(_("language"), max_length=12, blank=True)
    is_active = models.BooleanField(_("may log in"), default=True)
    ends_at = models.DateTimeField(_("may log in until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("name",)
        constraints = (
            # One form of each address, so that `unique` means what people mean.
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = _one_form(self.email)
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    @property
    def has_ended(self) -> bool:
        """Whether the account was for a time, and that is over."""
        return self.ends_at is not None and self.ends_at <= timezone.now()

    @property
    def is_staff(self) -> bool:
        """What Django's admin asks before it lets somebody in."""
        return roles.is_staff(self)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Answer the admin's question from the role (`app.verb_model`)."""
        del obj
        return roles.may(self, perm)

    def has_module_perms(self, app_label: str) -> bool:
        return roles.may_see_app(self, app_label)
