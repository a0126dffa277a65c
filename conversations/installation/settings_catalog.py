"""Catalogue of settings: every environment variable that the site reads, with its default and its
meaning.

The same as `.env.example` says, word for word, for the administration's page of settings: the file
is no part of an installed site, and its comments cannot be translated.

Over 300 lines since it is a table, with an entry for each variable.
"""

from django.utils.translation import gettext_lazy as _

from conversations.installation.setting import Group, Setting

GROUPS = (
    Group(
        _("The site"),
        (
            Setting(
                "SECRET_KEY",
                "",
                _(
                    "A random text of at least 32 characters; it signs sessions and links. Must be "
                    "set."
                ),
                secret=True,
            ),
            Setting(
                "SECRET_KEY_FALLBACKS",
                "",
                _(
                    "Former keys, separated by commas: what they signed stays valid while you "
                    "change the key."
                ),
                secret=True,
            ),
            Setting(
                "ALLOWED_HOSTS",
                "localhost,127.0.0.1,[::1]",
                _("The names under which people reach the site, separated by commas."),
            ),
            Setting(
                "CSRF_TRUSTED_ORIGINS",
                "",
                _("Origins whose forms are accepted besides, with scheme, separated by commas."),
            ),
            Setting(
                "INSECURE_HTTP",
                "false",
                _(
                    "true: no Secure cookies, no HSTS, no redirect to https; for a network without "
                    "TLS."
                ),
            ),
            Setting(
                "TRUSTED_PROXIES",
                "0",
                _(
                    "How many proxies of yours stand in front; scheme and address are taken from "
                    "their headers."
                ),
            ),
            Setting(
                "HSTS_PRELOAD",
                "false",
                _(
                    "true: ask browsers to have the domain preloaded as https only. Hard to take "
                    "back."
                ),
            ),
            Setting("SITE_NAME", "Chatsite", _("The name shown in titles and the sidebar.")),
            Setting(
                "TIME_ZONE",
                "UTC",
                _("The zone of days in reports and budgets, such as Europe/Berlin."),
            ),
            Setting(
                "DEBUG",
                "false",
                _("Detailed error pages; for development on this machine only."),
            ),
        ),
    ),
    Group(
        _("The gateway"),
        (
            Setting(
                "OPENAI_BASE_URL",
                "",
                _(
                    "Replies come from {OPENAI_BASE_URL}/responses. Without one a built-in demo "
                    "model answers."
                ),
            ),
            Setting(
                "OPENAI_API_KEY",
                "",
                _("The gateway's key; may stay empty where the gateway asks for none."),
                secret=True,
            ),
            Setting(
                "OPENAI_MODEL",
                "",
                _(
                    "The name of the default model, as the gateway calls it. Must be set where a "
                    "gateway is."
                ),
            ),
            Setting(
                "UPSTREAM_HEADERS",
                "",
                _('Further headers for the gateway, as JSON: {"X-Team": "research"}'),
                secret=True,
            ),
            Setting("UPSTREAM_CONNECT_TIMEOUT", "10", _("Seconds to wait for a connection.")),
            Setting(
                "UPSTREAM_READ_TIMEOUT",
                "600",
                _("Seconds of silence after which a reply has failed."),
            ),
            Setting("UPSTREAM_TOTAL_TIMEOUT", "3600", _("Seconds a reply may take in all.")),
            Setting(
                "UPSTREAM_LONGEST_LINE",
                "16777216",
                _("Bytes of one line of what the gateway sends."),
            ),
            Setting(
                "UPSTREAM_MAX_BODY",
                "50000000",
                _(
                    "Bytes of the largest request that the gateway takes, pictures included; 0 is "
                    "not known."
                ),
            ),
            Setting(
                "UPSTREAM_LONGEST_REPLY",
                "2000000",
                _("Characters of a reply; one that is longer is cut there."),
            ),
            Setting(
                "MAX_TOOL_CALLS",
                "0",
                _(
                    "Calls of the gateway's own tools (docs/tools.md) in one reply: sent where a "
                    "tool is switched on, and what budgets reserve for; 0 is not sent."
                ),
            ),
            Setting("INSTRUCTIONS", "", _("Instructions that every conversation starts with.")),
            Setting(
                "AUTO_TITLES",
                "true",
                _(
                    "true: the model names each conversation, which costs a short call; false: its "
                    "first words do."
                ),
            ),
            Setting(
                "TITLE_MODEL",
                "",
                _("The model that names conversations; unset, it is the conversation's own."),
            ),
        ),
    ),
    Group(
        _("The database"),
        (
            Setting(
                "DATABASE_URL",
                "sqlite:///db.sqlite3",
                _("sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME"),
            ),
            Setting(
                "DATABASE_PASSWORD",
                "",
                _(
                    "The password of PostgreSQL as it is, where DATABASE_URL has none; there it "
                    "would need %2F for a /."
                ),
                secret=True,
            ),
            Setting(
                "DATABASE_POOL",
                "8",
                _("Connections each process may hold open to PostgreSQL."),
            ),
            Setting(
                "DATA_FOLDER",
                "",
                _(
                    "The folder of an SQLite database, of files, imports and the list of erased "
                    "people, where their paths are relative. Unset: beside the SQLite database, "
                    "else beside manage.py."
                ),
            ),
        ),
    ),
    Group(
        _("People"),
        (
            Setting(
                "SIGNUP",
                "closed",
                _("open: everybody can register; closed: an administrator makes the accounts."),
            ),
            Setting("SESSION_DAYS", "14", _("Days after which an unused login ends.")),
            Setting(
                "REVIEW_NOTICE",
                "on",
                _(
                    "on: people see that and when their conversations were reviewed; full: by whom "
                    "too; or off."
                ),
            ),
            Setting(
                "REVIEW_READINGS_PER_HOUR",
                "240",
                _(
                    "Times in an hour a reviewer may open, or export, conversations of others; "
                    "0 is no limit."
                ),
            ),
            Setting("CURRENCY", "USD", _("The currency of prices, costs and budgets.")),
            Setting(
                "EMAIL_URL",
                "",
                _(
                    "The mail server: smtp+tls://USER:PASSWORD@HOST:587. Without one, mail is "
                    "printed to the log where INSECURE_HTTP or DEBUG is on, and else not sent."
                ),
            ),
            Setting(
                "DEFAULT_FROM_EMAIL",
                "chatsite@localhost",
                _("The sender of the site's mail."),
            ),
        ),
    ),
    Group(
        _("Single sign-on (docs/single-sign-on.md)"),
        (
            Setting(
                "OIDC_ISSUER",
                "",
                _(
                    "The issuer of your identity provider, as its configuration names it. Without "
                    "one there is no single sign-on."
                ),
            ),
            Setting("OIDC_CLIENT_ID", "", _("The id of this site at the provider.")),
            Setting(
                "OIDC_CLIENT_SECRET",
                "",
                _("Its secret; or name a file that holds it in OIDC_CLIENT_SECRET_FILE."),
                secret=True,
            ),
            Setting("OIDC_NAME", "", _("The name on the button, such as Example Ltd.")),
            Setting("OIDC_SCOPES", "openid profile email", _("What to ask the provider for.")),
            Setting(
                "OIDC_SIGNUP",
                "closed",
                _(
                    "open: whoever logs in there gets an account here; closed: only those who have "
                    "one or an invitation."
                ),
            ),
            Setting(
                "OIDC_ALLOWED_DOMAINS",
                "",
                _(
                    "Domains of confirmed e-mail addresses that may log in, separated by commas; "
                    "unset, all may."
                ),
            ),
            Setting(
                "OIDC_REQUIRED_CLAIM",
                "",
                _(
                    "A claim and the value it must have for a login, such as groups=chat-users or "
                    "roles=chat."
                ),
            ),
            Setting(
                "OIDC_GROUPS_CLAIM",
                "groups",
                _(
                    "The claim with the groups of a person; dots lead into it, as in "
                    "realm_access.roles."
                ),
            ),
            Setting(
                "OIDC_TRUST_EMAIL",
                "false",
                _(
                    "true: you vouch for the provider's e-mail addresses. An account with the same "
                    "address is found by it, and addresses that the provider says nothing about "
                    "count as confirmed."
                ),
            ),
            Setting(
                "OIDC_SESSION_HOURS",
                "8",
                _(
                    "Hours after which such a login ends, 8 at most: rights taken away there end "
                    "here then."
                ),
            ),
            Setting(
                "PASSWORD_LOGIN",
                "true",
                _(
                    "false: only administrators may use a password of this site "
                    "(/accounts/login/?local=1)."
                ),
            ),
        ),
    ),
    Group(
        _("Second factors"),
        (
            Setting(
                "MFA_REQUIRED",
                "none",
                _(
                    "none, staff, reviewers (and staff), or everyone: who must have a second "
                    "factor. staff is the least that is advised."
                ),
            ),
            Setting(
                "MFA_SSO_EXEMPT",
                "true",
                _(
                    "false: people who come by single sign-on must have one here too, beside their "
                    "provider's."
                ),
            ),
        ),
    ),
    Group(
        _("Limits"),
        (
            Setting("MAX_BODY", "4000000", _("Bytes of one request.")),
            Setting(
                "MAX_IMPORT",
                "500000000",
                _("Bytes of a file with conversations that is imported."),
            ),
            Setting(
                "IMPORT_SPACE",
                "10000000000",
                _(
                    "Bytes of such files that wait for their import at a time; of them one person "
                    "may have PERSON_SHARE, and at least one file."
                ),
            ),
            Setting(
                "IMPORT_FOLDER",
                "imports",
                _(
                    "Where such files lie while they are imported; a relative path starts beside "
                    "an SQLite database."
                ),
            ),
            Setting(
                "ERASURES_FILE",
                "erasures.jsonl",
                _(
                    "The list of erased people, by number: kept outside of the database and its "
                    "backups, so that a restored backup has them erased again. Relative to the "
                    "SQLite database."
                ),
            ),
            Setting("MAX_MESSAGE", "200000", _("Characters of one message.")),
            Setting("MAX_FILE", "25000000", _("Bytes of one file in a message.")),
            Setting("FILES_PER_MESSAGE", "10", _("Files in one message.")),
            Setting("FILES_PER_PERSON", "1000000000", _("Bytes of all files of one person.")),
            Setting(
                "FILES_PER_SITE",
                "0",
                _("Bytes of all files of the site; 0 is no limit but the disk."),
            ),
            Setting(
                "UPLOAD_SPACE",
                "2000000000",
                _(
                    "Bytes of messages with files that one process receives at a time; of them one "
                    "person may have PERSON_SHARE, and at least one message."
                ),
            ),
            Setting(
                "FILES_URL",
                "",
                _(
                    "Where files lie: file:///FOLDER (unset: the folder files beside an SQLite "
                    "database), or s3://BUCKET/PREFIX?endpoint_url=https://… for several machines; "
                    "see docs/deploy.md."
                ),
            ),
            Setting(
                "AWS_ACCESS_KEY_ID",
                "",
                _(
                    "The id of the key to the bucket; without one it comes from where AWS's "
                    "programs look, such as the machine's role."
                ),
                secret=True,
            ),
            Setting("AWS_SECRET_ACCESS_KEY", "", _("The key itself.")),
            Setting("AWS_SESSION_TOKEN", "", _("The token of a temporary key.")),
            Setting(
                "FILE_SCANNER",
                "",
                _(
                    "What checks files for viruses: a command that reads one on its standard input "
                    "and exits with 0 (clean) or 1 (not), or clamd:///run/clamav/clamd.ctl, or "
                    "clamd://HOST:3310. Unset: nothing does."
                ),
                command=True,
            ),
            Setting(
                "REPLIES_PER_MINUTE",
                "0",
                _("Replies a person may ask for in a minute; 0 is no limit."),
            ),
            Setting(
                "CONCURRENT_REPLIES",
                "50",
                _("Replies that may be written for one person at a time; 0 is no limit."),
            ),
            Setting(
                "UPLOAD_MEMORY",
                "64000000",
                _(
                    "Bytes of requests that have not arrived whole, which one process holds at "
                    "most."
                ),
            ),
            Setting(
                "ANSWER_MEMORY",
                "64000000",
                _(
                    "Bytes of answers that were not read yet, beyond which one process makes no "
                    "further ones for those who do not read."
                ),
            ),
            Setting(
                "INPUT_MEMORY",
                "256000000",
                _(
                    "Bytes of the requests to the gateway, pictures and files included, that one "
                    "process holds for the replies that it writes."
                ),
            ),
            Setting(
                "PERSON_SHARE",
                "25",
                _(
                    "Per cent of a process's threads, event streams, connections and memory that "
                    "one person, or one address without a login, may take at a time; at least 4 of "
                    "anything."
                ),
            ),
            Setting("MAX_LIVE_REPLIES", "500", _("Replies that one process writes at a time.")),
            Setting("MAX_STREAMS", "500", _("Event streams that one process serves at a time.")),
        ),
    ),
    Group(
        _("The server (gunicorn.conf.py)"),
        (
            Setting(
                "BIND",
                "127.0.0.1",
                _(
                    "The IP addresses to listen on, separated by commas: 0.0.0.0 for all, [::] for "
                    "all of IPv6 too; each may have a port of its own, as 127.0.0.1:8001. "
                    "gunicorn's -b wins."
                ),
            ),
            Setting("PORT", "8000", _("The port.")),
            Setting("WEB_CONCURRENCY", "2", _("Worker processes.")),
            Setting(
                "MAX_CONNECTIONS",
                "1000",
                _("Connections that one process has open at a time."),
            ),
            Setting(
                "PIN_WORKERS",
                "auto",
                _(
                    "Tie each worker to one processor; false where other busy programs are tied to "
                    "processors too."
                ),
            ),
            Setting(
                "RELOAD",
                "false",
                _("true: one worker that starts anew when a file changes; `make run` sets it."),
            ),
            Setting("LOG_JSON", "false", _("One JSON object a line instead of plain lines.")),
            Setting("LOG_LEVEL", "INFO", _("DEBUG, INFO, WARNING or ERROR.")),
        ),
    ),
)
