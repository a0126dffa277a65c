"""Every setting of the site, from environment variables.

gunicorn.conf.py reads those of the server, by the same parsers (chatsite/environment.py).

Runs from a fresh checkout with nothing set but SECRET_KEY. A bad value stops the start with one
sentence that names the variable.

Over 300 lines since Django reads its settings from one module; functions here only parse a value.
"""

import json
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

from chatsite.environment import WORDS, read_environment

BASE_DIR = Path(__file__).resolve().parent.parent

TESTING = "pytest" in sys.modules
env = read_environment(BASE_DIR / ".env")

# Where an SQLite database and the other files lie whose paths are relative; unset, the files lie
# beside the database.
DATA_FOLDER = env.str("DATA_FOLDER", default="").strip()
if DATA_FOLDER and not Path(DATA_FOLDER).is_dir():
    raise ImproperlyConfigured(
        f"DATA_FOLDER must be a folder that is there, not {DATA_FOLDER!r:.200}."
    )

# --- The site -------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.secret("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "Set SECRET_KEY to a random text of at least 32 characters (make run writes one to .env)."
    )
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("SECRET_KEY must have at least 32 characters.")
SECRET_KEY_FALLBACKS = [
    key.strip()
    for key in env.secret("SECRET_KEY_FALLBACKS").replace("\n", ",").split(",")
    if key.strip()
]
if any(len(key) < 32 for key in SECRET_KEY_FALLBACKS):
    raise ImproperlyConfigured("SECRET_KEY_FALLBACKS must each have at least 32 characters.")

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
for origin in CSRF_TRUSTED_ORIGINS:
    if urlsplit(origin).scheme not in ("http", "https") or not urlsplit(origin).hostname:
        raise ImproperlyConfigured(
            "CSRF_TRUSTED_ORIGINS needs a scheme in each origin, like https://chat.example.org."
        )

# For a network without TLS: no Secure cookies, no HSTS, no redirect to https.
INSECURE_HTTP = env.flag("INSECURE_HTTP", False)
# How many proxies of ours stand in front; the client's address and scheme are taken from them.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)

ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"
AUTH_USER_MODEL = "conversations.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "conversations",
    "chatsite.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "servestatic",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "chatsite.middleware.request_id",
    "chatsite.security_headers.middleware",
    "chatsite.middleware.early",
    "chatsite.compression.middleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "conversations.middleware.fragment",
    "conversations.middleware.reader",
    "conversations.accounts.required_factor.middleware",
]

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
                "conversations.context_processors.site",
            ],
        },
    },
]

SITE_NAME = env.str("SITE_NAME", default="Chatsite")

# --- Database and cache ---------------------------------------------------------------------


ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")


def database(url, password, pool_size):
    """Return Django's DATABASES entry for the database `url`, with what many writers need.

    `password` is that of PostgreSQL where the URL has none; `pool_size` is how many connections a
    process may hold open to it. Raises ImproperlyConfigured if the URL cannot be used, or if there
    are two passwords.

    SQLite: only WAL, IMMEDIATE and a long busy timeout together hold fifty writers, as measured
    (docs/architecture.md). PostgreSQL: a pool with health checks, since one without hands out dead
    connections after the database was restarted.
    """
    try:
        config = environ.Env.db_url_config(url)
    except Exception as error:
        raise ImproperlyConfigured("DATABASE_URL cannot be read as a database URL.") from error
    if config.get("ENGINE") not in ENGINES or not config.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL must be like sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME."
        )
    if config["ENGINE"].endswith("sqlite3"):
        name = Path(config["NAME"])
        config["NAME"] = str(BASE_DIR / DATA_FOLDER / name)
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # secure_delete: what is deleted is overwritten, and no page of the file keeps it.
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA secure_delete=ON;"
            ),
        }
        # Tests use threads and processes; an in-memory database is not shared between them.
        # Requests run in a few lasting threads (chatsite/asgi_handler.py), as do their connections.
        config["CONN_MAX_AGE"] = None
        config["TEST"] = {"NAME": f"{config['NAME']}.test"}
    else:
        if password and config.get("PASSWORD"):
            raise ImproperlyConfigured(
                "Take the password out of DATABASE_URL or DATABASE_PASSWORD."
            )
        config["PASSWORD"] = password or config.get("PASSWORD", "")
        config["CONN_MAX_AGE"] = 0  # the pool keeps them
        config["CONN_HEALTH_CHECKS"] = True
        config["OPTIONS"] = {
            # A machine that is gone says nothing any more: after 15 s without a sign of life of the
            # other side's kernel a connection is lost. By default that takes two hours.
            "keepalives_idle": 5,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": 15_000,  # milliseconds
            **config.get("OPTIONS", {}),
            "connect_timeout": 3,
            "pool": {
                "min_size": 1,
                "max_size": pool_size,
                "timeout": 4,
                # By default it doubles its pauses for five minutes while the server is away, and
                # stays empty for up to 100 s after it is back; giving up after 3 s it begins anew
                # with the next request.
                "reconnect_timeout": 3,
            },
        }
    return config


DATABASE_POOL = env.number("DATABASE_POOL", 8, least=2)
DATABASES = {
    "default": database(
        env.secret("DATABASE_URL", default="sqlite:///db.sqlite3"),
        env.secret("DATABASE_PASSWORD"),
        DATABASE_POOL,
    )
}
ON_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")

# In the database, so that limits of login count across processes and machines.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # Of the default, 300, a flood of made-up names would push the counts out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- The gateway ----------------------------------------------------------------------------


def gateway_url(url):
    """Return `url`, the gateway's base URL, without a slash at its end; "" (demo model) stays "".

    Raises ImproperlyConfigured if it is no http(s) URL or holds a user or a password.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if url and not usable:
        raise ImproperlyConfigured("OPENAI_BASE_URL must be a URL like https://host/v1.")
    if url and "@" in parts.netloc:
        raise ImproperlyConfigured(
            "OPENAI_BASE_URL must not hold a user or a password; use OPENAI_API_KEY."
        )
    return url.rstrip("/")


def header(var, text):
    """Return `text` if it can be the value of an HTTP header; else raise ImproperlyConfigured with
    the name `var` of the environment variable."""
    if not (isinstance(text, str) and text.isascii() and text.isprintable()):
        raise ImproperlyConfigured(f"{var} may hold only printable ASCII characters.")
    return text


OPENAI_BASE_URL = gateway_url(env.str("OPENAI_BASE_URL", default="").strip())
OPENAI_API_KEY = header("OPENAI_API_KEY", env.secret("OPENAI_API_KEY"))
OPENAI_MODEL = env.str("OPENAI_MODEL", default="").strip()
if OPENAI_API_KEY and not OPENAI_BASE_URL:
    OPENAI_BASE_URL = "https://api.openai.com/v1"
if OPENAI_BASE_URL and not OPENAI_MODEL:
    raise ImproperlyConfigured("Set OPENAI_MODEL to the name of a model of your gateway.")
DEMO = not OPENAI_BASE_URL
if DEMO:
    OPENAI_MODEL = "demo"
try:
    UPSTREAM_HEADERS = json.loads(env.secret("UPSTREAM_HEADERS") or "{}")
except (ValueError, RecursionError):
    UPSTREAM_HEADERS = None
if not isinstance(UPSTREAM_HEADERS, dict):
    raise ImproperlyConfigured('UPSTREAM_HEADERS must be JSON like {"X-Team": "research"}.')
for name, value in UPSTREAM_HEADERS.items():
    if not header("UPSTREAM_HEADERS", name).strip():
        raise ImproperlyConfigured("UPSTREAM_HEADERS has a header without a name.")
    header("UPSTREAM_HEADERS", value)
UPSTREAM_CONNECT_TIMEOUT = env.number("UPSTREAM_CONNECT_TIMEOUT", 10, least=1)
UPSTREAM_READ_TIMEOUT = env.number("UPSTREAM_READ_TIMEOUT", 600, least=1)
UPSTREAM_TOTAL_TIMEOUT = env.number("UPSTREAM_TOTAL_TIMEOUT", 3600, least=1)
UPSTREAM_LONGEST_LINE = env.number("UPSTREAM_LONGEST_LINE", 16_777_216, least=10_000)
UPSTREAM_LONGEST_REPLY = env.number("UPSTREAM_LONGEST_REPLY", 2_000_000, least=1_000)
# Replies one process writes at a time, and event streams it serves at a time.
MAX_LIVE_REPLIES = env.number("MAX_LIVE_REPLIES", 500, least=1)
MAX_STREAMS = env.number("MAX_STREAMS", 500, least=1)
# Times of replies, titles and event streams, in seconds. Nobody would change them but tests.
REPLY_DEAD = 15  # without a heartbeat: its process died
DATABASE_STUCK = 20  # that storing a reply waits on one connection to PostgreSQL, then on a new one
STREAM_COMMENT = 14  # of silence towards a browser, before a comment is sent
STREAM_STALLED = 30  # a browser may leave one event unread
STREAM_ACCESS = 5  # between two looks whether those who watch still may
TITLE_SECONDS = 30  # for the whole call that makes a title; there is no second attempt
TRASH_SWEEP = 600  # seconds between two looks for what was long enough in the trash
ERASURE_LOOK = 60  # seconds between two looks whether a backup brought back who was erased
HEAD_LOOK = 10  # seconds between two looks whether this hour's head of the access log is written
# Bytes of the largest request with files that the gateway takes; 0 is not known.
UPSTREAM_MAX_BODY = env.number("UPSTREAM_MAX_BODY", 50_000_000)
# Calls of the gateway's tools in one reply; 0 is not sent.
MAX_TOOL_CALLS = env.number("MAX_TOOL_CALLS", 0)
INSTRUCTIONS = env.str("INSTRUCTIONS", default="", multiline=True)

# --- Limits ---------------------------------------------------------------------------------

FILE_SYSTEM = "django.core.files.storage.FileSystemStorage"


def file_storage(url, folder, keys=("", "", "")):
    """Return Django's STORAGES entry for the files of messages by `url` (FILES_URL): a folder
    (file:///…; "" is the path `folder`) or a bucket (s3://BUCKET/PREFIX, with the package
    django-storages). Raises ImproperlyConfigured for any other URL.

    A bucket's URL may have the query parameters `endpoint_url`, `region_name` and
    `addressing_style`. `keys` are the access key's id, its secret and the session token ("": none);
    without an id boto3 looks for credentials itself, such as those of the machine's role.
    """
    parts = urlsplit(url.strip())
    path = unquote(parts.path)
    if not url.strip() or (parts.scheme == "file" and not parts.netloc and path.strip("/")):
        return {
            "BACKEND": FILE_SYSTEM,
            "OPTIONS": {
                "location": str(folder if not path else Path(path)),
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    if parts.scheme == "s3" and parts.hostname and "@" not in parts.netloc:
        options = dict(parse_qsl(parts.query))
        if set(options) <= {"endpoint_url", "region_name", "addressing_style"}:
            options |= {"bucket_name": parts.netloc, "location": path.strip("/")}
            options |= {"default_acl": None, "querystring_auth": False, "file_overwrite": True}
            if keys[0]:
                options |= dict(
                    zip(("access_key", "secret_key", "security_token"), keys, strict=True)
                )
            return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    raise ImproperlyConfigured(
        "FILES_URL must be like file:///var/lib/chatsite/files or s3://BUCKET/PREFIX"
        "?endpoint_url=https://s3.example.org."
    )


MAX_BODY = env.number("MAX_BODY", 4_000_000, least=10_000)  # bytes of one request
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY
# Files of conversations that are brought in, in bytes, and where they wait meanwhile. Several
# machines need a folder that all of them see, or each brings in what was sent to it.
MAX_IMPORT = env.number("MAX_IMPORT", 500_000_000, least=10_000)
# Bytes of such files that wait at a time, of all people; a person may have a share of it.
IMPORT_SPACE = env.number("IMPORT_SPACE", 10_000_000_000, least=10_000)
BESIDE_DATABASE = BASE_DIR / DATA_FOLDER
if ON_SQLITE and not DATA_FOLDER:
    BESIDE_DATABASE = Path(DATABASES["default"]["NAME"]).parent
# Erasures of people, to be applied again after a backup was restored: kept outside of the database.
ERASURES_FILE = BESIDE_DATABASE / env.str("ERASURES_FILE", default="erasures.jsonl")
IMPORT_FOLDER = BESIDE_DATABASE / env.str("IMPORT_FOLDER", default="imports")
# What fits into MAX_BODY is in memory already; larger files lie beside the database.
FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "chatsite.upload_handler.SpoolHandler",
]
# Files in messages: bytes of one, how many in a message, bytes of one person and of the site (0: no
# limit but the disk).
MAX_FILE = env.number("MAX_FILE", 25_000_000, least=1_000)
FILES_PER_MESSAGE = env.number("FILES_PER_MESSAGE", 10, least=1, most=50)
FILES_PER_PERSON = env.number("FILES_PER_PERSON", 1_000_000_000, least=1_000)
FILES_PER_SITE = env.number("FILES_PER_SITE", 0)
# Where their bytes lie, and the folder in which they are received.
FILES = file_storage(
    env.str("FILES_URL", default=""),
    BESIDE_DATABASE / "files",
    (
        env.secret("AWS_ACCESS_KEY_ID"),
        env.secret("AWS_SECRET_ACCESS_KEY"),
        env.secret("AWS_SESSION_TOKEN"),
    ),
)
FILES_ARE_LOCAL = FILES["BACKEND"] == FILE_SYSTEM
FILES_FOLDER = Path(FILES["OPTIONS"]["location"]) if FILES_ARE_LOCAL else None
UPLOAD_FOLDER = (FILES_FOLDER or BESIDE_DATABASE) / "incoming"
# Bytes of messages with files that one process receives at a time.
UPLOAD_SPACE = env.number("UPLOAD_SPACE", 2_000_000_000, least=1_000)
# A command that reads a file and exits with 0 if it is clean and 1 if not, or a clamd socket:
# clamd:///run/clamav/clamd.ctl or clamd://HOST:3310.
FILE_SCANNER = env.str("FILE_SCANNER", default="").strip()
FILE_SWEEP = 600  # seconds between two looks for files that no message holds
FOLDER_LOOK = 60  # seconds between two looks whether machines share the folder of files
SCAN_LOOK = 15  # seconds between two looks for files that wait for the scanner
MAX_MESSAGE = env.number("MAX_MESSAGE", 200_000, least=1)  # characters a person may send
# Bytes of bodies that have not arrived whole, which one process holds at most.
UPLOAD_MEMORY = env.number("UPLOAD_MEMORY", 64_000_000, least=1_000_000)
# Bytes of answers that were not read yet, beyond which one process makes no further ones for those
# who do not read.
ANSWER_MEMORY = env.number("ANSWER_MEMORY", 64_000_000, least=1_000_000)
# Bytes of the requests to the gateway that one process holds for the replies that it writes.
INPUT_MEMORY = env.number("INPUT_MEMORY", 256_000_000, least=1_000_000)
# Per cent of a process's threads, event streams, memory and connections (MAX_CONNECTIONS in
# gunicorn.conf.py), and of a site's replies, that one person, or one address without a login, may
# take at a time; at least 4 of anything.
PERSON_SHARE = env.number("PERSON_SHARE", 25, least=1)
# Of one person; 0 is no limit.
REPLIES_PER_MINUTE = env.number("REPLIES_PER_MINUTE", 0)
CONCURRENT_REPLIES = env.number("CONCURRENT_REPLIES", 50)

# --- People ---------------------------------------------------------------------------------

SIGNUP = env.choice("SIGNUP", "closed", ("closed", "open"))
REVIEW_NOTICE = env.choice("REVIEW_NOTICE", "on", ("on", "off", "full"))
REVIEW_READINGS_PER_HOUR = env.number("REVIEW_READINGS_PER_HOUR", 240)  # of one reviewer; 0: any
AUTO_TITLES = env.flag("AUTO_TITLES", True)
TITLE_MODEL = env.str("TITLE_MODEL", default="").strip()
CURRENCY = env.str("CURRENCY", default="USD").strip().upper()
if not (len(CURRENCY) == 3 and CURRENCY.isalpha()):
    raise ImproperlyConfigured("CURRENCY must be a three-letter code like USD.")

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "conversations.accounts.backend.Backend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "conversations.accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_FORMS = {
    "login": "conversations.accounts.account_forms.LoginForm",
    "signup": "conversations.accounts.account_forms.SignupForm",
    "add_email": "conversations.accounts.account_forms.AddEmailForm",
    "reset_password": "conversations.accounts.account_forms.ResetPasswordForm",
    "change_password": "conversations.accounts.account_forms.ChangePasswordForm",
    "set_password": "conversations.accounts.account_forms.SetPasswordForm",
    "reset_password_from_key": "conversations.accounts.account_forms.ResetPasswordKeyForm",
}
ACCOUNT_PRESERVE_USERNAME_CASING = True
# The key is an account together with the client's address (conversations/accounts/adapter.py).
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
FAILURES_OF_AN_ACCOUNT = "100/h/key"  # whatever address they come from
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# --- Single sign-on -------------------------------------------------------------------------


def issuer(url):
    """Return `url`, the identity provider's issuer, without "/.well-known/openid-configuration" at
    its end; "" (no single sign-on) stays "".

    Raises ImproperlyConfigured if it is no https URL, or has a user, a password or a query: tokens
    and the client's secret are sent there. http is accepted for this machine and with
    INSECURE_HTTP.
    """
    try:
        parts = urlsplit(url)
        usable = parts.hostname and "@" not in parts.netloc and not parts.query and parts.port != 0
    except ValueError:
        usable = False
    if url and not (usable and parts.scheme in ("http", "https")):
        raise ImproperlyConfigured("OIDC_ISSUER must be a URL like https://login.example.org.")
    at_home = url and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if url and parts.scheme == "http" and not (at_home or INSECURE_HTTP):
        raise ImproperlyConfigured("OIDC_ISSUER must be https: a secret and tokens go there.")
    return url.removesuffix("/.well-known/openid-configuration")


# The identity provider; without an issuer there is no single sign-on (docs/single-sign-on.md).
OIDC_ISSUER = issuer(env.str("OIDC_ISSUER", default="").strip())
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="").strip()
OIDC_CLIENT_SECRET = env.secret("OIDC_CLIENT_SECRET")
OIDC_NAME = env.str("OIDC_NAME", default="").strip()
OIDC_SCOPES = env.str("OIDC_SCOPES", default="openid profile email").replace(",", " ").split()
if OIDC_ISSUER and not OIDC_CLIENT_ID:
    raise ImproperlyConfigured("Set OIDC_CLIENT_ID to the id of this site at OIDC_ISSUER.")
if "openid" not in OIDC_SCOPES:
    OIDC_SCOPES = ["openid", *OIDC_SCOPES]
# Who of the directory gets an account here with the first login, and who may log in at all.
OIDC_SIGNUP = env.choice("OIDC_SIGNUP", "closed", ("closed", "open", *WORDS), "open or closed")
OIDC_SIGNUP = OIDC_SIGNUP == "open" or WORDS.get(OIDC_SIGNUP, False)
OIDC_ALLOWED_DOMAINS = [each.lower() for each in env.words("OIDC_ALLOWED_DOMAINS")]
OIDC_REQUIRED_CLAIM = env.str("OIDC_REQUIRED_CLAIM", default="").strip()
if OIDC_REQUIRED_CLAIM and not all(map(str.strip, OIDC_REQUIRED_CLAIM.partition("=")[::2])):
    raise ImproperlyConfigured("OIDC_REQUIRED_CLAIM must be like groups=chat-users.")
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups").strip()
# The provider's word for whose an e-mail address is; then accounts made before are found by it.
OIDC_TRUST_EMAIL = env.flag("OIDC_TRUST_EMAIL", False)
OIDC_SESSION_HOURS = env.number("OIDC_SESSION_HOURS", 8, least=1, most=8)
# false: only superusers sign in with a password of this site, as a way in while the provider fails.
PASSWORD_LOGIN = env.flag("PASSWORD_LOGIN", True)
if not PASSWORD_LOGIN and not OIDC_ISSUER:
    raise ImproperlyConfigured("PASSWORD_LOGIN=false needs single sign-on: set OIDC_ISSUER.")
SOCIALACCOUNT_ADAPTER = "conversations.single_sign_on.adapter.Adapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds the provider may be silent

# --- Second factors -------------------------------------------------------------------------

MFA_REQUIRED = env.choice("MFA_REQUIRED", "none", ("none", "staff", "reviewers", "everyone"))
# false: it is asked of people who came by single sign-on too, whose provider asked already.
MFA_SSO_EXEMPT = env.flag("MFA_SSO_EXEMPT", True)
MFA_ADAPTER = "conversations.accounts.factor_adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Accounts that an administrator made have no verified address; whoever has one confirmed it.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_TOLERANCE = 1  # periods of 30 s that a phone's clock may be off
MFA_TRUST_ENABLED = True
MFA_TRUST_COOKIE_NAME = "trusted_browser" if INSECURE_HTTP or DEBUG else "__Host-trusted_browser"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = INSECURE_HTTP or DEBUG
MFA_FORMS = {
    "authenticate": "conversations.accounts.factor_forms.FactorForm",
    "reauthenticate": "conversations.accounts.factor_forms.FactorAgainForm",
    "activate_totp": "conversations.accounts.factor_forms.ActivateTOTPForm",
    "add_webauthn": "conversations.accounts.factor_forms.AddKeyForm",
}

# --- Mail -----------------------------------------------------------------------------------

# Without a mail server mails are printed, links that reset a password with them: not on a site that
# others reach.
NO_MAIL = "consolemail://" if INSECURE_HTTP or DEBUG else "dummymail://"
email_url = env.secret("EMAIL_URL") or NO_MAIL
try:
    vars().update(env.email_url_config(email_url))
except ImproperlyConfigured as error:
    raise ImproperlyConfigured(
        "EMAIL_URL must be like smtp+tls://USER:PASSWORD@HOST:587."
    ) from error
# What sends; requests only store e-mails (conversations/mail/backend.py).
MAIL_BACKEND = vars()["EMAIL_BACKEND"]
EMAIL_BACKEND = "conversations.mail.backend.OutboxBackend"
EMAIL_TIMEOUT = 15  # seconds that a mail server may be silent
MAIL_LOOK = 2  # seconds between two looks for e-mails to send
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="chatsite@localhost")

# Seconds since a login, or since the password was last asked for, after which `/admin/` asks again
# before it shows or takes what grants power.
ADMIN_LOGIN_AGE = 1_800

# --- Sessions, cookies, headers -------------------------------------------------------------

SECURE = not (INSECURE_HTTP or DEBUG)
SESSION_DAYS = env.number("SESSION_DAYS", 14, least=1)
SESSION_ENGINE = "conversations.accounts.sessions"
SESSION_COOKIE_AGE = SESSION_DAYS * 86_400
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "conversations.views.errors.csrf_failure"
LANGUAGE_COOKIE_NAME = "language"
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD", False)
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": browsers then send `Origin: null` with forms and Django refuses them.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Languages and times --------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "chatsite.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
try:
    ZoneInfo(TIME_ZONE)
except Exception as error:
    raise ImproperlyConfigured(
        f"TIME_ZONE must be a zone like Europe/Berlin, not {TIME_ZONE!r}."
    ) from error

# --- Static files ---------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": FILE_SYSTEM},
    "files": FILES,
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "chatsite.static_storage.StaticStorage"
    },
}
SERVESTATIC_ALLOW_ALL_ORIGINS = False
SERVESTATIC_MIMETYPES = {".speculationrules": "application/speculationrules+json"}
# No page names the files without a hash in their names: they are neither kept nor compressed.
SERVESTATIC_KEEP_ONLY_HASHED_FILES = True
# Files of earlier releases are served too, for pages that have been open since then.
SERVESTATIC_USE_STATIC_ROOT = not DEBUG
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_USE_FINDERS = DEBUG

# --- Logs -----------------------------------------------------------------------------------

LOG_JSON = env.flag("LOG_JSON", False)
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "chatsite.logs.RequestIdFilter"},
        "outage": {"()": "chatsite.logs.OutageFilter"},
        "level": {"()": "chatsite.logs.LevelFilter"},
        "token": {"()": "chatsite.logs.TokenFilter"},
        "repeat": {"()": "chatsite.logs.RepeatFilter"},
    },
    "formatters": {
        "line": {"()": "chatsite.logs.LineFormatter"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id", "outage", "level", "token", "repeat"],
            "formatter": "json" if LOG_JSON else "line",
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # httpx logs every URL it asks at INFO; ours says what matters.
        "httpx": {"level": "WARNING"},
        # At DEBUG these write the context of pages and the parameters of queries: people's text.
        "django.template": {"level": "INFO"},
        "django.db.backends": {"level": "INFO"},
    },
}
SILENCED_SYSTEM_CHECKS = [
    # HSTS preload is the operator's own decision (HSTS_PRELOAD).
    "security.W021",
    # chatsite/security_headers.py sends X-Frame-Options, on every response.
    "security.W002",
]
if INSECURE_HTTP:
    SILENCED_SYSTEM_CHECKS += [f"security.W0{n}" for n in ("04", "08", "12", "16")]

# Paths of the files that hold secrets, by variables like SECRET_KEY_FILE.
SECRET_FILES = env.secret_files
