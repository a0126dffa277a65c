"""Command that makes a release: `make release`, or `make release DRY_RUN=1`.

python -m release [--dry-run] [--checks COMMAND]

Refuses if the repository has uncommitted changes, the version is released already, the changelog
does not match or the checks fail; then makes the files in dist/ and the tag. It pushes nothing.
With --dry-run the checks are the quick ones, and there is no image and no tag.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from release import artefacts

ROOT = Path(__file__).resolve().parent.parent


class Refusal(Exception):
    """Raised if no release may be made; its text says why and what to do."""


def git(root, *arguments):
    """Return the standard output of `git` with `arguments` in the repository at `root` (a Path),
    stripped. Raises subprocess.CalledProcessError if git fails."""
    run = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return run.stdout.strip()


def version_of(root):
    """Return the version in pyproject.toml of the folder `root`. Raise Refusal if it is not the
    version of a release, like 1.2.3: 1.1.0.dev0 is not."""
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise Refusal(f"{version} in pyproject.toml is no version of a release, like 1.2.3.")
    return version


def section(changelog, title):
    """Return the text of `changelog` (Markdown) below the heading `## title`, with or without more
    words on its line, up to the next heading of this level; None if there is no such heading."""
    found = re.search(
        rf"^## {re.escape(title)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.DOTALL | re.MULTILINE
    )
    return found[1].strip() if found else None


def refuse_unless_ready(root, version):
    """Raise Refusal unless the repository at `root` can be released as `version` (text): there are
    no uncommitted changes, the version has no tag, and CHANGELOG.md has text for the version and
    none below "Unreleased"."""
    if changed := git(root, "status", "--porcelain"):
        raise Refusal(f"The tree has changes. Commit them or put them away:\n{changed}")
    if git(root, "tag", "--list", f"v{version}"):
        raise Refusal(f"{version} was released already: raise the version in pyproject.toml.")
    changelog = (root / "CHANGELOG.md").read_text()
    if not section(changelog, version):
        raise Refusal(f"CHANGELOG.md says nothing below a heading `## {version}`.")
    if section(changelog, "Unreleased"):
        raise Refusal(f"Move what is below `## Unreleased` in CHANGELOG.md to `## {version}`.")


def release(root, checks, is_dry):
    """Make a release of the repository at `root` (a Path) in its folder dist/; return a sentence
    for the operator about what was made.

    `checks` is a shell command that fails if something is wrong. With `is_dry` there is no image
    and no tag. Raises Refusal; ValueError or subprocess.CalledProcessError if a file cannot be
    made.
    """
    version = version_of(root)
    refuse_unless_ready(root, version)
    print(f"Checking {version} by: {checks}", flush=True)
    if subprocess.run(checks, cwd=root, shell=True, check=False).returncode:
        raise Refusal(f"The checks failed ({checks}), so nothing was released.")
    # Again, since the checks may have changed files.
    refuse_unless_ready(root, version)

    commit, name = git(root, "rev-parse", "HEAD"), f"chatsite-{version}"
    folder = root / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    made = [
        artefacts.archive(root, commit, name, folder),
        None if is_dry else artefacts.image(root, name, f"chatsite:{version}", folder),
        artefacts.package_list(root, name, folder),
    ]
    artefacts.hashes([path for path in made if path], folder)
    if is_dry:
        return (
            f"A dry run: dist/ has the files of {version}, without the image; nothing was tagged."
        )
    git(root, "tag", "--annotate", f"v{version}", "--message", f"Chatsite {version}", commit)
    return f"{version} is tagged, its files are in dist/. Publish it: git push origin v{version}"


def main(arguments):
    """Run with `arguments`, the list of those of the command line; return the argument for
    sys.exit: 0, or a sentence that says why there is no release."""
    parser = argparse.ArgumentParser(prog="python -m release")
    parser.add_argument("--dry-run", action="store_true", help="no image and no tag")
    parser.add_argument("--checks", help="the command that must succeed (.ci/run)")
    options = parser.parse_args(arguments)
    checks = options.checks or ("make check" if options.dry_run else "bash .ci/run")
    try:
        print(release(ROOT, checks, options.dry_run))
    except Refusal as refusal:
        return str(refusal)
    except ValueError as error:
        return f"Nothing was released: {error}"
    except subprocess.CalledProcessError as error:
        return f"Nothing was released, since this failed: {' '.join(map(str, error.cmd))}"
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
