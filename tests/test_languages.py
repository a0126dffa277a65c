"""English and 简体中文 throughout: nothing untranslated, nothing stale, in pages and in mail."""

import ast
import gettext
import re
from datetime import timedelta
from pathlib import Path

import allauth
import django.conf
import django.contrib.admin
import django.contrib.auth
import httpx
import pytest
from django.conf import settings
from django.core import mail
from django.template import engines
from django.template.base import TextNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.test import Client
from django.utils import timezone, translation

from conversations.accounts.library_sentences import ACCOUNTS, FORMS, MAIL
from conversations.transfer.report import Report
from tests.support.review_stage import converse

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES"
# Style sheets say nothing.
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.*") if path.suffix != ".css")
CODE = [
    path
    for folder in ("conversations", "chatsite")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
# What stands for itself in any language.
NAMES = {"CSV", "HTTP", "s", "href", "x"}


def read_catalogue(text):
    """The entries of a .po file: `{(msgid, msgid_plural or ""): [msgstr …]}`; raises on fuzzy."""
    entries = {}
    for block in re.split(r"\n\s*\n", text):
        fields, name = {}, ""
        for line in block.splitlines():
            assert "fuzzy" not in line or not line.startswith("#,"), block
            if line.startswith("#"):
                continue
            if not line.startswith('"'):
                name, line = line.split(" ", 1)
            fields[name] = fields.get(name, "") + ast.literal_eval(line)
        if "msgid" in fields:
            given = [value for key, value in sorted(fields.items()) if key.startswith("msgstr")]
            entries[fields["msgid"], fields.get("msgid_plural", "")] = given
    return entries


@pytest.fixture(scope="module")
def catalogue():
    return read_catalogue((CATALOGUE / "django.po").read_text())


def strings_of_code(path):
    """What the module at `path` has translated: `(msgid, plural or "")`."""
    names = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "gettext_noop"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
            literals = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            assert literals, f"{path}:{node.lineno} translates what is no literal"
            yield literals[0], literals[1] if node.func.id.startswith("ngettext") else ""


def nodes_of(path):
    """All nodes of a template, those inside of others too."""
    template = engines["django"].from_string(path.read_text()).template
    return list(template.nodelist.get_nodes_by_type(object))


def strings_of_template(path):
    """What the template at `path` has translated: `(msgid, plural or "")`."""
    for quoted in re.findall(r"\b_\((\"[^\"]*\"|'[^']*')\)", path.read_text()):
        yield quoted[1:-1], ""
    for node in nodes_of(path):
        if isinstance(node, TranslateNode):
            yield str(node.filter_expression.var.literal).replace("%", "%%"), ""
        elif isinstance(node, BlockTranslateNode):
            singular, _variables = node.render_token_list(node.singular)
            plural = node.render_token_list(node.plural)[0] if node.plural else ""
            if node.trimmed:
                singular, plural = (" ".join(part.split()) for part in (singular, plural))
            yield singular, plural


def test_every_string_has_a_translation(catalogue):
    used = {found for path in CODE for found in strings_of_code(path)}
    used |= {found for path in TEMPLATES for found in strings_of_template(path)}
    assert sorted(used - set(catalogue)) == [], "run `make messages`, then translate"
    assert sorted(set(catalogue) - used - {("", "")}) == [], "run `make messages`"
    assert [msgid for msgid, given in catalogue.items() if not all(given)] == []


def test_translations_keep_what_is_filled_in(catalogue):
    def blanks(text):
        return sorted(re.findall(r"%\(\w+\)[sd]|%[sd]|%%|\{\w+\}|<[^>]+>|[A-Z_]{5,}", text))

    faults = []
    for (msgid, plural), given in catalogue.items():
        if msgid and set(blanks(given[0])) != set(blanks(plural or msgid)):
            faults.append((msgid, given[0]))
    assert faults == []


def test_the_compiled_catalogue_is_the_written_one(catalogue):
    with open(CATALOGUE / "django.mo", "rb") as file:
        compiled = gettext.GNUTranslations(file)
    for (msgid, plural), given in catalogue.items():
        if msgid:
            found = compiled.ngettext(msgid, plural, 2) if plural else compiled.gettext(msgid)
            assert found == given[0], "run `make messages`"
    assert len(compiled._catalog) == len(catalogue)


def test_readers_are_addressed_in_one_way(catalogue):
    assert [given for given in catalogue.values() if any("您" in text for text in given)] == []


def test_our_wording_of_a_librarys_sentence_wins(catalogue):
    """And Django or allauth still says it."""
    known = {}
    for module in (allauth, django.conf, django.contrib.admin, django.contrib.auth):
        written = Path(module.__file__).parent / "locale" / "en" / "LC_MESSAGES" / "django.po"
        known |= read_catalogue(re.sub(r"(?m)^#.*\n", "", written.read_text()))
    ours = {(msgid, "") for msgid in (*FORMS, *ACCOUNTS, *MAIL)}
    assert sorted(ours - set(known)) == []
    with translation.override("zh-hans"):
        shown = {msgid: translation.gettext(msgid) for msgid, _plural in ours}
    assert shown == {msgid: catalogue[msgid, ""][0] for msgid, _plural in ours}


def test_a_password_that_is_too_short_is_refused_in_chinese(client, alice):
    client.force_login(alice)
    alice.language = "zh-hans"
    alice.save()
    typed = {"oldpassword": "correct horse", "password1": "kurz1", "password2": "kurz1"}
    page = client.post("/accounts/password/change/", typed).content.decode()
    assert "密码太短，至少需要 8 个字符。" in page


def words_of_text(html):
    """The words that a reader sees of a piece of a template: its text, and what attributes say."""
    html = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", " ", html, flags=re.DOTALL)
    said = re.findall(r'\b(?:alt|title|placeholder|aria-label)="([^"]*)"', html)
    # Names of classes and halves of attributes may stand alone, in blocks and conditions.
    text = re.sub(r"<[^>]*>|^[^<>]*>|<[^<>]*$|&\w+;", " ", html)
    text = re.sub(r"\w+--\w+|[\w-]+=\"[^\"]*(\"|$)", " ", text)
    return [word for word in re.findall(r"[^\W\d_]+", " ".join([text, *said])) if word not in NAMES]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_say_nothing_untranslated(path):
    """Between the tags of Django stand marks of HTML and no words; a tag of HTML may begin in one
    piece and end in another."""
    found, inside, script = [], False, False
    for node in nodes_of(path):
        if not isinstance(node, TextNode):
            continue
        piece = node.s
        if script:
            _code, ended, piece = piece.partition("</script>")
            script = not ended
        if not script and piece.rfind("<script") > piece.rfind("</script>"):
            piece, script = piece[: piece.rfind("<script")], True
        if inside:
            # The rest of a tag that began before a tag of Django's.
            _tag, closed, tail = piece.partition(">")
            piece = tail if closed else ""
            if not closed:
                continue
        inside = piece.rfind("<") > piece.rfind(">")
        found += words_of_text(piece)
    assert found == []


def test_a_word_of_a_template_is_found():
    assert words_of_text('<p class="x">Hello</p><i aria-label="Old">1</i>') == ["Hello", "Old"]
    assert words_of_text('<a href="/x/" class="b">›</a> · <script>let a = 1;</script>') == []


CHINESE = re.compile(r"[\u4e00-\u9fff]")
PAGES = (
    *("/", "/account/", "/search/", "/search/?q=x", "/archive/", "/trash/", "/data/", "/usage/"),
    *("/accounts/email/", "/accounts/password/change/", "/accounts/logout/", "/nowhere/"),
)


def visible(page):
    shown = page.content.decode().replace(page.headers["X-Request-Id"], "")
    html = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", shown, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", html.split("<body", 1)[-1])


# What may stand in a Chinese page: names, addresses, examples, and what people wrote.
LATIN = {"Chatsite", "alice", "example", "org", "Alice", "Lindqvist", "JSON", "Markdown", "zip",
         "ChatGPT", "conversations", "json", "MB", "x", "USD", "CSV", "csv", "token", "Token",
         "English", "my", "secret", "Secret", "title", "A", "AL", "m", "an", "answer", "another",
         "DELETE", "POST", "GET", "nowhere", "OPENAI", "BASE", "URL", "API", "KEY", "and", "MODEL",
         "strong", "UTC", "demo", "KB", "e", "E", "JavaScript"}  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_chinese_for_who_wants_them_so(alice, path):
    alice.language = "zh-hans"
    alice.save()
    converse(alice, created_at=timezone.now())
    client = Client()
    client.force_login(alice)
    page = client.get(path)
    assert '<html lang="zh-hans"' in page.content.decode()
    text = visible(page)
    assert CHINESE.search(text)
    assert sorted(set(re.findall(r"[A-Za-z]+", text)) - LATIN) == []


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"]
)
def test_the_browser_chooses_before_the_login(client, alice, path):
    chinese = visible(client.get(path, headers={"Accept-Language": "zh-CN,zh;q=0.9"}))
    assert CHINESE.search(chinese)
    assert sorted(set(re.findall(r"[A-Za-z]+", chinese)) - LATIN) == []
    assert not CHINESE.search(visible(client.get(path, headers={"Accept-Language": "de"})))


def test_the_account_wins_over_the_browser(client, alice):
    client.force_login(alice)
    chinese = {"Accept-Language": "zh-CN"}
    assert '<html lang="zh-hans"' in client.get("/", headers=chinese).content.decode()
    client.post("/account/", {"language": "en", "theme": "system"}, headers=chinese)
    assert '<html lang="en"' in client.get("/", headers=chinese).content.decode()


def test_dates_numbers_and_plurals_are_those_of_the_language(alice):
    alice.language = "zh-hans"
    alice.save()
    converse(alice, updated_at=timezone.now() - timedelta(days=100))
    client = Client()
    client.force_login(alice)
    assert re.search(r"<h2>\d{4}年\d{1,2}月</h2>", client.get("/").content.decode())
    with translation.override("zh-hans"):
        assert Report(conversations=1, messages=2).lines() == [
            "已导入 1 个对话。",
            "已导入 2 条消息。",
        ]


def test_mail_is_in_the_readers_language(client, alice):
    chinese = {"Accept-Language": "zh-CN"}
    client.post("/accounts/password/reset/", {"email": alice.email}, headers=chinese)
    [sent] = mail.outbox
    words = set(re.findall(r"[A-Za-z]+", re.sub(r"https?://\S+", "", sent.body)))
    assert CHINESE.search(sent.subject) and CHINESE.search(sent.body)
    assert words <= {"example", "com", "alice", "testserver", "Chatsite", "localhost"}


def test_what_was_too_large_to_be_read_is_refused_in_the_readers_language(server):
    answer = httpx.post(
        server.url, content=b"x" * (settings.MAX_BODY + 1), headers={"Accept-Language": "zh-CN"}
    )
    assert answer.status_code == 413
    assert "内容过大" in answer.text
