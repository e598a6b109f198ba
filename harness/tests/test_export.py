"""What ``wireproof export`` writes: vectors that fit their schema, and tests that need nothing of ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from wireproof import _export
from wireproof._cases import load
from wireproof._export import tests as unittests
from wireproof._export import vectors
from wireproof._model import Blocks, Case

CLIENTS = Path(__file__).parent / "clients"
SCHEMA = json.loads((Path(_export.__file__).parent / "vectors.schema.json").read_text())
SOME = (
    "body-str/*",
    "body-iterable/empty-elements/*",
    "encode-chunked/*",
    "errors/*",
    "sequences/*",
    "body-file/late*",
)


def chosen(*globs: str) -> tuple[Case, ...]:
    """Return the cases with these ids."""
    from fnmatch import fnmatchcase

    return tuple(case for case in load(None, globs).cases if any(fnmatchcase(case.id, glob) for glob in globs))


def small() -> list[Case]:
    """Return every case but the few that are long."""
    return [
        case
        for case in load(None, ()).cases
        if not any(
            step.expect is not None and (isinstance(step.expect.body, Blocks) or len(str(step.expect.body)) > 9_000)
            for step in case.steps
        )
    ]


def wireproof(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    command = [sys.executable, "-m", "wireproof", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def run_tests(path: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """Run a file of tests without any package but the clients."""
    command = [python, "-W", "ignore", "-m", "unittest", path.name]
    environment = {**os.environ, "PYTHONPATH": str(CLIENTS)}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=path.parent, env=environment, timeout=120, check=False
    )


def test_vectors_fit_their_schema() -> None:
    """Every case but the few that are long; each has the bytes of its case."""
    cases, clauses = small(), load(None, ()).clauses
    document = json.loads("".join(vectors(cases, clauses)))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert [vector["id"] for vector in document["vectors"]] == [case.id for case in cases]
    assert document["clauses"].keys() == clauses.keys()
    for case, vector in zip(cases, document["vectors"], strict=True):
        for step, seen in zip(case.steps, vector["steps"], strict=True):
            if step.expect is not None and isinstance(step.expect.body, bytes):
                head = "".join(f"{line}\r\n" for line in step.expect.head) + "\r\n" if step.expect.head else ""
                assert (seen["expect"]["head"] or "") == head
                assert seen["expect"]["body"].encode("latin-1") == step.expect.body


def test_a_schema_that_notices() -> None:
    """A vector with something unknown, or without its bytes, is none."""
    document = json.loads("".join(vectors(chosen("body-str/latin-1/e-acute"), {})))
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.validate(document)
    document["vectors"][0]["steps"][0]["expect"].pop("head")
    assert not validator.is_valid(document)


@pytest.mark.parametrize(
    ("version", "candidate"), [("", "stdlib"), ("", "reference"), ("3.8", "stdlib"), ("3.13", "stdlib")]
)
def test_the_file_of_tests_passes(tmp_path: Path, version: str, candidate: str) -> None:
    """With http.client of every Python from 3.8, and with the reference implementation."""
    python = shutil.which(f"python{version}") if version else sys.executable
    if python is None or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"python{version} is not installed")
    path = tmp_path / "test_wire.py"
    cases = chosen(*SOME)
    path.write_text("".join(unittests(cases, candidate)))
    done = run_tests(path, python)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Ran {len(cases)} tests" in done.stderr


@pytest.mark.parametrize(
    ("client", "glob", "said"),
    [
        ("FirstLost", "body-iterable/collections/list", "First differing element"),
        ("TextAsUtf8", "body-str/latin-1/e-acute", "First differing element"),
        ("EmptyPieceSent", "body-iterable/empty-elements/middle", "Lists differ"),
        ("TextReplaced", "body-str/not-encodable/euro-sign", "not found in"),
    ],
)
def test_the_file_of_tests_finds_faults(tmp_path: Path, client: str, glob: str, said: str) -> None:
    """One test fails, and says what came."""
    path = tmp_path / "test_wire.py"
    path.write_text("".join(unittests(chosen(glob), f"faulty:{client}")))
    done = run_tests(path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "FAILED (failures=1)" in done.stderr


def test_stray_bytes_and_connections_are_found(tmp_path: Path) -> None:
    """Bytes that come late, and a connection that stays open, are nobody's expectation."""
    (tmp_path / "odd.py").write_text(
        "import http.client\n"
        "class Late(http.client.HTTPConnection):\n"
        "    def close(self):\n"
        "        if self.sock: self.sock.sendall(b'more')\n"
        "        super().close()\n"
    )
    path = tmp_path / "test_wire.py"
    path.write_text("".join(unittests(chosen("body-str/latin-1/e-acute"), "odd:Late")))
    done = run_tests(path)
    assert "bytes that nobody asked for" in done.stderr
    assert done.returncode == 1


def test_names_are_never_the_same() -> None:
    """Ids that differ in punctuation only give tests of different names."""
    (case,) = chosen("body-str/latin-1/e-acute")
    from dataclasses import replace

    text = "".join(unittests([case, replace(case, id="body-str/latin-1/e_acute")], "stdlib"))
    names = re.findall(r"def (test_\w+)", text)
    assert len(set(names)) == len(names) == 2


def test_the_command(tmp_path: Path) -> None:
    """It writes to a file or to the standard output; combinations come where they are asked for."""
    path = tmp_path / "vectors.json"
    done = wireproof(
        "export", "vectors", "-s", "body-str/latin-1/*", "-s", "matrix/framing", "--strength", "1", "-o", str(path)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = json.loads(path.read_text())["vectors"]
    assert any(vector["id"].startswith("matrix/framing[") for vector in found)
    assert any(vector["id"].startswith("body-str/") for vector in found)
    done = wireproof("export", "unittest", "some.module:Client", "-s", "body-str/latin-1/e-acute")
    assert "from some.module import Client" in done.stdout
    compile(done.stdout, "test_wire.py", "exec")
    done = wireproof("export", "vectors", "-s", "nothing/*")
    assert done.returncode == 2
    assert done.stderr.startswith("wireproof: --select: got 'nothing/*'")
    done = wireproof("export", "vectors", "-s", "body-str/latin-1/*", "-o", str(tmp_path / "absent" / "x.json"))
    assert done.returncode == 3
    assert "cannot be written" in done.stderr


def test_a_name_cannot_break_out() -> None:
    """The name of a candidate is only ever text in the file."""
    text = "".join(unittests(chosen("body-str/latin-1/e-acute"), 'x"""\nimport os\n"""'))
    compile(text, "test_wire.py", "exec")
    assert "\nimport os\n" not in text
