"""All settings, in one file, driven by the environment (see `.env.example`).

Read `SHARED_APPS` and `TENANT_APPS` first: they decide which tables stand once, in
schema `public`, and which stand in every clinic's own schema.
"""

import secrets
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import embedded

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)


def _secret(name: str) -> str:
    """Return the secret `name`; in development a fixed one, else fail at start-up."""
    value: str = env.str(name, default="")
    if DEBUG:
        return value or f"development-only-{name.lower()}-{'x' * 32}"
    if len(value) < 32 or len(set(value)) < 8 or value.startswith("development-only"):
        message = f"{name} must be set to 32 or more random characters, for example "
        raise ImproperlyConfigured(message + secrets.token_urlsafe(48))
    return value


SECRET_KEY = _secret("SECRET_KEY")
JWT_SECRET = _secret("JWT_SECRET")
if not DEBUG and SECRET_KEY == JWT_SECRET:
    raise ImproperlyConfigured("SECRET_KEY and JWT_SECRET must differ.")

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()

# --- Hosts ---------------------------------------------------------------------------

BASE_DOMAIN = env.str("BASE_DOMAIN", default="localhost").lower()
PORT = env.int("PORT", default=8000)
PUBLIC_SCHEME = env.str("PUBLIC_SCHEME", default="http" if DEBUG else "https")
# How many proxies in front of us set X-Forwarded-*; 0 means: believe the socket only.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
# Own domains of clinics are rows, so the list is open here; ClinicMiddleware answers
# 404 to every host that is neither BASE_DOMAIN nor a clinic.
ALLOWED_HOSTS = ["*"]
USE_X_FORWARDED_HOST = False
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Web processes -------------------------------------------------------------------

SERVER = env.str("SERVER", default="daphne")
if SERVER not in ("daphne", "uvicorn"):
    raise ImproperlyConfigured(f"SERVER must be daphne or uvicorn, not {SERVER!r}.")
_web_processes = env.str("WEB_PROCESSES", default="1")
if not _web_processes.isdecimal() or int(_web_processes) < 1:
    message = "WEB_PROCESSES must be a number from 1, not "
    raise ImproperlyConfigured(f"{message}{_web_processes!r}.")
WEB_PROCESSES = int(_web_processes)

# --- Apps ----------------------------------------------------------------------------

SHARED_APPS = [
    *(["daphne"] if SERVER == "daphne" else []),  # installs Twisted's event loop
    "config",
    "unfold",  # before django_tenants, which overrides templates of the admin
    "tenants",  # before django_tenants, for the commands `migrate`, `migrate_schemas`
    "django_tenants",
    "accounts",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "channels",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
TENANT_APPS = [
    "accounts",
    "bookings",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]

MIDDLEWARE = [
    "tenants.middleware.ClinicMiddleware",  # first: which clinic is this?
    "django.middleware.security.SecurityMiddleware",
    "tenants.middleware.PrimaryDomainMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "bookings.pages.middleware.PageSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bookings.pages.middleware.PageErrorMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.support_views.ReadingOnlyMiddleware",
    "tenants.gate.GateMiddleware",  # last: is the clinic open for this?
]

ROOT_URLCONF = "config.urls_clinic"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False  # a POST without its slash is a 404, never a RuntimeError

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "bookings.pages.context.clinic",
            ],
        },
    },
]

# --- Tenancy -------------------------------------------------------------------------

TENANT_MODEL = "tenants.Clinic"
TENANT_DOMAIN_MODEL = "tenants.Domain"
PUBLIC_SCHEMA_NAME = "public"
# btree_gist lives in a schema of its own, so that a clinic never needs `public`.
PG_EXTRA_SEARCH_PATHS = ["extensions"]
# Its validation opens a connection at import time; schemas of clinics start with `c_`.
SKIP_PG_EXTRA_VALIDATION = True
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_LIMIT_SET_CALLS = False
TEST_RUNNER = "django.test.runner.DiscoverRunner"

# --- Data ----------------------------------------------------------------------------

_embedded_urls = embedded.urls(VAR_DIR)
_database_url = env.str("DATABASE_URL", default="") or _embedded_urls["DATABASE_URL"]
_database = env.db_url_config(_database_url)
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "tenants.postgresql",
        "CONN_HEALTH_CHECKS": False,  # tenants.postgresql tests them, and all at once
        "CONN_MAX_AGE": 0,  # the pool keeps connections; kept ones per thread would leak
        "OPTIONS": {
            **_database.get("OPTIONS", {}),  # such as ?sslmode=require
            "pool": {
                "min_size": 1,
                "max_size": env.int("DATABASE_POOL", default=16),
                "timeout": 10,
                # A backend grows with each clinic it touches: renew it now and then.
                "max_lifetime": 900,
                "max_idle": 120,
                # Its pauses double: without an end, the pool sleeps on for as long
                # again after the database is back. Afterwards each request tries anew.
                "reconnect_timeout": 4,
            },
            "application_name": "slotwell",
            "connect_timeout": 5,
        },
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "ATOMIC_REQUESTS": False,
    },
}
# A web process serves as many requests at once, and lets as many wait; then it says 503.
WEB_THREADS = env.int("WEB_THREADS", default=12)
WEB_QUEUE = env.int("WEB_QUEUE", default=400)
# Connections of the event loop, for what is done without a thread (tenants.pools): two lanes
# of four in all. With two in each of two processes, crowds would be too small to share turns.
DATABASE_ASYNC_POOL = env.int(
    "DATABASE_ASYNC_POOL", default=8 if WEB_PROCESSES == 1 else 4
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="") or _embedded_urls["REDIS_URL"]
REDIS_TIMEOUT = 0.3  # seconds: a slow Redis must not slow a booking down
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "tenants.context.cache_key",
        "REVERSE_KEY_FUNCTION": "tenants.context.reverse_cache_key",
        "OPTIONS": {
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_CONNECT_TIMEOUT": REDIS_TIMEOUT,
            "SOCKET_TIMEOUT": REDIS_TIMEOUT,
            "CONNECTION_POOL_KWARGS": {"max_connections": 1000},
        },
    },
}
# Part of the agreed frame, for consumers that need groups. Live slots do not use it: the
# hub speaks Redis pub/sub itself, once per process (docs/architecture.md, Decisions).
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # No socket timeout: an idle subscription is not a broken one.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
    },
}

# --- Who is asking -------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},  # NIST SP 800-63B-4 for a single factor
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": (
            "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"
        ),
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
PASSWORD_RESET_TIMEOUT = 3600  # seconds that a mailed link is good for
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/appointments/"
LOGOUT_REDIRECT_URL = "/"

# Cookies are host-only (no domain is ever set), so one clinic's never reach another.
_secure = PUBLIC_SCHEME == "https"
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # log-in works without Redis
SESSION_COOKIE_NAME = "__Host-session" if _secure else "session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = "__Host-csrf" if _secure else "csrf"
CSRF_FAILURE_VIEW = "bookings.pages.errors.csrf_failure"
RATE_LIMITS = env.bool("RATE_LIMITS", default=True) or not DEBUG

# --- Browser security ----------------------------------------------------------------

SECURE_SSL_REDIRECT = _secure
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^may-have-certificate$"]
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _secure
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_HANDLERS = ["bookings.setup.uploads.SmallFiles"]

# --- Language and time ---------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"  # stored and computed; a clinic's clock is shown by its own zone
USE_I18N = True
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English")), ("en-us", _("English (US)"))]
FORMAT_MODULE_PATH = ["config.formats"]
LOCALE_PATHS = [BASE_DIR / "templates" / "locale"]

# --- Files ---------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "tenants.storage.ClinicStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        ),
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"  # a folder for each clinic (tenants.storage)
ARCHIVE_ROOT = VAR_DIR / "archives"  # exports, until they are fetched or too old

# --- Mail ----------------------------------------------------------------------------

EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    globals().update(env.email_url_config(EMAIL_URL))
    EMAIL_TIMEOUT = 10  # seconds
else:
    EMAIL_BACKEND = "bookings.outbox.backend.EmlFileBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default=f"appointments@{BASE_DOMAIN}"
)

# --- API -----------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.JWTAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["bookings.api.throttling.AddressThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["bookings.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "bookings.api.pagination.Cursor",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "bookings.api.problems.handle",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%SZ",
    "DEFAULT_VERSIONING_CLASS": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Slotwell API",
    "DESCRIPTION": "Doctors, times and appointments of one clinic.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- Logs ----------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"clinic": {"()": "tenants.logs.ClinicFilter"}},
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {clinic} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["clinic"],
            "formatter": "line",
        },
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # DEBUG makes Django log every query; asked for explicitly or not at all.
        "django.db.backends": {"level": "INFO"},
        "daphne": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []

# --- Staff admin ---------------------------------------------------------------------

_look = {
    "SITE_TITLE": "Slotwell",
    "SITE_HEADER": "Slotwell",
    "SITE_SYMBOL": "event_available",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "ENVIRONMENT": [_("Development"), "warning"] if DEBUG else None,
    "COLORS": {
        "primary": {  # the hue of slotwell.css
            "50": "oklch(97.5% .012 215)",
            "100": "oklch(94.5% .026 215)",
            "200": "oklch(89.5% .048 215)",
            "300": "oklch(82% .07 215)",
            "400": "oklch(74% .085 215)",
            "500": "oklch(66% .09 215)",
            "600": "oklch(47% .085 215)",
            "700": "oklch(41% .075 215)",
            "800": "oklch(36% .062 215)",
            "900": "oklch(31% .05 215)",
            "950": "oklch(24% .04 215)",
        },
    },
}
UNFOLD = _look | {
    "SITE_TITLE": "bookings.desk.navigation.title",
    "SITE_HEADER": "bookings.desk.navigation.title",
    "SIDEBAR": {"navigation": "bookings.desk.navigation.groups"},
}
UNFOLD_OPERATORS = _look | {
    "SIDEBAR": {"navigation": "tenants.operators.navigation.groups"}
}
