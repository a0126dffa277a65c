"""Files of a release: archive of the source, list of packages, image, and their hashes."""

import gzip
import hashlib
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from release import lock


def archive(root, commit, name, folder):
    """Write `name`.tar.gz, the source of `commit` in the repository at `root`, to `folder`; return
    its path. It is reproducible: whoever makes it gets the same bytes, without a name, time or
    account of the machine."""
    path = folder / f"{name}.tar.gz"
    command = ["git", "archive", "--format=tar", f"--prefix={name}/", commit]
    tar = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(tar)
    return path


def package_list(root, name, folder):
    """Write `name`.cdx.json, the list of packages with their licences (an SBOM, CycloneDX 1.6 as
    JSON), to `folder`; return its path.

    cyclonedx-py reads it from a temporary virtual environment that has only links to the metadata
    of the packages in the lock at `root`, as installed for this Python. Raises ValueError if one is
    not installed here in the locked version.
    """
    path = folder / f"{name}.cdx.json"
    with tempfile.TemporaryDirectory() as place:
        venv.create(place, symlinks=True)
        [packages] = Path(place).glob("lib/python3.*/site-packages")
        for pin in lock.read(root):
            if pin.is_for({}):
                metadata = lock.metadata_folder(pin)
                (packages / metadata.name).symlink_to(metadata)
        command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "environment"]
        command += ["--pyproject", root / "pyproject.toml", "--output-reproducible"]
        command += ["--output-file", path, Path(place) / "bin" / "python"]
        subprocess.run(command, check=True)
    return path


def image(root, name, tag, folder):
    """Build the container image `tag` from the folder `root` and write it as `name`-image.tar.gz to
    `folder`; return its path. If no program here builds images, print that to standard error and
    return None. Raises subprocess.CalledProcessError if the build fails."""
    built = subprocess.run(["container/build", tag], cwd=root, check=False)
    if built.returncode == 3:
        print("The release has no image: nothing here builds one.", file=sys.stderr)
        return None
    built.check_returncode()
    path = folder / f"{name}-image.tar.gz"
    with tempfile.TemporaryDirectory(dir=folder) as place:
        tar = Path(place) / "image.tar"
        if shutil.which("buildah"):
            save = ["buildah", "push", "--quiet", tag, f"docker-archive:{tar}:{tag}"]
        else:
            save = [shutil.which("podman") or "docker", "save", "--output", tar, tag]
        subprocess.run(save, check=True)
        with open(tar, "rb") as source, gzip.open(path, "wb") as packed:
            shutil.copyfileobj(source, packed)
    return path


def hashes(paths, folder):
    """Write the file SHA256SUMS to `folder`: the SHA-256 of each of the files at `paths`, in the
    format of `sha256sum --check`."""
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths]
    (folder / "SHA256SUMS").write_text("".join(sorted(lines, key=lambda line: line[66:])))
