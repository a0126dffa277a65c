"""`make release`: what it refuses, and the files and the tag that it makes."""

import gzip
import hashlib
import json
import shutil
import subprocess
import tarfile

import pytest
from packaging.utils import canonicalize_name

from release import artefacts, licences
from release.__main__ import Refusal, git, refuse_unless_ready, release, section, version_of
from release.lock import FILES, ROOT, read

pytestmark = pytest.mark.once

PROJECT = '[project]\nname = "chatsite"\nversion = "1.2.3"\n'
CHANGELOG = "# Changelog\n\n## Unreleased\n\n## 1.2.3 (2026-11-27)\n\n- It works.\n\n## 1.2.2\n"


def commit(folder, **files):
    """Write `files` (with "_" for ".") to `folder`, a repository, and commit all of it."""
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    git(folder, "add", "--all")
    git(folder, *identity, "commit", "--quiet", "--allow-empty", "--message", "A change.")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository that could be released as 1.2.3."""
    for name in ("GIT_COMMITTER_NAME", "GIT_AUTHOR_NAME"):
        monkeypatch.setenv(name, "A")
    for name in ("GIT_COMMITTER_EMAIL", "GIT_AUTHOR_EMAIL"):
        monkeypatch.setenv(name, "a@example.org")
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for name in FILES:
        (folder / name).touch()
    commit(folder, pyproject_toml=PROJECT, CHANGELOG_md=CHANGELOG, _gitignore="/dist/\n")
    return folder


def test_a_release_has_reproducible_files_with_hashes_and_a_tag(repository):
    for name in FILES:
        shutil.copy(ROOT / name, repository)
    commit(repository)
    said = release(repository, "true", is_dry=True)
    assert "nothing was tagged" in said
    assert git(repository, "tag") == ""
    made = {path.name: path.read_bytes() for path in (repository / "dist").iterdir()}
    assert set(made) == {"chatsite-1.2.3.tar.gz", "chatsite-1.2.3.cdx.json", "SHA256SUMS"}
    assert made["SHA256SUMS"].decode() == "".join(
        f"{hashlib.sha256(made[name]).hexdigest()}  {name}\n"
        for name in ("chatsite-1.2.3.cdx.json", "chatsite-1.2.3.tar.gz")
    )
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    subprocess.run(check, cwd=repository / "dist", check=True, capture_output=True)

    listed = json.loads(made["chatsite-1.2.3.cdx.json"])
    assert listed["bomFormat"] == "CycloneDX"
    about = listed["metadata"]["component"]
    assert (about["name"], about["version"]) == ("chatsite", "1.2.3")
    locked = {pin.name: pin.version for pin in read() if pin.is_for({})}
    components = {canonicalize_name(each["name"]): each for each in listed["components"]}
    assert {name: each["version"] for name, each in components.items()} == locked
    unclear = {name for name, each in components.items() if not each.get("licenses")}
    assert unclear <= set(licences.READ)

    # From another clone, at another time: the same bytes.
    clone = repository.parent / "clone"
    git(repository, "clone", "--quiet", str(repository), str(clone))
    again = artefacts.archive(clone, "HEAD", "chatsite-1.2.3", clone)
    assert again.read_bytes() == made["chatsite-1.2.3.tar.gz"]
    with tarfile.open(again) as archive:
        assert "chatsite-1.2.3/CHANGELOG.md" in archive.getnames()
    assert gzip.decompress(again.read_bytes())


def test_the_tag_is_the_last_step_and_is_on_the_commit(repository):
    (repository / "container").mkdir()
    program = repository / "container" / "build"
    # As container/build exits where nothing builds images.
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    commit(repository)
    assert release(repository, "true", is_dry=False).startswith("1.2.3 is tagged")
    assert git(repository, "rev-parse", "v1.2.3^{commit}") == git(repository, "rev-parse", "HEAD")
    assert git(repository, "cat-file", "-t", "v1.2.3") == "tag"
    with pytest.raises(Refusal, match=r"1\.2\.3 was released already"):
        release(repository, "true", is_dry=False)


def test_an_image_that_fails_is_no_release(repository):
    (repository / "container").mkdir()
    program = repository / "container" / "build"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    commit(repository)
    with pytest.raises(subprocess.CalledProcessError):
        release(repository, "true", is_dry=False)
    assert git(repository, "tag") == ""


def test_changes_are_refused_and_named(repository):
    (repository / "new").write_text("")
    with pytest.raises(Refusal, match=r"The tree has changes[^\n]*\n\?\? new"):
        release(repository, "true", is_dry=True)
    commit(repository)
    (repository / "CHANGELOG.md").write_text(CHANGELOG + "x")
    with pytest.raises(Refusal, match=r"M CHANGELOG\.md"):
        refuse_unless_ready(repository, "1.2.3")


@pytest.mark.parametrize("checks", ["false", "exit 2", "touch written"])
def test_checks_that_fail_or_write_are_refused(repository, checks):
    with pytest.raises(Refusal, match=r"checks failed|The tree has changes"):
        release(repository, checks, is_dry=False)
    assert git(repository, "tag") == ""
    assert not (repository / "dist").exists()


@pytest.mark.parametrize("version", ["1.2.3.dev0", "1.2", "1.2.3rc1", "v1.2.3"])
def test_only_a_whole_version_is_released(repository, version):
    commit(repository, pyproject_toml=f'[project]\nname = "x"\nversion = "{version}"\n')
    with pytest.raises(Refusal, match="is no version of a release"):
        version_of(repository)


@pytest.mark.parametrize(
    ("changelog", "sentence"),
    [
        ("# Changelog\n", "says nothing below a heading `## 1.2.3`"),
        ("## 1.2.3\n\n## 1.2.2\n\n- Older.\n", "says nothing"),
        ("## 1.2.30\n\n- Another.\n", "says nothing"),
        ("## Unreleased\n\n- New.\n\n## 1.2.3\n\n- It works.\n", "Move what is below"),
    ],
)
def test_the_changelog_has_to_speak_of_it(repository, changelog, sentence):
    commit(repository, CHANGELOG_md=changelog)
    with pytest.raises(Refusal, match=sentence):
        refuse_unless_ready(repository, "1.2.3")


def test_the_changelog_of_this_version_is_there():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert section(changelog, version_of(ROOT))
    assert section(changelog, "Unreleased") is not None
