"""Descriptions of candidates: the format and what is said of mistakes, finding them, and installing what they need."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from wireproof._cases import load_clauses
from wireproof._cases._load import bundled_root
from wireproof._descriptions import (
    _install,
    _places,
    candidate,
    described,
    find,
    folders_of,
    install,
    installed,
    load,
    needs_install,
    schema,
)
from wireproof._descriptions._find import SHIPPED
from wireproof._descriptions._shape import LACKS, Description, read
from wireproof._model import Candidate, Tolerances
from wireproof.errors import BrokenDescriptions, CandidateError, InstallError, UsageError

DRIVER = str(_places.DRIVERS / "python_driver.py")
COMMAND = (sys.executable, "-m", "wireproof")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install into a folder of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "wireproof" / "candidates"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a description and returns its folder."""

    def writer(text: str, name: str = "mine", folder: str = "own") -> Path:
        own = tmp_path / folder
        own.mkdir(exist_ok=True)
        (own / f"{name}.yaml").write_text(text)
        return own

    return writer


def found(folder: Path, name: str = "mine") -> Candidate:
    """Return the candidate that is described in the folder."""
    candidate = find(name, [folder])
    assert candidate is not None
    return candidate


# the format ---------------------------------------------------------------------------------------------------------


def test_a_class_alone_is_called_in_process(write: Callable[..., Path]) -> None:
    """With neither a requirement nor a Python of its own a class needs no process."""
    folder = write('about: "x"\nclass: a.b:C.d\n')
    assert found(folder) == Candidate("mine", "a.b:C.d")


def test_every_key_ends_up_in_the_candidate(write: Callable[..., Path]) -> None:
    """What is written is what is told to the driver, tolerated, left out and called."""
    folder = write(
        r"""
        about: "x"
        python: python3
        needs: {python3: "apt install python3"}
        class: a:B
        path: ["src", "<here>/more"]
        constructor: {timeout: 2.5, strict: true, none: null, size: -3, name: "n", list: [1, {a: "b"}]}
        renames: {encode_chunked: chunked}
        environment: {A: "<here>/x", B: "1"}
        lacks: [blocksize, names, ports.str]
        ambient: {User-Agent: "a/[0-9.]+", X: ""}
        omits: [Accept-Encoding]
        order: free
        names: free
        gate: contract
        known: {body.none: "no length"}
        notes: ["a", "b"]
        """.replace('X: ""', 'X: "\\\\d"')
    )
    python = _places.program("python3")
    here = str(folder)
    assert found(folder) == Candidate(
        "mine",
        "a:B",
        (str(python), "-B", DRIVER),
        {
            "constructor": {
                "timeout": 2.5,
                "strict": True,
                "none": None,
                "size": -3,
                "name": "n",
                "list": [1, {"a": "b"}],
            },
            "renames": {"encode_chunked": "chunked"},
        },
        ("blocksize", "names", "ports.str"),
        Tolerances((("User-Agent", "a/[0-9.]+"), ("X", "\\d")), ("Accept-Encoding",), True, True),
        {"A": f"{here}/x", "B": "1", "PYTHONPATH": f"{here}/src:{here}/more"},
        "contract",
    )
    (known,) = [each for each in described([folder]) if each.name == "mine"]
    assert (known.known, known.notes, known.needs) == (
        {"body.none": "no length"},
        ("a", "b"),
        {"python3": "apt install python3"},
    )


def test_places_are_filled_into_a_command(write: Callable[..., Path]) -> None:
    """<here>, <drivers> and <python> are absolute wherever they stand in a word."""
    folder = write(
        'about: "x"\ncommand: ["<python>", "-x<here>/a", "<drivers>/b"]\ntarget: "t"\noptions: {deep: [true]}\n'
    )
    drivers = str(_places.DRIVERS)
    assert found(folder) == Candidate("mine", "t", (sys.executable, f"-x{folder}/a", f"{drivers}/b"), {"deep": [True]})


COMPLAINTS = {
    "nothing": ("", "1:1: found an empty file; wanted one YAML document"),
    "no mapping": ("- 1", "1:1: found a list of 1 item; wanted a description"),
    "no way": (
        'about: "x"',
        "1:1: found a description with the key 'about'; "
        "wanted the key 'class' (a Python class) or 'command' (a driver), too",
    ),
    "no about": ("class: a:B", "1:1: found a description with the key 'class'; wanted the key 'about', too"),
    "two ways": (
        'about: "x"\nclass: a:B\ncommand: ["x"]',
        "3:10: found a command beside a class; wanted one of the two",
    ),
    "target of a class": (
        'about: "x"\nclass: a:B\ntarget: "x"',
        "3:1: found the key 'target' beside 'class'; wanted it beside 'command' only",
    ),
    "renames of a command": (
        'about: "x"\ncommand: ["x"]\nrenames: {body: data}',
        "3:1: found the key 'renames' beside 'command'; wanted it beside 'class' only",
    ),
    "unknown key": (
        'about: "x"\nclass: a:B\nambiant: {}',
        "3:1: found the unknown key 'ambiant'; wanted a key of a description:",
    ),
    "a key twice": (
        'about: "x"\nclass: a:B\nclass: a:C',
        "3:1: found the key 'class' twice (first in line 2); wanted each key once",
    ),
    "about without quotes": (
        "about: x\nclass: a:B",
        "1:8: found the bare word 'x'; wanted what the candidate is: one line of text in double quotes",
    ),
    "no class": ('about: "x"\nclass: a.B', "2:8: found the bare word 'a.B'; wanted package.module:Class"),
    "not pinned": (
        'about: "x"\nclass: a:B\nrequirement: ["six"]',
        '3:15: found the text \'six\'; wanted a pinned requirement, "name==1.2", or a folder, "./name"',
    ),
    "an option of pip": (
        'about: "x"\nclass: a:B\nrequirement: ["--index-url=http://a"]',
        "3:15: found the text '--index-url=http://a'; wanted a pinned requirement",
    ),
    "no requirements": (
        'about: "x"\nclass: a:B\nrequirement: []',
        "3:14: found an empty list; wanted a list, […, …], of at least 1 item",
    ),
    "no Python": (
        'about: "x"\nclass: a:B\npython: "/usr/bin/python3"',
        "3:9: found the text '/usr/bin/python3'; wanted the command of a Python",
    ),
    "unknown lack": (
        'about: "x"\nclass: a:B\nlacks: [block_size]',
        "3:9: found the bare word 'block_size'; wanted an argument of request or of the constructor, "
        "or another thing that a candidate may lack (did you mean 'blocksize'?)",
    ),
    "a lack twice": ('about: "x"\nclass: a:B\nlacks: [names, names]', "3:16: found the bare word 'names' twice"),
    "no pattern": (
        'about: "x"\nclass: a:B\nambient: {A: "("}',
        "3:14: found a regular expression that is none "
        "(missing ), unterminated subpattern at position 0); wanted the pattern of the field's whole value",
    ),
    "no field": (
        'about: "x"\nclass: a:B\nambient: {"a b": "c"}',
        "3:11: found the text 'a b'; wanted the name of a header field",
    ),
    "no order": (
        'about: "x"\nclass: a:B\norder: any',
        "3:8: found the bare word 'any'; wanted free: free",
    ),
    "no gate": (
        'about: "x"\nclass: a:B\ngate: strict',
        "3:7: found the bare word 'strict'; wanted a layer: bytes, contract or rfc",
    ),
    "no JSON": (
        'about: "x"\nclass: a:B\nconstructor: {a: [yes]}',
        "3:19: found the bare word 'yes'; wanted a number, true, false or null, or text in double quotes",
    ),
    "a number of another notation": (
        'about: "x"\nclass: a:B\nconstructor: {a: 010}',
        "3:18: found the bare word '010'; wanted a number",
    ),
    "no table": (
        'about: "x"\nclass: a:B\nknown: [a]',
        "3:8: found a list of 1 item; wanted ids of clauses, each with a sentence: a mapping, {…: …}",
    ),
    "no command": (
        'about: "x"\ncommand: "node x"',
        "2:10: found the text 'node x'; wanted a list, […, …], of at least 1 item",
    ),
    "an anchor": ('about: &a "x"\nclass: a:B', "1:8: found an anchor or an alias; wanted the value itself"),
    "no YAML": ('about: "x', "found what is not YAML"),
    "no ASCII": ('about: "\xe9"\nclass: a:B', "1:9: found the character 'é'; wanted ASCII only"),
}


@pytest.mark.parametrize("name", COMPLAINTS)
def test_a_mistake_is_one_sentence_with_file_and_line(write: Callable[..., Path], name: str) -> None:
    """It says where, what was found, and what was wanted instead."""
    text, wanted = COMPLAINTS[name]
    folder = write(text)
    with pytest.raises(BrokenDescriptions) as caught:
        find("mine", [folder])
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith(f"{folder}/mine.yaml:")
    assert wanted in said


def test_all_mistakes_are_listed_at_once(write: Callable[..., Path]) -> None:
    """Several places of several files are one report, in their order."""
    folder = write("about: x\nclass: a:B\norder: no\n")
    write("about: 1\nclass: a:B\n", "other")
    with pytest.raises(BrokenDescriptions) as caught:
        described([folder])
    heading, *lines = str(caught.value).splitlines()
    assert heading == "3 complaints about descriptions of candidates"
    assert [line.rsplit("/", 1)[1].partition(" ")[0] for line in lines] == [
        "mine.yaml:1:8:",
        "mine.yaml:3:8:",
        "other.yaml:1:8:",
    ]


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("a b.yaml", "found the file name 'a b.yaml'; wanted lower-case words"),
        ("stdlib.yaml", "found the file name 'stdlib.yaml'; wanted another one: stdlib is a candidate without"),
        ("mine.yml", "found the file name 'mine.yml'; wanted 'mine.yaml'"),
    ],
)
def test_a_file_is_named_as_the_candidate(tmp_path: Path, file: str, wanted: str) -> None:
    """A name that nobody could ask for is refused."""
    (tmp_path / file).write_text('about: "x"\nclass: a:B\n')
    with pytest.raises(BrokenDescriptions, match=re.escape(wanted)):
        described([tmp_path])


def test_what_is_no_text_is_a_complaint(tmp_path: Path) -> None:
    """So is a file that cannot be read."""
    (tmp_path / "a.yaml").write_bytes(b"about: \xff")
    with pytest.raises(BrokenDescriptions, match="found the byte FF, which is not UTF-8, at offset 7; wanted ASCII"):
        load(tmp_path / "a.yaml")
    with pytest.raises(BrokenDescriptions, match="cannot be read"):
        load(tmp_path / "none.yaml")


# finding ------------------------------------------------------------------------------------------------------------


def test_what_nobody_describes_is_none(tmp_path: Path) -> None:
    """Names that mean something else already are none, too, and so is what is no name."""
    names = ("nobody", "stdlib", "reference", "http.client:HTTPConnection", "../mine", "")
    assert [find(name, [tmp_path]) for name in names] == [None] * len(names)


def test_an_own_description_counts_before_a_shipped_one(write: Callable[..., Path]) -> None:
    """The first folder wins; the others are not even read."""
    first = write('about: "x"\nclass: a:B\n', "httplib2", "first")
    second = write('about: "x"\nclass: a:C\n', "httplib2", "second")
    write("broken", "mine", "second")
    assert find("httplib2", [first, second]) == Candidate("httplib2", "a:B")
    (second / "mine.yaml").unlink()
    listed = [each for each in described([first, second]) if each.name == "httplib2"]
    assert [each.class_ for each in listed] == ["a:B"]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    """It is not taken for one without descriptions."""
    with pytest.raises(UsageError, match=r"folder of candidates: got '.*none'; wanted a folder that exists"):
        find("mine", [tmp_path / "none"])


def test_pyproject_names_folders(tmp_path: Path) -> None:
    """The nearest one counts, and its folders are beside it."""
    (tmp_path / "pyproject.toml").write_text('[tool.wireproof]\ncandidates = ["a", "b"]\n')
    for name in ("a", "b", "deep/er"):
        (tmp_path / name).mkdir(parents=True)
    assert folders_of(tmp_path / "deep" / "er") == [tmp_path / "a", tmp_path / "b"]
    (tmp_path / "deep" / "pyproject.toml").write_text("[project]\n")
    assert folders_of(tmp_path / "deep" / "er") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[tool.wireproof", "wanted a TOML file that can be read"),
        ('[tool.wireproof]\ncandidate = ["a"]', "got 'candidate'; wanted only the key candidates"),
        ('[tool.wireproof]\ncandidates = "a"', "got 'a'; wanted a list of folders"),
        ("[tool.wireproof]\ncandidates = [1]", "got '[1]'; wanted a list of folders"),
        ('[tool.wireproof]\ncandidates = ["none"]', "got 'none'; wanted a folder that exists"),
        ("[tool]\nwireproof = 1", "got '1'; wanted only the key"),
    ],
)
def test_a_broken_pyproject_is_one_sentence(tmp_path: Path, text: str, wanted: str) -> None:
    """It names the file."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=re.escape(wanted)) as caught:
        folders_of(tmp_path)
    assert str(tmp_path / "pyproject.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


# what is shipped ----------------------------------------------------------------------------------------------------

SHIPPED_NAMES = sorted(file.stem for file in SHIPPED.glob("*.yaml"))


def test_at_least_fifteen_are_shipped() -> None:
    """All of them can be read."""
    names = [each.name for each in described()]
    assert names == SHIPPED_NAMES
    assert len(names) >= 15


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_a_shipped_description_keeps_to_the_rules(name: str) -> None:
    """It keeps to the schema; programs have a hint, clauses exist, and files that it names are shipped."""
    file = SHIPPED / f"{name}.yaml"
    known = load(file)
    jsonschema.validate(yaml.safe_load(file.read_text()), schema())
    assert set(known.known) <= set(load_clauses(bundled_root() / "clauses.yaml"))
    words = [word for step in (known.command, *known.build) for word in step]
    for word in words:
        if word.startswith("<drivers>"):
            assert Path(_places.filled(word, known)).is_file(), word
    program = known.build[0][0] if known.build else known.command[0] if known.command else known.python
    assert program in {None, "<python>", *known.needs}
    if known.class_ and known.class_.startswith("wireproof_"):
        assert (_places.DRIVERS / "adapters" / f"{known.class_.partition(':')[0]}.py").is_file()


def test_the_schema_refuses_what_is_unknown() -> None:
    """Editors are told what the reader is."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"about": "x", "klass": "a:B"}, schema())


DOCUMENTATION = Path(__file__).parents[2] / "docs" / "candidates.md"


@pytest.mark.skipif(not DOCUMENTATION.is_file(), reason="the documentation is in the repository only")
def test_the_documentation_has_every_key_and_nothing_else() -> None:
    """The same holds for what may be lacking, and its examples are descriptions."""
    text = DOCUMENTATION.read_text()
    keys = {key.partition(":")[0] for key in re.findall(r"^\| `([^`<]+)` \|", text, re.MULTILINE)}
    assert keys == set(schema()["properties"])
    lacks = text.partition("<!-- lacks: begin -->")[2].partition("<!-- lacks: end -->")[0]
    assert set(re.findall("`([^`]+)`", lacks)) == set(LACKS)
    examples = re.findall("```yaml\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        read(example, Path("mine.yaml"), "mine.yaml")


# what is missing ----------------------------------------------------------------------------------------------------


def test_a_missing_program_has_the_command_that_installs_it(write: Callable[..., Path]) -> None:
    """It is one sentence."""
    folder = write('about: "x"\ncommand: ["nonesuch"]\nneeds: {nonesuch: "apt install nonesuch"}\n')
    with pytest.raises(CandidateError) as caught:
        find("mine", [folder])
    assert str(caught.value) == "candidate 'mine': there is no nonesuch on PATH; apt install nonesuch"


def test_a_missing_python_has_the_command_that_installs_it(write: Callable[..., Path]) -> None:
    """Without one it says what to do all the same."""
    text = 'about: "x"\nclass: a:B\npython: python3.99\n'
    with pytest.raises(CandidateError, match=r"install python3\.99 so that it is on PATH"):
        find("mine", [write(text)])
    with pytest.raises(CandidateError) as caught:
        find("mine", [write(text + 'needs: {python3.99: "pyenv install 3.99"}\n')])
    assert str(caught.value) == "candidate 'mine': there is no python3.99 here; pyenv install 3.99"


def test_what_is_not_installed_has_the_command_that_installs_it(write: Callable[..., Path]) -> None:
    """It is wireproof's own."""
    with pytest.raises(CandidateError) as caught:
        find("mine", [write('about: "x"\nclass: a:B\nrequirement: ["six==1.16.0"]\n')])
    assert str(caught.value) == "candidate 'mine': it is not installed; wireproof install mine"


def test_interpreters_of_pyenv_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[..., Path]
) -> None:
    """The newest counts, and what pyenv puts on PATH in their place does not."""
    shims = tmp_path / "shims"
    homes = [tmp_path / "versions" / version / "bin" for version in ("3.98.9", "3.98.10", "system")]
    for folder in (shims, *homes[:2]):
        folder.mkdir(parents=True)
        (folder / "python3.98").symlink_to(sys.executable)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(shims), prepend=os.pathsep)
    folder = write('about: "x"\nclass: a:B\npython: python3.98\n')
    assert found(folder).command[0] == str(homes[1] / "python3.98")


# installing ---------------------------------------------------------------------------------------------------------

BACKEND = """
import base64, hashlib, io, os, sys, zipfile

NAME = "wp_probe-1.0-py3-none-any.whl"


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    HOOK
    with zipfile.ZipFile(os.path.join(wheel_directory, NAME), "w") as wheel:
        wheel.writestr("wp_probe.py", "from http.client import HTTPConnection\\n__version__ = '1.0'\\n")
        about = "wp_probe-1.0.dist-info/"
        wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\\nName: wp-probe\\nVersion: 1.0\\n")
        wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(about + "RECORD", "")
    return NAME
"""


@pytest.fixture
def package(write: Callable[..., Path]) -> Callable[[str], Path]:
    """Return what writes a description with a package beside it, which needs no network; ``hook`` runs in its build."""

    def writer(hook: str = "pass") -> Path:
        folder = write('about: "x"\nclass: wp_probe:HTTPConnection\nrequirement: ["./package"]\n')
        source = folder / "package"
        source.mkdir(exist_ok=True)
        (source / "backend.py").write_text(BACKEND.replace("HOOK", hook))
        (source / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        return folder

    return writer


def mine(folder: Path) -> Description:
    """Return the description."""
    return load(folder / "mine.yaml")


def places(cache: Path) -> list[Path]:
    """Return what is installed, whole or not."""
    return [each for each in cache.iterdir() if each.is_dir()]


def test_an_installed_candidate_runs_in_its_environment(package: Callable[..., Path], cache: Path) -> None:
    """What was installed is known, a second time nothing is done, and the driver finds the class there."""
    folder = package()
    assert needs_install(mine(folder))
    assert installed(mine(folder)) is None
    assert install(mine(folder))
    assert not install(mine(folder))
    assert (installed(mine(folder)) or {})["wp-probe"] == "1.0"
    (place,) = places(cache)
    command = found(folder).command
    assert command == (str(place / "bin" / "python"), "-B", DRIVER)
    start = {"type": "start", "protocol": 1, "candidate": "wp_probe:HTTPConnection", "path": [], "options": {}}
    answer = subprocess.run(command, input=json.dumps(start) + "\n", capture_output=True, text=True, timeout=60)
    assert json.loads(answer.stdout)["client"] == {"name": "wp_probe:HTTPConnection", "version": "1.0"}


def test_other_requirements_are_another_environment(write: Callable[..., Path]) -> None:
    """So is another Python; where the description lies makes no difference."""

    def home(text: str, folder: str = "own") -> str:
        return _places.home(load(write(text, "mine", folder) / "mine.yaml")).name

    first = home('about: "x"\nclass: a:B\nrequirement: ["six==1.16.0"]\n')
    assert re.fullmatch("mine-[0-9a-f]{12}", first)
    assert home('about: "y"\nclass: a:C\nrequirement: ["six==1.16.0"]\n', "other") == first
    assert home('about: "x"\nclass: a:B\nrequirement: ["six==1.15.0"]\n') != first


def test_a_failed_installation_leaves_nothing(package: Callable[..., Path], cache: Path) -> None:
    """It says what failed, and what pip said last."""
    folder = package('raise OSError("no \\x1b[31mred\\x1b[0m today")')
    with pytest.raises(InstallError) as caught:
        install(mine(folder))
    first, *last = str(caught.value).splitlines()
    assert first.startswith("candidate 'mine' cannot be installed: python -m pip install ")
    assert first.endswith(" ended with 1; it printed:")
    assert any("today" in line for line in last)
    assert "\x1b" not in str(caught.value)
    assert places(cache) == []
    assert needs_install(mine(folder))


def test_an_interrupted_installation_leaves_nothing(package: Callable[..., Path], cache: Path, tmp_path: Path) -> None:
    """Neither a half environment nor a process of pip is there afterwards, and the next one succeeds."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    hook = f"open({str(fifo)!r}, 'w').write(str(os.getpid())); import threading; threading.Event().wait()"
    folder = package(hook)
    command = [*COMMAND, "install", "mine", "--candidates", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        builder = int(fifo.read_text())
        (place,) = places(cache)
        assert not (place / "installed.json").exists()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.splitlines()[-1]) == (3, "wireproof: interrupted")
    assert places(cache) == []
    assert _has_ended(builder)
    package()
    assert install(mine(folder))


def _has_ended(process: int) -> bool:
    """Say whether a process that was killed runs no more; whoever inherits it may not have fetched it yet."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def test_a_killed_installation_is_begun_anew(package: Callable[..., Path], cache: Path) -> None:
    """A folder without the marker is not taken for an installed one."""
    folder = package()
    assert install(mine(folder))
    (place,) = places(cache)
    (place / "installed.json").unlink()
    (place / "left").write_text("")
    assert needs_install(mine(folder))
    assert install(mine(folder))
    assert not (place / "left").exists()


def test_a_broken_marker_is_none(package: Callable[..., Path], cache: Path) -> None:
    """Half of one is as good as none."""
    folder = package()
    place = _places.home(mine(folder))
    place.mkdir(parents=True)
    for text in ("", '{"name": ', "[]"):
        (place / "installed.json").write_text(text)
        assert needs_install(mine(folder))


def test_again_installs_anew(package: Callable[..., Path], cache: Path) -> None:
    """What was in the folder is gone."""
    folder = package()
    assert install(mine(folder))
    (place,) = places(cache)
    (place / "left").write_text("")
    assert install(mine(folder), again=True)
    assert not (place / "left").exists()


def test_two_do_not_install_at_once(package: Callable[..., Path], cache: Path, tmp_path: Path) -> None:
    """The second waits for the first, and finds everything done."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    folder = package(f"open({str(fifo)!r}).read()")
    command = [*COMMAND, "install", "mine", "--candidates", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        with fifo.open("w"):  # the first has come to the build
            (place,) = places(cache)
            lock = os.open(f"{place}.lock", os.O_RDWR)
            with pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(lock)
            second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert first.communicate(timeout=60)[0] == "mine: installed\n"
    assert second.communicate(timeout=60)[0] == "mine: is there\n"


def test_build_commands_fill_the_folder(write: Callable[..., Path], cache: Path) -> None:
    """They run in their order, and what they built is what is run; another source is another folder."""
    folder = write(
        'about: "x"\nbuild: [["cp", "<here>/source", "<built>/a"], ["cp", "<built>/a", "<built>/b"]]\n'
        'command: ["<built>/b"]\n'
    )
    (folder / "source").write_text("1")
    assert install(mine(folder))
    (built,) = found(folder).command
    assert Path(built).read_text() == "1"
    assert installed(mine(folder)) == {}
    (folder / "source").write_text("2")
    with pytest.raises(CandidateError, match="it is not installed"):
        found(folder)


def test_a_command_that_is_not_there_is_said(write: Callable[..., Path], cache: Path) -> None:
    """A failed build leaves nothing either."""
    folder = write('about: "x"\nbuild: [["nonesuch"]]\ncommand: ["<built>/b"]\n')
    with pytest.raises(InstallError) as caught:
        install(mine(folder))
    text = "candidate 'mine' cannot be installed: nonesuch cannot be started: No such file or directory"
    assert str(caught.value) == text
    assert places(cache) == []


def test_a_cache_that_cannot_be_written_is_said(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one sentence with the path."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    folder = write('about: "x"\nbuild: [["true"]]\ncommand: ["x"]\n')
    with pytest.raises(InstallError, match=f"cannot be installed: {os.strerror(errno.ENOTDIR)}: {tmp_path}/file"):
        install(mine(folder))


def test_a_relative_cache_counts_for_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That is the specification's word."""
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _places.cache() == tmp_path / ".cache" / "wireproof" / "candidates"


def test_an_interpreter_without_ensurepip_has_virtualenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[..., Path]
) -> None:
    """Where that is missing, too, the command that installs it is said."""
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "python3.97").write_text("#!/bin/sh\nexit 1\n")
    (bare / "python3.97").chmod(0o755)
    monkeypatch.setenv("PATH", str(bare), prepend=os.pathsep)
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    folder = write('about: "x"\nclass: a:B\npython: python3.97\nrequirement: ["six==1.16.0"]\n')
    with pytest.raises(CandidateError, match=r"no venv with ensurepip, and there is no virtualenv; .* -m pip install"):
        install(mine(folder))


def test_nothing_of_our_own_environment_gets_into_a_build(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PYTHONPATH would make pip take packages for installed that are not."""
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("KEPT", "1")
    folder = write('about: "x"\nbuild: [["sh", "-c", "env > <built>/env"]]\ncommand: ["<built>/env"]\n')
    install(mine(folder))
    names = {line.partition("=")[0] for line in Path(found(folder).command[0]).read_text().splitlines()}
    assert "KEPT" in names
    assert not {name for name in names if name.startswith("PYTHON")}


# the commands -------------------------------------------------------------------------------------------------------


def run(*words: str, folder: Path | None = None) -> tuple[int, str, str]:
    """Run wireproof and return its exit code and what it printed."""
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=60, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_candidates_are_listed_with_what_to_do(write: Callable[..., Path]) -> None:
    """Each says how it is called, whether it is there, and what it is."""
    folder = write('about: "my own"\nclass: a:B\n', "a-mine")
    write('about: "theirs"\nclass: a:B\nrequirement: ["six==1.16.0"]\n', "a-theirs")
    code, out, err = run("candidates", "--candidates", str(folder))
    lines = out.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("a-mine "))
    assert (code, err) == (0, "")
    assert [re.sub("  +", "  ", line).strip() for line in lines[at : at + 4]] == [
        "a-mine  in process  yes",
        "my own",
        "a-theirs  environment  no: it is not installed; wireproof install a-theirs",
        "theirs",
    ]
    assert any(line.startswith("httplib2 ") for line in lines)


def test_one_candidate_is_shown_in_full(write: Callable[..., Path], tmp_path: Path) -> None:
    """The folder may stand in pyproject.toml."""
    folder = write(
        'about: "x"\nclass: a:B\nlacks: [names]\nambient: {A: "b+"}\norder: free\ngate: rfc\nknown: {body.none: "c"}\n'
    )
    (tmp_path / "pyproject.toml").write_text('[tool.wireproof]\ncandidates = ["own"]\n')
    code, out, _ = run("candidates", "mine", folder=tmp_path)
    assert (code, [line.split(None, 1) for line in out.splitlines()]) == (
        0,
        [
            ["mine"],
            ["about", "x"],
            ["file", f"{folder}/mine.yaml"],
            ["how", "in process"],
            ["there", "yes"],
            ["class", "a:B"],
            ["lacks", "names"],
            ["adds", "A: b+"],
            ["free", "order"],
            ["gate", "rfc"],
            ["known", "body.none: c"],
        ],
    )


@pytest.mark.parametrize(
    ("words", "code", "wanted"),
    [
        (["candidates", "htplib2"], 2, "candidate 'htplib2': no description has this name; did you mean httplib2?"),
        (["install", "zzzzzz"], 2, "candidate 'zzzzzz': no description has this name; see wireproof candidates"),
        (["install"], 2, "wireproof install: got 'nothing'; wanted names of candidates, or --all"),
        (["install", "a", "--all"], 2, "wireproof install: got 'a'; wanted names of candidates, or --all"),
    ],
)
def test_wrong_usage_is_one_sentence(words: list[str], code: int, wanted: str) -> None:
    """Its exit code is 2."""
    assert run(*words) == (code, "", f"wireproof: {wanted}\n")


def test_one_that_fails_does_not_keep_others_from_being_installed(write: Callable[..., Path]) -> None:
    """The exit code tells of it."""
    folder = write('about: "x"\nbuild: [["false"]]\ncommand: ["x"]\n', "a")
    write('about: "x"\nbuild: [["true"]]\ncommand: ["x"]\n', "b")
    write('about: "x"\nclass: a:B\n', "c")
    code, out, err = run("install", "a", "b", "c", "--candidates", str(folder))
    assert (code, out) == (3, "b: installed\nc: is there\n")
    assert "wireproof: candidate 'a' cannot be installed: false ended with 1" in err.splitlines()


def test_the_marker_is_written_last(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """Whatever is let out before that leaves nothing."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_install, "mark", interrupted)
    folder = write('about: "x"\nbuild: [["touch", "<built>/a"]]\ncommand: ["<built>/a"]\n')
    with pytest.raises(KeyboardInterrupt):
        install(mine(folder))
    assert places(cache) == []
    with pytest.raises(CandidateError, match="it is not installed"):
        candidate(mine(folder))
