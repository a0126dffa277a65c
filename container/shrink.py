"""Reduction of a virtual environment to what the site reads; the image's build runs it
(Containerfile).

python3 shrink.py VENV                  removes what nothing reads at run time
.venv/bin/python shrink.py --compile    compiles what the site imports when it starts

Licences, metadata and `py.typed` stay: they say what is there and under which terms.
"""

import itertools
import py_compile
import shutil
import sys
from pathlib import Path

# Languages of the site; translations of packages into others are never read.
LANGUAGES = {"en", "en_US", "zh_Hans"}
# Files that only compilers read: sources, stubs, and translations before their compilation.
SOURCES = ("*.pyi", "*.pyx", "*.pxd", "*.c", "*.h", "*.po", "*.pot")
# Services of AWS of which botocore's data are kept: those for a bucket and its credentials.
SERVICES = {"s3", "sts", "sso", "sso-oidc", "signin"}


def remove(path):
    """Remove the file, symbolic link or folder (with its contents) at `path`, a Path."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def shrink(packages):
    """Remove what nothing reads at run time from `packages`, the Path of a site-packages folder."""
    locales = (each for each in packages.rglob("locale") if (each / "en").is_dir())
    unneeded = [
        *(each for each in packages.rglob("tests") if each.is_dir()),
        *(language for locale in locales for language in locale.iterdir() if is_foreign(language)),
        *itertools.chain.from_iterable(map(packages.rglob, SOURCES)),
        *(
            each
            for each in packages.glob("botocore/data/*")
            if each.is_dir() and each.name not in SERVICES
        ),
    ]
    for path in unneeded:
        if path.exists():
            remove(path)


def is_foreign(path):
    """Return True if `path`, a Path in a folder `locale`, is the folder of a language that the site
    does not have."""
    return path.is_dir() and path.name not in LANGUAGES and path.name != "__pycache__"


def compile_what_is_imported():
    """Compile all modules that the site imports until it serves, into `__pycache__` beside each
    source: in the running container Python may not write there.

    The .pyc files are "unchecked" (PEP 552): Python does not compare them with the sources, whose
    times the layers of an image may change.
    """
    import os

    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "chatsite.settings"
    import django

    django.setup()
    import gunicorn.app.wsgiapp
    from django.contrib import admin
    from django.core.management import call_command
    from django.urls import get_resolver

    import conversations.extraction.child
    import conversations.rendering.highlighting.pygments_child  # noqa: F401

    admin.autodiscover()
    call_command("check", verbosity=0)
    _ = get_resolver().url_patterns, gunicorn.app.wsgiapp
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py"):
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(file, doraise=True, invalidation_mode=mode)


if __name__ == "__main__":
    if sys.argv[1:] == ["--compile"]:
        compile_what_is_imported()
    else:
        [site_packages] = Path(sys.argv[1]).glob("lib/python3.*/site-packages")
        shrink(site_packages)
