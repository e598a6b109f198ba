"""The pytest plugin, as it is used: pytest in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import wireproof
from wireproof._cases import bundled_root, load

CLIENTS = """
import http.client, os, sys, time


class Client(http.client.HTTPConnection):
    def __init__(self, host, port):
        super().__init__(host, port)

    def request(self, method, url, *arguments, **more):
        with open(os.path.dirname(__file__) + "/workers", "a") as file:
            print(os.getpid(), file=file)
        if url == "/2":
            self.harm()
        super().request(method, url, *arguments, **more)


class Dies(Client):
    def harm(self):
        os._exit(7)


class Sabotages(Client):
    def harm(self):
        judging = sys.modules["__main__"]
        original = judging.judge

        def fail(*arguments, **more):
            judging.judge = original
            raise ZeroDivisionError("broken")

        judging.judge = fail


class Hangs(Client):
    def harm(self):
        time.sleep(3600)


class Extra(Client):
    def harm(self):
        self.putrequest = lambda *arguments, **more: (
            http.client.HTTPConnection.putrequest(self, *arguments, **more), self.putheader("X-Extra", "1"))
"""

CASES = """
about: "Three."
cases:
- name: one
  about: "The first."
  clauses: [CLAUSE]
  request: {method: "GET", url: "/1"}
  expect: {head: ["GET /1 HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
- name: two
  about: "The second."
  clauses: [CLAUSE]
  request: {method: "GET", url: "/2"}
  expect: {head: ["GET /2 HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
- name: three
  about: "The third."
  clauses: [CLAUSE]
  connection: {arguments: {blocksize: {int: 16}}}
  request: {method: "GET", url: "/3"}
  expect: {head: ["GET /3 HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
"""

Pytest = Callable[..., "Outcome"]


class Outcome:
    """How a pytest process ended: its exit code, its output, and the counts of its last line."""

    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.code, self.output = process.returncode, process.stdout + process.stderr
        self.lines = self.output.splitlines()
        counted = re.findall(r"(\d+) (passed|failed|skipped|errors?|deselected)", self.lines[-1])
        self.counts = {name: int(number) for number, name in counted}

    def section(self, title: str) -> list[str]:
        """Return the lines below the heading of one failure."""
        start = next(
            number for number, line in enumerate(self.lines) if re.fullmatch(rf"_+ {re.escape(title)} _+", line)
        )
        ends = (
            n
            for n in range(start + 1, len(self.lines))
            if re.fullmatch(r"(_{3,} .* _{3,}|={3,} .* ={3,})", self.lines[n])
        )
        return self.lines[start + 1 : next(ends)]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A project with a folder of three cases, and candidates."""
    (tmp_path / "clients.py").write_text(CLIENTS)
    (tmp_path / "own").mkdir()
    clauses = (bundled_root() / "clauses.yaml").read_text()
    clause = re.findall(r"id: ([a-z0-9.-]+)", clauses)[0]
    (tmp_path / "own" / "all.yaml").write_text(CASES.replace("CLAUSE", clause))
    (tmp_path / "pytest.ini").write_text("[pytest]\nwireproof_cases = own\n")
    return tmp_path


def run_pytest(python: str, here: Path, *arguments: str) -> Outcome:
    """Run pytest in a folder."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONPATH"))}
    env |= {"COLUMNS": "120", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    return Outcome(subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False))


@pytest.fixture
def pytest_(here: Path) -> Pytest:
    """A function that runs pytest in the project."""
    return lambda *arguments: run_pytest(sys.executable, here, *arguments)


def test_there_is_an_item_for_each_case_and_candidate(pytest_: Pytest) -> None:
    """Items are named by the id of the case and the candidate."""
    outcome = pytest_("--collect-only", "-q", "own")
    names = [
        f"own/all.yaml::all/{name}[{candidate}]"
        for candidate in ("reference", "stdlib")
        for name in ("one", "two", "three")
    ]
    assert (outcome.code, outcome.lines[:6]) == (0, names)


def test_both_candidates_pass_without_options(pytest_: Pytest) -> None:
    """Without --candidate the reference and the standard library are run."""
    outcome = pytest_("own")
    assert (outcome.code, outcome.counts) == (0, {"passed": 6})


def test_only_case_folders_are_collected(pytest_: Pytest, here: Path) -> None:
    """Other YAML files are nobody's business, and what belongs to a case folder without being cases is none."""
    (here / "other.yaml").write_text("not: cases\n")
    (here / "own" / "clauses.yaml").write_text((bundled_root() / "clauses.yaml").read_text())
    (here / "own" / "catalog").mkdir()
    (here / "own" / "catalog" / "methods.yaml").write_text("not: cases\n")
    outcome = pytest_("--candidate", "stdlib", ".")
    assert (outcome.code, outcome.counts) == (0, {"passed": 3})


def test_a_failure_shows_the_explanation_and_no_traceback(pytest_: Pytest) -> None:
    """What a person reads is the explanation; no line of the plugin's code."""
    outcome = pytest_("--candidate", "clients:Dies", "own")
    assert (outcome.code, outcome.counts) == (1, {"passed": 1, "failed": 1, "skipped": 1})
    lines = outcome.section("all/two[clients:Dies]")
    assert lines[0] == "The interpreter ended during the call: exit status 7."
    assert "wireproof repro all/two clients:Dies" in " ".join(lines)
    assert [line for line in outcome.lines if "pytest_plugin.py" in line and "SKIP" not in line] == []


def test_what_is_unsupported_is_skipped_with_its_reason(pytest_: Pytest) -> None:
    """A constructor without the argument that a case needs is no failure."""
    outcome = pytest_("--candidate", "clients:Dies", "-rs", "own")
    (line,) = [line for line in outcome.lines if line.startswith("SKIPPED")]
    assert "the constructor does not take blocksize: " in line


def test_an_error_of_the_harness_is_one_sentence(pytest_: Pytest) -> None:
    """Nothing is said about the candidate, and no traceback is shown."""
    outcome = pytest_("--candidate", "clients:Sabotages", "own")
    lines = outcome.section("all/two[clients:Sabotages]")
    assert len(lines) == 1
    assert lines[0].startswith("the harness failed with ZeroDivisionError: broken (clients.py:")


def test_a_candidate_that_cannot_be_used_is_one_sentence(pytest_: Pytest) -> None:
    """Each item says why; nothing hangs, nothing is started twice."""
    outcome = pytest_("--candidate", "clients:Absent", "own")
    hint = "give reference, stdlib or package.module:Class"
    assert outcome.counts == {"failed": 3}
    for name in ("one", "two", "three"):
        assert outcome.section(f"all/{name}[clients:Absent]") == [
            f"candidate 'clients:Absent': clients has no Absent; {hint}"
        ]


def test_the_gate_and_the_time_limit_can_be_chosen(pytest_: Pytest) -> None:
    """--gate and --case-timeout are those of the command line."""
    assert [
        pytest_("--candidate", "clients:Extra", "--gate", gate, "own").counts.get("failed", 0)
        for gate in ("bytes", "rfc")
    ] == [1, 0]
    outcome = pytest_("--candidate", "clients:Hangs", "--case-timeout", "1.5", "own")
    assert outcome.section("all/two[clients:Hangs]")[0] == "no end within 1.5 s"


def test_known_defects_are_properties_and_fail_when_asked_to(pytest_: Pytest, here: Path) -> None:
    """The defect that was seen is in the JUnit file; --strict-defects makes it a failure."""
    case = str(bundled_root() / "sequences" / "stale-head.yaml")
    outcome = pytest_("--candidate", "stdlib", "--junitxml", "junit.xml", case)
    assert outcome.code == 0
    properties = ElementTree.parse(here / "junit.xml").getroot().iter("property")
    assert {(each.get("name"), each.get("value")) for each in properties} == {("defect stale-head", "present")}
    assert pytest_("--candidate", "stdlib", "--strict-defects", case).counts["failed"] > 0


def test_two_processes_share_the_work(pytest_: Pytest) -> None:
    """Under -n 2 the items and their outcomes are the same."""
    outcome = pytest_("--candidate", "clients:Dies", "--candidate", "stdlib", "-n", "2", "own")
    assert (outcome.code, outcome.counts) == (1, {"passed": 4, "failed": 1, "skipped": 1})


def test_no_worker_is_left(pytest_: Pytest, here: Path) -> None:
    """Worker processes end with pytest."""
    pytest_("--candidate", "clients:Client", "own")
    workers = {int(line) for line in (here / "workers").read_text().split()}
    assert len(workers) == 1
    assert [worker for worker in workers if Path(f"/proc/{worker}").exists()] == []


def test_a_broken_case_file_is_a_collection_error_in_words(pytest_: Pytest, here: Path) -> None:
    """File, line, what was found and what was wanted; nothing runs, no traceback."""
    (here / "own" / "broken.yaml").write_text('about: "x"\ncases:\n- nmae: one\n')
    outcome = pytest_("--candidate", "stdlib", "own")
    lines = outcome.section("ERROR collecting own/broken.yaml")
    assert (outcome.code, any(line.startswith("broken.yaml:3:3: found ") for line in lines)) == (2, True)
    assert [line for line in lines if "Traceback" in line or ".py" in line] == []


def test_broken_clauses_are_a_collection_error_in_words(pytest_: Pytest, here: Path) -> None:
    """A clauses.yaml that is none is complained about as any other file."""
    (here / "own" / "clauses.yaml").write_text("5\n")
    outcome = pytest_("--candidate", "stdlib", "own")
    lines = outcome.section("ERROR collecting own/all.yaml")
    assert (outcome.code, any(line.startswith("clauses.yaml:1:1: found ") for line in lines)) == (2, True)


def test_failures_that_are_not_ours_look_as_usual(pytest_: Pytest, here: Path) -> None:
    """An exception that is none of wireproof's is shown with its traceback: it is a bug."""
    (here / "conftest.py").write_text(
        "import wireproof._run, wireproof._cases\n"
        "def fail(*arguments):\n    raise ZeroDivisionError('a bug')\n"
        "wireproof._run.Session.verdict = fail\n"
    )
    assert "ZeroDivisionError: a bug" in pytest_("--candidate", "stdlib", "own").output
    (here / "conftest.py").write_text(
        "import wireproof._cases\n"
        "def fail(*arguments):\n    raise ZeroDivisionError('a bug')\n"
        "wireproof._cases.load_file = fail\n"
    )
    assert "ZeroDivisionError: a bug" in pytest_("--candidate", "stdlib", "own").output


def test_the_fixture_is_there_for_everybody(pytest_: Pytest, here: Path) -> None:
    """A test of a client can use capturing_server without any import."""
    (here / "test_client.py").write_text(
        "import http.client\n"
        "def test_it(capturing_server):\n"
        "    connection = http.client.HTTPConnection(capturing_server.host, capturing_server.port)\n"
        "    connection.request('GET', '/')\n"
        "    connection.close()\n"
        "    assert [request.method for request in capturing_server.requests()] == [b'GET']\n"
    )
    assert pytest_("test_client.py").counts == {"passed": 1}


def test_wrong_usage_of_pytest_ends_without_a_traceback_of_ours(pytest_: Pytest) -> None:
    """A gate that there is not is refused by pytest itself."""
    outcome = pytest_("--gate", "none", "own")
    assert (outcome.code, "pytest_plugin" in outcome.output) == (4, False)


# from a wheel ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The wheel of this checkout; None where the tests run against an installed wheel already."""
    if bundled_root().name == "_cases_data":
        return None
    pytest.importorskip("hatchling", reason="a wheel is built with hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    checkout = Path(wireproof.__file__).parents[2]
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path | None, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with the wheel installed, and with the dependencies of this one."""
    if wheel is None:
        return sys.executable
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = folder / "lib" / version / "site-packages"
    zipfile.ZipFile(wheel).extractall(packages)
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return str(folder / "bin" / "python")


def test_the_wheel_holds_the_cases_and_the_schema(wheel: Path | None) -> None:
    """Case files, clauses and the schema of results travel with the package, tests do not."""
    if wheel is None:
        names = {path.relative_to(bundled_root().parents[1]).as_posix() for path in bundled_root().parent.rglob("*")}
    else:
        names = set(zipfile.ZipFile(wheel).namelist())
    cases = {f"wireproof/_cases_data/{case.source.file}" for case in load().cases}
    assert cases | {"wireproof/_cases_data/clauses.yaml", "wireproof/report/results.schema.json"} <= names
    assert [name for name in names if "/test_" in name] == []


def test_the_bundled_cases_run_from_a_wheel(installed: str, tmp_path: Path) -> None:
    """In a project of somebody else, ``pytest --pyargs wireproof --candidate ...`` runs the cases."""
    (tmp_path / "client.py").write_text("from http.client import HTTPConnection as Client\n")
    arguments = ("--pyargs", "wireproof", "--candidate", "client:Client", "-k", "body-str/latin-1", "-q")
    outcome = run_pytest(installed, tmp_path, *arguments)
    wanted = len([case for case in load().cases if case.id.startswith("body-str/latin-1")])
    assert (outcome.code, outcome.counts.get("passed")) == (0, wanted), outcome.output


def test_the_command_line_runs_from_a_wheel(installed: str, tmp_path: Path) -> None:
    """The command line finds the bundled cases, outside of any checkout."""
    command = [installed, "-m", "wireproof", "run", "-s", "body-str/latin-1/*"]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (0, "")
    where = subprocess.run(
        [installed, "-c", "import wireproof._cases; print(wireproof._cases.bundled_root())"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).name == "_cases_data"
