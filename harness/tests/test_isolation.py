"""Children: what they get, what binds them, and that nothing of them is left."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from wireproof import _isolation
from wireproof._isolation import (
    TOKEN,
    Child,
    carries,
    confine,
    end_tree,
    environment,
    kill,
    limits,
    new_token,
    remove,
    spawn,
    sweep,
)

_PR_SET_DUMPABLE = 4

REPORT = """
import os, resource
names = ("CPU", "DATA", "NOFILE", "NPROC", "CORE", "FSIZE")
print([resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names])
"""

GRANDCHILD = """
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.chdir("/")
print(os.getpid(), flush=True)
os.closerange(0, 3)
os.execve("/bin/sleep", ["sleep", "3600"], {environment})
"""


def python(code: str, folder: Path, variables: dict[str, str] | None = None) -> Child:
    """Start a child that runs Python code once it is told to."""
    begin = f"import sys\nsys.stdin.readline()\n{code}"
    return spawn([sys.executable, "-c", begin], str(folder), variables)


def said(child: Child) -> str:
    """Tell a child to begin, and return the line that it says."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(b"\n")
    child.stdin.flush()
    return child.stdout.readline().decode().strip()


@contextlib.contextmanager
def ended(child: Child) -> Iterator[Child]:
    """End a child at the end of the block, and close the pipes to it."""
    try:
        yield child
    finally:
        end_tree(child)
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def is_running(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


# what a child gets ---------------------------------------------------------------------------------------------------


def test_the_environment_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What names a proxy, a locale or a start-up file is left out; what a program needs to be found is kept."""
    for name in ("HTTP_PROXY", "https_proxy", "NO_PROXY", "LANG", "PYTHONSTARTUP", "NODE_OPTIONS", "TMPDIR"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    given = environment("folder", "token")
    fixed = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "TMPDIR": "folder", TOKEN: "token"}
    assert {name: given[name] for name in (*fixed, "PATH")} == {**fixed, "PATH": "/bin"}
    assert given.keys() & {"HTTP_PROXY", "https_proxy", "NO_PROXY", "LANG", "PYTHONSTARTUP", "NODE_OPTIONS"} == set()
    assert "PYTHONPATH" not in given


def test_the_path_of_modules_means_the_same_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative entries of PYTHONPATH, the empty one included, are relative to where they were read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["lib", "", "/opt/x"]))
    here = str(tmp_path)
    assert environment("", "")["PYTHONPATH"] == os.pathsep.join([f"{here}/lib", f"{here}/", "/opt/x"])


def test_a_directory_that_is_gone_has_no_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the working directory cannot be named, only absolute entries of PYTHONPATH are left."""

    def gone() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(os, "getcwd", gone)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["lib", "/opt/x"]))
    assert environment("", "")["PYTHONPATH"] == "/opt/x"


def test_a_child_has_a_folder_and_a_session_of_its_own(tmp_path: Path) -> None:
    """It works in its folder, has its temporary files there, and leads its session and group."""
    code = "import os, tempfile; print(os.getcwd(), tempfile.gettempdir(), os.getsid(0), os.getpgrp(), os.environ['A'])"
    with ended(python(code, tmp_path, {"A": "b"})) as child:
        assert said(child).split() == [str(tmp_path), str(tmp_path), str(child.pid), str(child.pid), "b"]


def test_a_child_is_limited(tmp_path: Path) -> None:
    """Processor time, data, files, processes, core dumps and file sizes have the limits of the table."""
    with ended(python(REPORT, tmp_path)) as child:
        seen = eval(said(child), {"__builtins__": {}})
    wanted = limits(child.token)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = min(_isolation.OPEN_FILES, hard) if hard != resource.RLIM_INFINITY else _isolation.OPEN_FILES
    assert (seen[0], seen[1]) == (wanted[resource.RLIMIT_CPU], wanted[resource.RLIMIT_DATA])
    assert (seen[2], seen[4], seen[5]) == ((files, hard), (0, 0), wanted[resource.RLIMIT_FSIZE])
    assert seen[1][1] <= _isolation.MEMORY
    assert seen[3][0] >= _isolation.PROCESSES


def test_a_limit_that_is_narrower_stays(tmp_path: Path) -> None:
    """Nothing is widened."""
    with ended(python(REPORT, tmp_path)) as child:
        resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (50, 60))
        confine(child.pid, child.token)
        assert resource.prlimit(child.pid, resource.RLIMIT_NOFILE) == (60, 60)


def test_memory_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the limit is a MemoryError, also in a process that the child starts."""
    monkeypatch.setattr(_isolation, "MEMORY", 200 << 20)
    code = """
import subprocess
inner = "try:\\n bytearray(300 << 20)\\nexcept MemoryError:\\n print('refused')"
print(subprocess.run([sys.executable, "-c", inner], capture_output=True).stdout.decode())
"""
    with ended(python(code, tmp_path)) as child:
        assert said(child) == "refused"


def test_a_process_that_has_gone_is_not_limited() -> None:
    """Setting limits is no reason to fail."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
        confine(process.pid, "x")


# how a child ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variables", ["os.environ", "{}"], ids=["inherited", "emptied"])
def test_a_daemon_ends_with_its_child(tmp_path: Path, variables: str) -> None:
    """What was forked twice into another session is found by the token, or by the limit where that is gone."""
    with ended(python(GRANDCHILD.replace("{environment}", variables), tmp_path)) as child:
        daemon = int(said(child))
        assert is_running(daemon)
        assert end_tree(child) == 0
        assert not is_running(daemon)


def test_a_daemon_with_another_limit_ends_with_its_child(tmp_path: Path) -> None:
    """The token alone is enough."""
    code = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))\n"
    with ended(python(code + GRANDCHILD.replace("{environment}", "os.environ"), tmp_path)) as child:
        daemon = int(said(child))
        assert carries(daemon, child.token)
    assert not is_running(daemon)


def test_only_what_belongs_to_a_child_ends_with_it(tmp_path: Path) -> None:
    """Another child is not touched, nor is a process of somebody else."""
    with ended(python("print(1)", tmp_path)) as one, ended(python("print(1)", tmp_path)) as other:
        assert not carries(other.pid, one.token)
        assert not carries(os.getpid(), one.token)
        assert not carries(1, one.token)
        end_tree(one)
        assert is_running(other.pid)


def test_the_exit_status_is_kept(tmp_path: Path) -> None:
    """A child that has ended by itself has its own status, one that is killed the signal; asking twice does no harm."""
    with ended(python("sys.exit(3)", tmp_path)) as child:
        said(child)
        child.wait()
        assert (end_tree(child), end_tree(child)) == (3, 3)
    with ended(python("", tmp_path)) as child:
        kill(child)
        assert end_tree(child) == -signal.SIGKILL


def test_a_bomb_of_forks_ends(tmp_path: Path) -> None:
    """Processes that start others all the time, each in a session of its own, are caught up with."""
    code = """
import os, time
print(os.getpid(), flush=True)
for _ in range(500):
    time.sleep(0.01)
    if os.fork():
        os._exit(0)
    os.setsid()
time.sleep(3600)
"""
    with ended(python(code, tmp_path)) as child:
        said(child)
        end_tree(child)
        token = child.token
    living = [int(name) for name in os.listdir("/proc") if name.isdecimal() and is_running(int(name))]
    assert [pid for pid in living if carries(pid, token)] == []


def test_a_driver_ends_without_its_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child of a child has a token of its own, by which it is ended alone; it ends with the outer one, too."""
    outer = new_token()
    monkeypatch.setattr(_isolation, "_OURS", outer)
    sleeping = GRANDCHILD.replace("{environment}", "{}")
    with ended(python(sleeping, tmp_path)) as one, ended(python(sleeping, tmp_path)) as other:
        daemons = int(said(one)), int(said(other))
        assert (one.token.startswith(outer + "/"), one.token == other.token) == (True, False)
        end_tree(one)
        assert [is_running(daemon) for daemon in daemons] == [False, True]
        sweep(outer)
        assert [is_running(daemon) for daemon in daemons] == [False, False]


def test_a_sweep_that_finds_nothing_is_cheap() -> None:
    """Some milliseconds at most, whatever else runs on the machine: a run may end many workers."""
    token, best = new_token(), 1.0
    for _ in range(5):
        began = time.perf_counter()
        sweep(token)
        best = min(best, time.perf_counter() - began)
    assert best < 0.05


# files ---------------------------------------------------------------------------------------------------------------


def test_a_folder_is_removed_whatever_is_in_it(tmp_path: Path) -> None:
    """Unreadable, deep and odd things go; what links lead to stays."""
    folder, kept = tmp_path / "folder", tmp_path / "kept"
    (folder / "a" / "b").mkdir(parents=True)
    kept.mkdir()
    (kept / "file").write_text("x")
    (folder / "a" / "b" / "file").write_text("x")
    (folder / "link").symlink_to(kept)
    (folder / "a" / "link").symlink_to(kept, target_is_directory=True)
    os.mkfifo(folder / "a" / "pipe")
    os.mkdir(os.fsencode(folder) + b"/\xff\n")
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        for _ in range(1500):
            os.mkdir("d" * 20)
            os.chdir("d" * 20)
    finally:
        os.fchdir(here)
        os.close(here)
    os.chmod(folder / "a" / "b", 0)
    os.chmod(folder / "a", 0)
    remove(str(folder))
    assert (folder.exists(), (kept / "file").read_text()) == (False, "x")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_a_folder_is_removed_by_somebody_who_may_not_read_it() -> None:
    """Permissions are changed where that is needed, by a user who has no other rights."""
    with tempfile.TemporaryDirectory() as top, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads hold nothing that is needed here
        os.chmod(top, 0o777)
        child = os.fork()
        if child == 0:
            os._exit(_removed_by_nobody(top))
        assert os.waitpid(child, 0)[1] == 0


def _removed_by_nobody(top: str) -> int:
    """Become a user without rights, make a folder that cannot be read, and remove it; return 0 if it is gone."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # else /proc/self stays root's
    os.makedirs(f"{top}/f/a/b/c")
    with open(f"{top}/f/a/b/x", "w", encoding="ascii"):
        """It is there."""
    for name in ("f/a/b/c", "f/a/b", "f/a", "f"):
        os.chmod(f"{top}/{name}", 0)
    remove(f"{top}/f")
    return int(os.path.exists(f"{top}/f"))


def test_a_folder_is_removed_while_files_are_made_in_it(tmp_path: Path) -> None:
    """What is made while a folder is looked through goes, too."""
    folder = tmp_path / "folder"
    folder.mkdir()
    begun = threading.Event()

    def make() -> None:
        with contextlib.suppress(FileNotFoundError):  # once the folder is gone
            for number in range(500):
                (folder / f"d{number}").mkdir()
                (folder / f"f{number}").touch()
                begun.set()

    thread = threading.Thread(target=make)
    thread.start()
    assert begun.wait(60)
    remove(str(folder))
    thread.join()
    assert not folder.exists()


def test_a_folder_that_is_gone_is_no_reason_to_fail(tmp_path: Path) -> None:
    """Nor is one that cannot be removed."""
    remove(str(tmp_path / "none"))
    remove("/proc/self")
    assert os.path.exists("/proc/self")
