"""What a child process of ours gets, and how it ends with everything that it started. Linux only.

A child gets a session and process group of its own, a clean environment, an own folder as its working directory and for
its temporary files, limits, and a token: a random name in its environment, which everything that it starts inherits.

Limits are set from outside, just after the program was loaded and before it is told anything. (Code between fork and
exec is unsafe where there are threads, and a wrapper would cost a second program.) Whoever is started by a child
inherits them, so they bind drivers from their first instruction on.

To end a child is to kill its group, and then to sweep: whatever carries the token is killed, in whatever group or
session it is, and whoever its parent is by now. An environment can be replaced, so the token is also written into
a limit, the greatest size of a file: 30 of its bits depend on it, and nobody changes it without meaning to. The hard
limit says which worker a process belongs to, the soft one which driver of that worker.

A process that replaces its environment and that limit, and leaves its group, does so to escape, and can.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import secrets
import select
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence

TOKEN = "WIREPROOF_TOKEN"

_KEPT = (
    "PATH",
    "HOME",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "PYTHONHOME",
    "PYTHONWARNINGS",
    "PYTHON_GIL",
    "SSL_CERT_FILE",
)
_FIXED = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
_OURS = os.environ.get(TOKEN, "")

# limits

CPU_SECONDS = 3600
"""A backstop for what nobody waits for any more. It counts over the life of a process, hence so many."""
MEMORY = 2 << 30
"""Bytes of data. Not of address space: node, java and go reserve much of that and use little."""
OPEN_FILES = 16_384
FILE_SIZE = 1 << 30
PROCESSES = 4096
"""So many more than there are on the machine when the child starts. The kernel lets root have any number."""

_Limit = tuple[int, int]


def _marks(token: str) -> _Limit:
    """Return the soft and the hard limit of the size of a file that a token stands for."""
    whole, root = (int.from_bytes(hashlib.sha256(part.encode()).digest()[:4]) for part in (token, token[:_ROOT]))
    return FILE_SIZE + whole % FILE_SIZE, 2 * FILE_SIZE + root % FILE_SIZE


_ROOT = 32


def new_token() -> str:
    """Return a token for a child. One of a process that has a token itself begins with that, and a slash."""
    return f"{_OURS}/{secrets.token_hex(4)}" if _OURS else secrets.token_hex(_ROOT // 2)


def limits(token: str) -> dict[int, _Limit]:
    """Return the soft and the hard limits of a child, by resource."""
    memory = min(MEMORY, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)
    processes = _running() + PROCESSES
    return {
        resource.RLIMIT_CPU: (CPU_SECONDS, CPU_SECONDS + 1),
        resource.RLIMIT_DATA: (memory, memory),
        resource.RLIMIT_NOFILE: (OPEN_FILES, resource.RLIM_INFINITY),
        resource.RLIMIT_NPROC: (processes, processes),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: _marks(token),
    }


def _running() -> int:
    """Return how many threads there are on the machine."""
    with open("/proc/loadavg", encoding="ascii") as file:
        return int(file.read().split()[3].partition("/")[2])


def confine(pid: int, token: str) -> None:
    """Set the limits of a process that belongs to us; those that are narrower already stay so."""
    for which, (soft, hard) in limits(token).items():
        # the process may have ended, and a sandbox may forbid it
        with contextlib.suppress(OSError):
            most = resource.prlimit(pid, which)[1]
            resource.prlimit(pid, which, (_least(soft, most), _least(hard, most)))


def _least(wanted: int, most: int) -> int:
    return wanted if most == resource.RLIM_INFINITY else most if wanted == resource.RLIM_INFINITY else min(wanted, most)


# the environment


def environment(folder: str, token: str) -> dict[str, str]:
    """Return the clean environment of a child: no proxies, a fixed locale and hash seed, its folder and its token."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("COVERAGE_")}
    if path := _absolute(os.environ.get("PYTHONPATH", "")):
        kept["PYTHONPATH"] = path
    return {**kept, **_FIXED, "TMPDIR": folder, TOKEN: token}


def _absolute(path: str) -> str:
    """Return PYTHONPATH as it is to be read in another working directory; an empty entry is the one of now."""
    try:
        here = os.getcwd()
    except OSError:  # it is gone, and so is what was relative to it
        return os.pathsep.join(part for part in path.split(os.pathsep) if os.path.isabs(part))
    return os.pathsep.join(os.path.join(here, part) for part in path.split(os.pathsep)) if path else ""


# processes


class Child(subprocess.Popen[bytes]):
    """A process with limits, in a session of its own.

    Args:
        command: the program and its arguments.
        folder: its working directory, and the one for its temporary files.
        variables: variables beside those of every process of ours; one that is "" is taken out.
        stdin: as subprocess.Popen has it, like the others.
        stdout: the same.
        stderr: the same.
        pass_fds: descriptors that it inherits.

    Attributes:
        token: what everything that it starts carries.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: str,
        variables: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.token = new_token()
        super().__init__(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env={name: value for name, value in {**environment(folder, self.token), **variables}.items() if value},
            start_new_session=True,
            pass_fds=pass_fds,
        )
        confine(self.pid, self.token)


def spawn(
    command: Sequence[str],
    folder: str,
    variables: Mapping[str, str] | None = None,
    *,
    stdin: int = subprocess.PIPE,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start a child; what it is given is said at ``Child``.

    Raises:
        OSError: it cannot be started.
    """
    return Child(command, folder, variables or {}, stdin, stdout, stderr, pass_fds)


def kill(child: Child) -> None:
    """Kill a child that nobody has waited for, with its group; the rest is for ``end_tree``."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def end_tree(child: Child) -> int:
    """End a child with everything that it started; return its exit status (negative: the signal)."""
    if child.returncode is None:
        kill(child)
    status = child.wait()
    sweep(child.token)
    return status


_AT_ONCE = 256
_SWEEPING = 5.0


def sweep(token: str) -> None:
    """Kill every process that carries a token, and what these start meanwhile, until there is none."""
    until = time.monotonic() + _SWEEPING
    while time.monotonic() < until:
        with contextlib.ExitStack() as stack:
            found = list(_carriers(token, stack))
            for descriptor in found:
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            for descriptor in found:
                _has_ended(descriptor, max(0.0, until - time.monotonic()))
        if not found:
            return


def _carriers(token: str, stack: contextlib.ExitStack) -> Iterator[int]:
    """Yield handles of living processes that carry a token, some of them where there are many."""
    # looked at again once there is a handle: a number may belong to another process by then
    ours, count = os.getpid(), 0
    for name in os.listdir("/proc"):
        if not name.isdecimal() or (pid := int(name)) == ours or not carries(pid, token):
            continue
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            continue
        stack.callback(os.close, descriptor)
        if carries(pid, token) and not _has_ended(descriptor, 0.0):
            yield descriptor
            count += 1
            if count == _AT_ONCE:
                return


def _has_ended(descriptor: int, seconds: float) -> bool:
    """Wait so long for a process to end; say whether it has. One that nobody has waited for counts as ended."""
    return bool(select.select([descriptor], [], [], seconds)[0])


def carries(pid: int, token: str) -> bool:
    """Say whether a process carries a token, or one that begins with it."""
    try:
        soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        if (soft if "/" in token else hard) == _marks(token)["/" not in token]:
            return True
        variables = _environ(pid).split(b"\0")
    except OSError:  # it has ended, or is somebody else's
        return False
    whole = f"{TOKEN}={token}".encode()
    return any(variable == whole or variable.startswith(whole + b"/") for variable in variables)


_YOUNG, _LOADING, _LOOK = 10.0, 0.1, 0.001


def _environ(pid: int) -> bytes:
    """Return the environment of a process, NUL behind each variable.

    While a program is being loaded there is none to be seen: of a young process that has none it is looked at again.
    """
    until = time.monotonic() + _LOADING
    while True:
        with open(f"/proc/{pid}/environ", "rb") as file:
            found = file.read()
        if found or time.monotonic() > until or not _may_be_loading(pid):
            return found
        time.sleep(_LOOK)


def _may_be_loading(pid: int) -> bool:
    """Say whether a process is young, and neither a zombie nor the kernel's, which has no program."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        began = int(file.read().rpartition(b")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    os.readlink(f"/proc/{pid}/exe")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began < _YOUNG


# files

_REMOVING = 30.0


def remove(folder: str) -> None:
    """Remove a folder of a child that has ended, whatever it has made of it.

    Folders inside may be unreadable, or nested deeper than a path can be long: each is made accessible, its own folders
    are moved to the top, and so are removed in turn. Links are not followed. What is made meanwhile is removed, too.
    """
    until = time.monotonic() + _REMOVING
    with contextlib.suppress(OSError), _opened(folder, None) as top:
        while (names := os.listdir(top)) and time.monotonic() < until:
            if not sum(_is_removed(name, top) for name in names):
                return
        os.rmdir(folder)


def _is_removed(name: str, top: int) -> bool:
    """Remove a file, or a folder whose folders move up; say whether that could be done."""
    try:
        if not _is_unlinked(name, top):
            with _opened(name, top) as inner:
                for each in os.listdir(inner):
                    if not _is_unlinked(each, inner):
                        with _opened(each, inner):  # it must be accessible to be moved
                            os.rename(each, secrets.token_hex(8), src_dir_fd=inner, dst_dir_fd=top)
            os.rmdir(name, dir_fd=top)
    except OSError:  # it is somebody else's, or more has come into it meanwhile
        return False
    return True


def _is_unlinked(name: str, folder: int) -> bool:
    """Remove what is no folder; say whether it was none."""
    if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        return False
    os.unlink(name, dir_fd=folder)
    return True


@contextlib.contextmanager
def _opened(name: str, within: int | None) -> Iterator[int]:
    """Open a folder, which is made accessible before."""
    path = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
    try:
        os.chmod(f"/proc/self/fd/{path}", 0o700)
        descriptor = os.open(f"/proc/self/fd/{path}", os.O_RDONLY | os.O_DIRECTORY)
    finally:
        os.close(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
