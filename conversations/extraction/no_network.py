"""Network lock of the child process that reads files: closes its network in the first of three ways
that works.

1. "seccomp": the kernel refuses the system calls that open sockets or start programs (Linux on
   x86-64 and ARM64; needs no privilege, and containers allow it).
2. "namespace": a network namespace of its own, which has no interface (Linux with user namespaces).
3. "descriptors": the process may open no further file or socket (every Unix).
"""

import ctypes
import os
import platform
import resource
import struct
import sys

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # (1 is EPERM)
_X32 = 0x40000000  # system calls of x86-64 with other numbers begin here

# By machine: what the kernel calls it, and the numbers of socket, socketpair, connect, bind,
# execve, execveat, ptrace, io_uring_setup.
_MACHINES = {
    "x86_64": (0xC000003E, (41, 53, 42, 49, 59, 322, 101, 425)),
    "aarch64": (0xC00000B7, (198, 199, 203, 200, 221, 281, 117, 425)),
}


def close_network() -> str:
    """Close the network for this process, for good; return how: "seccomp", "namespace" or
    "descriptors". Import modules and open files that are still needed before the call, since
    "descriptors" lets no more be opened."""
    if sys.platform == "linux":
        if _filter_calls():
            return "seccomp"
        if _leave_network():
            return "namespace"
    # Descriptors that are open stay; the limit is for new ones.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    return "descriptors"


def _filter_calls() -> bool:
    """Install a seccomp filter by which the kernel refuses socket and exec calls of this process;
    return True if that worked."""
    machine = _MACHINES.get(platform.machine())
    if machine is None or struct.calcsize("P") != 8:
        return False
    architecture, calls = machine
    program = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the number of the call
    ]
    refused = [(_JUMP_EQUAL, call) for call in calls]
    if platform.machine() == "x86_64":
        refused.append((_JUMP_AT_LEAST, _X32))
    for at, (jump, number) in enumerate(refused):
        program.append((jump, len(refused) - at, 0, number))
    program += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    packed = b"".join(struct.pack("HBBI", *line) for line in program)
    code = ctypes.create_string_buffer(packed, len(packed))
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            return False
        return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, described, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def _leave_network() -> bool:
    """Move this process into a network namespace of its own; return True if that worked."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
        return bool(libc.unshare(flags) == 0)
    except (OSError, AttributeError):
        return False
