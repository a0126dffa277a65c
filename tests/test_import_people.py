"""`manage.py import_people`: accounts for many, reported first."""

import io

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from conversations.models import DirectoryGroup, Person, ReviewAccess


@pytest.fixture
def run(tmp_path, db):
    """Run the command on a file with this text; returns what it printed."""

    def run(text, *arguments):
        file = tmp_path / "people.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = io.StringIO()
        call_command("import_people", str(file), *arguments, stdout=out)
        return out.getvalue()

    return run


FILE = """name,address,groups,role
carol,carol@example.org,Team,reviewer
Dave Miller,dave@example.org,,
"""


def test_it_reports_first_and_then_makes_the_accounts(run):
    team = Group.objects.create(name="Team")
    for arguments in ((), ("--dry-run",)):
        said = run(FILE, *arguments)
        assert "made: carol" in said and "made: dave" in said
        assert "2 made, 0 changed, 0 unchanged" in said and "Nothing was changed" in said
        assert not Person.objects.exists() and not ReviewAccess.objects.exists()
    assert "Nothing was changed" not in run(FILE, "--yes")
    carol, dave = Person.objects.order_by("username")
    assert (carol.email, carol.may_review) == ("carol@example.org", True)
    assert list(carol.groups.all()) == [team] and not carol.has_usable_password()
    assert (dave.username, dave.get_full_name()) == ("dave", "Dave Miller")
    assert ReviewAccess.objects.count() == 1
    assert "0 made, 0 changed, 2 unchanged" in run(FILE, "--yes")


def test_accounts_are_found_and_updated(run, alice):
    for name in ("Team", "Sales", "By directory"):
        alice.groups.add(Group.objects.create(name=name))
    DirectoryGroup.objects.create(value="x", group=Group.objects.get(name="By directory"))
    said = run("email;groups;role\nALICE@example.org;Team;administrator\n", "--yes")
    assert "changed: alice (" in said
    alice.refresh_from_db()
    assert alice.is_superuser and alice.check_password("correct horse")
    names = set(alice.groups.values_list("name", flat=True))
    assert names == {"Team", "By directory"}
    # No column, no change.
    run("username,name\nalice,Alice Liddell\n", "--yes")
    alice.refresh_from_db()
    assert alice.last_name == "Liddell" and alice.groups.count() == 2


@pytest.mark.once
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("username,groups\ncarol,Nowhere", "Line 2: there is no group “Nowhere”"),
        ("username,groups\ncarol,Managed", "is managed by the directory"),
        ("username,role\ncarol,god", "there is no role “god”"),
        ("username,email\ncarol,nobody", "is no e-mail address"),
        ("username\ncarol\ncarol", "Line 3: the same account stands here twice"),
        ("username,email\ncarol,alice@example.org", "is that of the account alice"),
        ("username\n<b>", "Line 2:"),
        ("username,name\ncarol,x" + "y" * 200, "Line 2:"),
        ("", "The file is empty"),
        (b"\xff\xfe", "not in UTF-8"),
        ('username\n"carol', "is no CSV"),
    ],
)
def test_a_line_that_cannot_be_used_changes_nothing(run, alice, text, said):
    DirectoryGroup.objects.create(value="x", group=Group.objects.create(name="Managed"))
    with pytest.raises(CommandError, match="Nothing was changed") as error:
        run(text, "--yes")
    assert said in str(error.value)
    assert Person.objects.count() == 1


@pytest.mark.once
def test_a_file_that_is_not_there_is_a_sentence(db):
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("import_people", "nowhere.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name" + "," * 1_000_000, "More than 100 columns"),
        ("name,address\n" + "a,a@example.org\n" * 10_001, "More than 10000 rows"),
        ("name,address\n" + "a" * 5_000_000 + ",a@example.org\n", "The file is no CSV"),
    ],
    ids=["columns", "rows", "field"],
)
def test_a_file_beyond_all_measure_is_a_sentence(run, text, said):
    with pytest.raises(CommandError, match=said):
        run(text)
