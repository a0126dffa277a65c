"""Look-up of the file system that a path lies on, in Linux's table of mounts; other systems have no
such table."""

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
# SQLite's locks and shared memory cannot be relied on there.
NETWORKS = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gfs2"),
    *("ocfs2", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "davfs", "virtiofs"),
}


def mount_of(path, mounts=None):
    """Return the type of the file system of `path` and the set of its mount options.

    An example is `("ext4", {"rw"})`; `("", set())` if they are not known. `mounts` is the text of
    the table of mounts (proc(5), "mountinfo"); None reads this machine's.
    """
    if mounts is None:
        if not MOUNTS.exists():
            return "", set()
        mounts = MOUNTS.read_text()
    path = Path(path).resolve()
    found, length = ("", set()), -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point, options = before.split()[4:6]
        kind, _source, more = after.split(" ", 2)
        # Spaces in names are written as \040.
        point = Path(point.encode().decode("unicode_escape"))
        # Of two at the same place the later covers the earlier.
        if path.is_relative_to(point) and len(point.parts) >= length:
            length = len(point.parts)
            found = kind, {*options.split(","), *more.split(",")}
    return found
