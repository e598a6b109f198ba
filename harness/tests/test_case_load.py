"""Tests of finding and reading case files and clauses, and of the command ``wireproof check``."""

# ruff: noqa: E501 (a complaint is one line, as a person reads it)

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wireproof._cases import CaseSet, bundled_root, fill, load, load_clauses
from wireproof._model import Clause, Source
from wireproof.cli import main
from wireproof.errors import BrokenCases, UsageError


def written(**changes: str | None) -> str:
    """Write a file with one case of which some keys are changed, added or left out."""
    keys: dict[str, str | None] = {
        "name": "a",
        "about": '"b."',
        "clauses": "[body.none]",
        "request": '{method: "GET", url: "/"}',
        "expect": '{head: ["GET / HTTP/1.1"]}',
        **changes,
    }
    lines = [f"{name}: {value}" for name, value in keys.items() if value is not None]
    return 'about: "x"\ncases:\n- ' + "\n  ".join(lines) + "\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a folder of cases with two clauses of its own."""
    clause = '- {id: %s, level: %s, source: "here", text: "Something."}\n'
    (tmp_path / "clauses.yaml").write_text(clause % ("body.none", "documented") + clause % ("own.clause", "de-facto"))
    (tmp_path / "folder").mkdir()
    return tmp_path


def put(root: Path, **files: str) -> None:
    """Write case files into the folder ``folder``."""
    for name, text in files.items():
        (root / "folder" / f"{name}.yaml").write_text(text)


NO_CASE_FILE = (
    "folder/two.yaml:1:1: found the bare word 'broken'; wanted a case file: a mapping with keys of about and cases"
)


def ids(found: CaseSet) -> list[str]:
    """Return the ids of the cases found."""
    return [case.id for case in found.cases]


def refused(path: Path, *globs: str) -> list[str]:
    """Return what is said of the case files below a path."""
    with pytest.raises(BrokenCases) as caught:
        load(path, globs)
    return [str(complaint) for complaint in caught.value.complaints]


def test_folder(root: Path) -> None:
    """Every *.yaml and *.yml below a folder is read, in order of the paths, but no clauses, catalogs and matrices."""
    for name in ("b/x.yaml", "b/a.yml", "a/deep/er.yaml", "b/notes.txt", "catalog/x.txt", "matrix/x.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(written(clauses="[own.clause]"))
    (root / "b" / "folder.yaml").mkdir()
    found = load(root)
    assert ids(found) == ["a/deep/er/a", "b/a/a", "b/x/a"]
    assert (found.root, list(found.clauses)) == (root, ["body.none", "own.clause"])
    assert [case.folder for case in found.cases] == ["a", "b", "b"]
    assert [case.source for case in found.cases] == [
        Source("a/deep/er.yaml", 3),
        Source("b/a.yml", 3),
        Source("b/x.yaml", 3),
    ]


@pytest.mark.parametrize("folder", ["catalog", "matrix"])
def test_folder_in_a_folder_of_catalogs(root: Path, folder: str) -> None:
    """A catalog or a matrix that lies too deep is not quietly left out."""
    put(root, x=written())
    (root / folder / "deep").mkdir(parents=True)
    (root / folder / "deep" / "x.yaml").write_text(written())
    said = f"found a file in a folder of {folder}; wanted it in {folder} itself, where alone they are read"
    assert refused(root) == [f"{folder}/deep/x.yaml:1:1: {said}"]
    assert ids(load(root / "folder")) == ["folder/x/a"]


def test_part_of_a_folder(root: Path) -> None:
    """A folder inside, or one file, is read under the ids that it has in the whole."""
    put(root, one=written(), two=written(name="b"))
    (root / "other").mkdir()
    assert ids(load(root / "folder")) == ["folder/one/a", "folder/two/b"]
    assert ids(load(root / "folder" / "two.yaml")) == ["folder/two/b"]


def test_link(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link is read under the name that it has where it lies."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "Some File.txt"
    elsewhere.write_text(written())
    (root / "folder" / "link.yaml").symlink_to(elsewhere)
    assert ids(load(root / "folder" / "link.yaml")) == ["folder/link/a"] == ids(load(root))


def test_folder_without_clauses(tmp_path: Path) -> None:
    """A folder of cases without clauses of its own uses the bundled ones."""
    (tmp_path / "x.yaml").write_text(written())
    found = load(tmp_path)
    assert (ids(found), found.root) == (["x/a"], tmp_path)
    assert found.clauses == load_clauses(bundled_root() / "clauses.yaml")


def test_globs(root: Path) -> None:
    """With globs only files are read that could hold a case with a matching id."""
    put(root, one=written() + written().split("cases:\n")[1].replace("name: a", "name: b"), two="broken")
    for glob in ("folder/one/a", "folder/one*", "folder/one/*", "folder/one/[b]"):
        assert ids(load(root, [glob])) == ["folder/one/a", "folder/one/b"]
    for glob in ("*/b", "f?lder/one/b", "[f]older/*", "folder/t*"):
        assert refused(root, "nothing", glob) == [NO_CASE_FILE]
    assert ids(load(root, ["nothing", "folder/on/a"])) == []


def test_lines_of_windows(root: Path) -> None:
    """A file with CRLF is read like any other, and complaints count its lines alike."""
    text = written(name="A").replace("\n", "\r\n")
    (root / "folder" / "x.yaml").write_bytes(text.encode())
    assert refused(root) == ["folder/x.yaml:3:9: found the bare word 'A'; wanted lower-case words joined by hyphens"]
    (root / "folder" / "x.yaml").write_bytes(text.replace("name: A", "name: a").encode())
    (case,) = load(root).cases
    put(root, x=written())
    assert load(root).cases == (case,)


def test_everything_at_once(root: Path) -> None:
    """All complaints about all files come at once, in the order of files and lines."""
    put(root, b=written(threads="1", name="A"), a=written(clauses="[rfc.empty]"), c=written())
    put(root, Capital=written(name="A"))
    (root / "folder" / "c.yml").write_text(written())
    (root / "folder" / "latin.yaml").write_bytes(b'about: "\xe9"\n')
    put(root, accent="")
    assert refused(root) == [
        "folder/Capital.yaml:1:1: found the file name 'folder/Capital.yaml'; wanted lower-case words joined by hyphens",
        "folder/Capital.yaml:3:9: found the bare word 'A'; wanted lower-case words joined by hyphens",
        "folder/a.yaml:5:13: found the bare word 'rfc.empty'; wanted the id of a clause in clauses.yaml",
        "folder/accent.yaml:1:1: found an empty file; wanted one YAML document",
        "folder/b.yaml:3:9: found the bare word 'A'; wanted lower-case words joined by hyphens",
        "folder/b.yaml:8:12: found the bare word '1'; wanted true or false, without quotes",
        "folder/c.yml:1:1: found a second file for the ids folder/c/… (beside folder/c.yaml); wanted one of the two",
        "folder/latin.yaml:1:1: found the byte E9, which is not UTF-8, at offset 8; wanted ASCII",
    ]


def test_unreadable_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the system does not let us read is a complaint, not a crash."""
    put(root, x=written())
    read_bytes = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "x.yaml":
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refused(root) == [
        "folder/x.yaml:1:1: found a file that cannot be read (Permission denied); wanted one that can"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: found an empty file; wanted one YAML document"]),
        ("a: b", ["1:1: found a mapping with the key 'a'; wanted a list, […, …], of at least 1 item"]),
        ("[]", ["1:1: found an empty list; wanted a list, […, …], of at least 1 item"]),
        (
            '- {id: A b, level: rfd, source: x, text: "", sentences: [0, 23], excluded: []}\n- x',
            [
                "1:8: found the bare word 'A b'; wanted lower-case words joined by full stops and hyphens",
                "1:20: found the bare word 'rfd'; wanted a level: documented, de-facto or rfc (did you mean 'rfc'?)",
                "1:33: found the bare word 'x'; wanted where it comes from: one line of text in double quotes, \"…\"",
                "1:42: found the text ''; wanted the clause in our own words: one line of text in double quotes, \"…\"",
                "1:58: found the bare word '0'; wanted a decimal integer from 1 to 22",
                "1:61: found the bare word '23'; wanted a decimal integer from 1 to 22",
                '1:76: found an empty list; wanted why there is nothing to test: one line of text in double quotes, "…"',
                "2:3: found the bare word 'x'; wanted a clause: a mapping with keys of id, level, source, text, sentences and excluded",
            ],
        ),
        (
            '- {id: a, level: rfc, source: "s", text: "t", sentences: [1, 2, 1]}',
            ["1:65: found the bare word '1' twice; wanted each one once"],
        ),
        (
            '- {id: a, level: rfc, source: "s", text: "t"}\n' * 3,
            [
                "2:3: found the clause 'a' twice; wanted each id once",
                "3:3: found the clause 'a' twice; wanted each id once",
            ],
        ),
    ],
)
def test_broken_clauses(root: Path, text: str, expected: list[str]) -> None:
    """A broken clauses.yaml is complained about like a case file, and cases are not read."""
    put(root, x="broken")
    (root / "clauses.yaml").write_text(text)
    assert refused(root) == [f"clauses.yaml:{line}" for line in expected]


def test_clauses(root: Path) -> None:
    """A clause becomes a value; what is not written has its default."""
    (root / "clauses.yaml").write_text(
        '- {id: a.b-c, level: rfc, source: "s", text: "t", sentences: [3, 1], excluded: "e"}\n'
        '- {id: d, level: de-facto, source: "s", text: "t"}\n'
    )
    assert load_clauses(root / "clauses.yaml") == {
        "a.b-c": Clause("a.b-c", "rfc", "s", "t", (3, 1), "e"),
        "d": Clause("d", "de-facto", "s", "t"),
    }


@pytest.mark.parametrize("name", ["nowhere", "folder", "clauses.yaml"])
def test_nothing_to_read(root: Path, name: str) -> None:
    """A path that is not there, a folder without case files and clauses.yaml itself are wrong usage."""
    with pytest.raises(UsageError, match=r"^case path: got '.*'; wanted a") as caught:
        load(root / name)
    assert caught.value.got == str(root / name)


@pytest.mark.parametrize("has_wheel", [False, True])
def test_bundled_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_wheel: bool) -> None:
    """The bundled cases lie in the package when it came from a wheel, else in the checkout."""
    package = tmp_path / "harness" / "wireproof"
    module = package / "_cases" / "_load.py"
    module.parent.mkdir(parents=True)
    if has_wheel:
        (package / "_cases_data").mkdir()
    monkeypatch.setattr("wireproof._cases._load.__file__", str(module))
    assert bundled_root() == (package / "_cases_data" if has_wheel else tmp_path / "cases")


# the command line


Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Return the command line as a function that returns exit code, output and errors."""
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["wireproof", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return (ended.value.code, *capsys.readouterr())

    return call


BROKEN = """\
wireproof: 2 complaints about case files
folder/x.yaml:3:9: found the bare word 'A'; wanted lower-case words joined by hyphens
folder/x.yaml:8:12: found the bare word '1'; wanted true or false, without quotes
"""


def test_check_broken(root: Path, cli: Cli) -> None:
    """The command check lists the complaints and exits with 2."""
    put(root, x=written(name="A", threads="1"))
    assert cli("check", root) == (2, "", BROKEN)


def test_run_broken(root: Path, cli: Cli) -> None:
    """The command run lists the complaints, exits with 2 and runs nothing."""
    put(root, x=written(name="A", threads="1"), good=written())
    assert cli("run", "--cases", root, "nowhere:Class") == (2, "", BROKEN)


def test_no_traceback(root: Path) -> None:
    """In a process of its own, too, a broken file gives sentences and no traceback."""
    put(root, x=written(name="A", threads="1"))
    command = [sys.executable, "-c", "from wireproof.cli import main; main()", "check", str(root)]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (2, "", BROKEN)


def test_check_nothing(root: Path, cli: Cli) -> None:
    """A folder without case files is wrong usage, in one sentence."""
    sentence = f"wireproof: case path: got {str(root)!r}; wanted a case file, or a folder with at least one (*.yaml)\n"
    assert cli("check", root) == (2, "", sentence)


HEAD = '["GET / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]'
LENGTH = '["POST / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity", "Content-Length: 5"]'
POST = '{method: "POST", url: "/", body: "abc"}'


def test_check_good(tmp_path: Path, cli: Cli) -> None:
    """Of cases without fault check says how many they are."""
    (tmp_path / "x.yaml").write_text(written(expect=f"{{head: {HEAD}}}"))
    clauses = len(load_clauses(bundled_root() / "clauses.yaml"))
    assert cli("check", tmp_path) == (0, f"1 case in 1 file, {clauses} clauses: no complaint\n", "")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"request": POST, "expect": f'{{head: {LENGTH}, body: "abc"}}', "clauses": "[length.str]"},
            [
                "x.yaml:3: BUG IN CASE x/a: the expected bytes of step 1 break length.str: Content-Length is 5; the body has 3 bytes.",
                "x.yaml:3: BUG IN CASE x/a: the expected bytes break rfc.content-short, and asked does not say so",
            ],
        ),
        (
            {"expect": f"{{head: {HEAD}}}", "asked": "[rfc.content-short]"},
            ["x.yaml:3: BUG IN CASE x/a: asked says rfc.content-short, and the expected bytes do not break it"],
        ),
        (
            {"expect": f"{{head: {HEAD}}}", "clauses": "[body.none, length.str]"},
            ["x.yaml:3: BUG IN CASE x/a: the clause length.str does not speak of any of its calls"],
        ),
    ],
)
def test_bug_in_case(tmp_path: Path, cli: Cli, changes: dict[str, str | None], expected: list[str]) -> None:
    """An expectation that the contract or the RFCs contradict is a bug in the case, for check and for run."""
    (tmp_path / "x.yaml").write_text(written(**changes))
    count = "1 complaint" if len(expected) == 1 else f"{len(expected)} complaints"
    lines = [f"wireproof: {count} about case files", *expected]
    answer = (2, "", "".join(f"{line}\n" for line in lines))
    assert cli("check", tmp_path) == answer
    assert cli("run", "--cases", tmp_path, "nowhere:Class") == answer


def test_write_docs(tmp_path: Path, cli: Cli) -> None:
    """With --write-docs the schemas are written beside the files, and the tables into a README that has marks."""
    (tmp_path / "x.yaml").write_text(written(expect=f"{{head: {HEAD}}}"))
    (tmp_path / "README.md").write_text("before\n<!-- defects: begin -->\nold\n<!-- defects: end -->\nafter\n")
    code, out, err = cli("check", "--write-docs", tmp_path)
    assert (code, err) == (0, "")
    names = ("schema.json", "catalog.schema.json", "matrix.schema.json", "README.md")
    assert out.splitlines()[:4] == [f"{tmp_path / name}: written" for name in names]
    assert (tmp_path / "README.md").read_text() == fill((tmp_path / "README.md").read_text())
    assert "| `stale-head` |" in (tmp_path / "README.md").read_text()
    (tmp_path / "README.md").unlink()
    code, out, err = cli("check", "--write-docs", tmp_path)
    assert (code, out.splitlines()[:3], err) == (0, [f"{tmp_path / name}: written" for name in names[:3]], "")


def test_write_docs_of_a_file(tmp_path: Path, cli: Cli) -> None:
    """--write-docs with a file is wrong usage."""
    (tmp_path / "x.yaml").write_text(written())
    sentence = f"wireproof: case path: got {str(tmp_path / 'x.yaml')!r}; wanted a folder, with --write-docs\n"
    assert cli("check", "--write-docs", tmp_path / "x.yaml") == (2, "", sentence)
