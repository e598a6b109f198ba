"""Tests of catalogs and matrix files: what is wrong is said where it stands, and what is added takes part."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import click.testing
import pytest

from wireproof._cases import CaseSet, bundled_root, load
from wireproof._cases._manual import _ATTRIBUTES, _OUTCOMES, TABLES
from wireproof._judge import examine
from wireproof._matrix import OUTCOMES, WORDS, Expansion, Matrix, covering, taken_apart
from wireproof.cli import _check
from wireproof.errors import BrokenCases, BugInCase, UsageError, WireproofError

METHODS, BODIES, EXCHANGES = "catalog/methods.yaml", "catalog/bodies.yaml", "catalog/exchanges.yaml"
BETWEEN, SINGLE, SEQUENCE = "catalog/between.yaml", "matrix/single.yaml", "matrix/sequence.yaml"

FILES = {
    "clauses.yaml": """\
- {id: body.none, level: documented, source: "s", text: "t"}
- {id: rfc.h11, level: rfc, source: "s", text: "t"}
""",
    METHODS: """\
about: "Methods."
of: method
values:
- {id: get, about: "GET.", value: "GET"}
- {id: post, about: "POST.", value: "POST", asks: [rfc.h11]}
""",
    BODIES: """\
about: "Bodies."
of: body
values:
- {id: absent, about: "None."}
- {id: text, about: "A str.", value: "abc", sends: ["abc"]}
- {id: wide, about: "An array.", value: {array: {data: "abcd", typecode: "H"}}, sends: ["abcd"], counts: [2]}
- {id: raises, about: "A generator.", value: {generator: ["a", {raise: OSError}]}, sends: ["a"], then: OSError}
""",
    EXCHANGES: """\
about: "Exchanges."
of: exchange
values:
- {id: get, about: "GET.", request: {method: "GET", url: "/"}, expect: {head: ["GET / HTTP/1.1"]}}
- {id: bad, about: "Bad.", request: {method: "G T"}, expect: {head: nothing, raises: ValueError}, leaves: ["a"]}
""",
    BETWEEN: """\
about: "Between."
of: between
values:
- {id: nothing, about: "Nothing.", steps: []}
- {id: close, about: "close().", steps: [close]}
""",
    SINGLE: """\
about: "Single requests."
axes: {method: methods, body: bodies}
given: {url: "/"}
errors:
- {rule: body-raises, when: {body.then: OSError}, raises: as-body, sent: pieces}
- {rule: none, raises: nothing, clauses: [body.none]}
host:
- {rule: any, sends: connection}
accept-encoding:
- {rule: any, sends: identity}
framing:
- {rule: nothing, when: {body.is: none}, adds: nothing, body: nothing}
- {rule: length, when: {body.is: [text, buffer]}, adds: length, body: raw}
- {rule: coding, adds: coding, body: chunked}
defects:
- {rule: none, name: none}
""",
    SEQUENCE: """\
about: "Sequences."
axes: {first: exchanges, between: between, second: exchanges}
second:
- {rule: nothing, when: {between.is: nothing}, outcome: busy, connection: none}
- {rule: closed, outcome: alone, connection: new}
""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a folder with small catalogs and two matrices, and nothing wrong with them."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def change(root: Path, name: str, old: str, new: str) -> None:
    """Replace a part of a file that is there."""
    text = (root / name).read_text()
    assert old in text
    (root / name).write_text(text.replace(old, new, 1))


def refused(path: Path, *globs: str) -> list[str]:
    """Return what is said of the files below a path."""
    with pytest.raises(BrokenCases) as caught:
        load(path, globs)
    return [str(complaint) for complaint in caught.value.complaints]


def check(*arguments: object) -> tuple[int, str]:
    """Call the command check; return its exit code, and what it prints or complains about."""
    done = click.testing.CliRunner().invoke(_check.command, [str(argument) for argument in arguments])
    if isinstance(done.exception, WireproofError):
        return done.exception.exit_code, str(done.exception)
    assert done.exception is None
    return done.exit_code, done.output


# what is wrong with a file -------------------------------------------------------------------------------------------


def test_good(root: Path) -> None:
    """The files of these tests are in order, and each catalog becomes the axis that names it."""
    found = load(root)
    assert {
        matrix.id: [(axis.name, axis.catalog, len(axis.values)) for axis in matrix.axes] for matrix in found.matrices
    } == {
        "matrix/sequence": [("first", "exchanges", 2), ("between", "between", 2), ("second", "exchanges", 2)],
        "matrix/single": [("method", "methods", 2), ("body", "bodies", 4)],
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            SINGLE,
            "method: methods",
            "method: methodz",
            (
                "2:16: found the bare word 'methodz'; wanted a file in catalog/, without "
                ".yaml: between, bodies, exchanges or methods (did you mean 'methods'?)"
            ),
        ),
        (
            SINGLE,
            "method: methods",
            "method: bodies",
            "2:16: found the catalog 'bodies', which is of body; wanted one that is of method",
        ),
        (
            SINGLE,
            "{method: methods,",
            "{methd: methods,",
            (
                "2:8: found the bare word 'methd'; wanted an axis: method, url, body, headers, "
                "encode_chunked, connection, first, between or second (did you mean 'method'?)"
            ),
        ),
        (
            SINGLE,
            "{method: methods,",
            "{body: bodies, method: methods,",
            "2:39: found the key 'body' twice (first in line 2); wanted each key once",
        ),
        (
            SINGLE,
            "axes: {method: methods, body: bodies}",
            "axes: {}",
            (
                "2:7: found a mapping without keys; wanted axes, each with the name of a "
                "catalog: {method: methods, body: bodies}"
            ),
        ),
        (
            SEQUENCE,
            "between: between, ",
            "",
            "2:7: found the axes first and second; wanted all of first, between and second, or none",
        ),
        (
            SINGLE,
            "{body.then: OSError}",
            "{body.than: OSError}",
            (
                "5:30: found the unknown attribute 'body.than'; wanted an attribute of body: "
                "body.is, body.encodable, body.items, body.sized, body.then, body.length or "
                "body.pieces (did you mean 'body.then'?)"
            ),
        ),
        (
            SINGLE,
            "{body.then: OSError}",
            "{headers.then: OSError, url.is: text}",
            (
                "5:30: found the unknown attribute 'headers.then'; wanted an attribute of "
                "headers: headers.is, headers.fields, headers.framing, headers.unread, headers.host, "
                "headers.accept-encoding or headers.refused (did you mean 'headers.host'?)"
            ),
        ),
        (
            SINGLE,
            "{body.then: OSError}",
            "{bdy.then: OSError}",
            (
                "5:30: found the unknown attribute 'bdy.then'; wanted AXIS.ATTRIBUTE with an "
                "axis of this matrix: method, body, url, headers, encode_chunked or connection "
                "(did you mean 'body.then'?)"
            ),
        ),
        (
            SINGLE,
            "{body.then: OSError}",
            "{body.then: OSErorr}",
            (
                "5:41: found the word 'OSErorr' for body.then; wanted a word that it can be: "
                "nothing or OSError (did you mean 'OSError'?)"
            ),
        ),
        (
            SINGLE,
            "[text, buffer]",
            "[text, bufer]",
            (
                "13:41: found the word 'bufer' for body.is; wanted a word that it can be: "
                "none, text, buffer, file, text-file, iterable or other (did you mean "
                "'buffer'?)"
            ),
        ),
        (SINGLE, "[text, buffer]", "[text, text]", "13:41: found the bare word 'text' twice; wanted each one once"),
        (
            SINGLE,
            "{body.is: none}",
            "none",
            (
                "12:25: found the bare word 'none'; wanted conditions: a mapping of attributes "
                "to words, {body.is: [text, buffer]}"
            ),
        ),
        (
            SINGLE,
            "{body.is: none}",
            "{body.is: none, body.is: text}",
            "12:41: found the key 'body.is' twice (first in line 12); wanted each key once",
        ),
        (
            SINGLE,
            "rule: length",
            "rule: nothing",
            "13:10: found the rule 'nothing' twice (first in line 12); wanted each id once in a table",
        ),
        (
            SINGLE,
            "rule: length",
            "rule: Length",
            "13:10: found the bare word 'Length'; wanted lower-case words joined by hyphens",
        ),
        (
            SINGLE,
            "- {rule: length,",
            (
                "- {rule: known, when: {body.is: text}, adds: length, body: raw}\n- {rule: "
                "again, when: {body.is: text, method.is: text}, adds: length, body: raw}\n- "
                "{rule: length,"
            ),
            (
                "14:3: found the rule 'again', which no combination reaches, because 'known' "
                "in line 13 takes them all; wanted rules that each decide something"
            ),
        ),
        (
            SINGLE,
            "- {rule: length,",
            "- {rule: file, when: {body.is: file}, adds: coding, body: chunked}\n- {rule: length,",
            "13:3: found the rule 'file', which no combination reaches; wanted rules that each decide something",
        ),
        (
            SINGLE,
            "- {rule: coding, adds: coding, body: chunked}\n",
            "",
            (
                "12:1: found no rule of framing for matrix/single[method=get,body=raises]; "
                "wanted a rule for every combination; one without when, at the end, takes all"
            ),
        ),
        (
            SINGLE,
            "host:\n- {rule: any, sends: connection}\n",
            "",
            (
                "1:1: found a matrix of single requests without the table 'host'; wanted the "
                "tables errors, host, accept-encoding, framing and defects"
            ),
        ),
        (
            SINGLE,
            "defects:\n",
            "second:\n- {rule: a, outcome: busy, connection: none}\ndefects:\n",
            (
                "15:1: found the table 'second' of a matrix of single requests; wanted the "
                "tables errors, host, accept-encoding, framing and defects"
            ),
        ),
        (
            SEQUENCE,
            "second:\n",
            "host:\n- {rule: a, sends: caller}\nsecond:\n",
            "3:1: found the table 'host' of a matrix of sequences; wanted the table second",
        ),
        (
            SEQUENCE,
            "second:\n",
            "secnd:\n",
            (
                "3:1: found the unknown key 'secnd'; wanted a key of a matrix: about, axes, "
                "given, errors, host, accept-encoding, framing, defects, exercises or second (did you "
                "mean 'second'?)"
            ),
        ),
        (
            SEQUENCE,
            "second:\n",
            'given: {url: "/"}\nsecond:\n',
            "3:8: found given beside sequences; wanted the arguments in the catalogs of exchanges",
        ),
        (
            SINGLE,
            "adds: length",
            "adds: lenght",
            (
                "13:57: found the bare word 'lenght'; wanted adds of a rule: nothing, zero, "
                "length or coding (did you mean 'length'?)"
            ),
        ),
        (
            SINGLE,
            "sends: identity",
            "sends: yes",
            "10:22: found the bare word 'yes'; wanted sends of a rule: caller or identity",
        ),
        (
            SINGLE,
            "raises: as-body, sent: pieces",
            "raises: as-body",
            "5:3: found raises as-body without sent; wanted sent beside every exception, and nowhere else",
        ),
        (
            SINGLE,
            "raises: nothing,",
            "raises: nothing, sent: head,",
            "6:3: found raises nothing with sent; wanted sent beside every exception, and nowhere else",
        ),
        (
            SINGLE,
            "raises: as-body",
            "raises: os-error",
            "5:59: found the bare word 'os-error'; wanted the name of an exception class, as-body or nothing",
        ),
        (
            SINGLE,
            "name: none",
            "name: item-cont, body: raw",
            (
                "16:22: found the bare word 'item-cont'; wanted a defect of CPython, or none: "
                "none, stale-head, item-count, length-wins-over-flag or unsized-buffer (did "
                "you mean 'item-count'?)"
            ),
        ),
        (
            SINGLE,
            "name: none",
            "name: item-count",
            "16:3: found only one of a defect's name and body; wanted both of them, or name: none alone",
        ),
        (
            SINGLE,
            "name: none",
            "name: none, body: raw",
            "16:3: found only one of a defect's name and body; wanted both of them, or name: none alone",
        ),
        (
            SINGLE,
            "clauses: [body.none]",
            "clauses: [body.non]",
            (
                "6:43: found the bare word 'body.non'; wanted the id of a clause in "
                "clauses.yaml (did you mean 'body.none'?)"
            ),
        ),
        (
            SINGLE,
            'given: {url: "/"}\n',
            "",
            "1:1: found a matrix without url; wanted an axis or a given value for each",
        ),
        (
            SINGLE,
            'given: {url: "/"}',
            'given: {url: "/", method: "GET"}',
            "3:27: found method, which is an axis; wanted what is no axis",
        ),
        (
            SINGLE,
            "rule: none, raises: nothing",
            "rule: none, when: {method.is: control}, raises: nothing",
            (
                "5:1: found no rule of errors for matrix/single[method=get,body=absent]; "
                "wanted a rule for every combination; one without when, at the end, takes all"
            ),
        ),
        (
            METHODS,
            "of: method",
            "of: methods",
            (
                "2:5: found the bare word 'methods'; wanted what the values are for: method, "
                "url, body, headers, encode_chunked, connection, exchange or between (did you "
                "mean 'method'?)"
            ),
        ),
        (
            METHODS,
            "id: post",
            "id: get",
            "5:8: found the id 'get' twice (first in line 4); wanted each id once in a catalog",
        ),
        (METHODS, "id: post", "id: Post", "5:8: found the bare word 'Post'; wanted lower-case words joined by hyphens"),
        (METHODS, "id: post", 'id: "a,b"', "5:8: found the text 'a,b'; wanted lower-case words joined by hyphens"),
        (
            METHODS,
            ', value: "POST"',
            "",
            "5:3: found a value for method with the keys 'id', 'about' and 'asks'; wanted the key 'value', too",
        ),
        (
            METHODS,
            "asks: [rfc.h11]",
            "asks: [body.none]",
            "5:52: found the bare word 'body.none'; wanted the id of an RFC clause in clauses.yaml",
        ),
        (
            METHODS,
            "asks: [rfc.h11]",
            "asks: []",
            "5:51: found an empty list; wanted a list, […, …], of at least 1 item",
        ),
        (
            METHODS,
            'value: "POST"',
            'value: "POST", sends: ["x"]',
            "5:45: found the unknown key 'sends'; wanted a key of a value for method: id, about, value or asks",
        ),
        (METHODS, FILES[METHODS], "", "1:1: found an empty file; wanted one YAML document"),
        (
            METHODS,
            FILES[METHODS],
            "about: [\n",
            (
                "2:1: found what is not YAML (while parsing a flow node that begins in line 2: "
                "did not find expected node content); wanted a YAML document, with all text in "
                "double quotes"
            ),
        ),
        (
            METHODS,
            (
                '\n- {id: get, about: "GET.", value: "GET"}\n- {id: post, about: "POST.", value: '
                '"POST", asks: [rfc.h11]}\n'
            ),
            " []\n",
            "3:9: found an empty list; wanted a list, […, …], of at least 1 item",
        ),
        (
            BODIES,
            ", counts: [2]",
            "",
            (
                "6:3: found items of more than one byte without counts; wanted counts, too: "
                "the number of items of each piece, 1 number"
            ),
        ),
        (
            BODIES,
            "counts: [2]",
            "counts: [2, 2]",
            "6:106: found 2 numbers for 1 piece; wanted the number of items of each piece",
        ),
        (
            BODIES,
            'value: "abc", sends: ["abc"]',
            'value: "abc", sends: ["abc"], counts: [3]',
            "5:69: found counts of items of one byte each; wanted no counts",
        ),
        (
            BODIES,
            'about: "None."',
            'about: "None.", sends: ["a"]',
            "4:39: found sends of a body that sends nothing; wanted no sends",
        ),
        (BODIES, 'value: "abc"', 'value: "\\u20ac"', "5:55: found sends of a body that sends nothing; wanted no sends"),
        (
            BODIES,
            'sends: ["abc"]',
            'sends: ["ab", "c"]',
            "5:52: found 2 pieces of text; wanted one piece: it is sent as a whole",
        ),
        (
            BODIES,
            "then: OSError",
            "then: os-error",
            "7:104: found the bare word 'os-error'; wanted the name of an exception class",
        ),
        (
            EXCHANGES,
            "expect: {head: nothing, raises: ValueError}",
            'expect: {head: ["a"], raises: ValueError}',
            "5:105: found lines left behind by a head that was sent; wanted leaves only where nothing is",
        ),
        (
            EXCHANGES,
            ', leaves: ["a"]',
            ", leaves: []",
            "5:107: found an empty list; wanted a list, […, …], of at least 1 item",
        ),
        (
            BETWEEN,
            "steps: [close]",
            "steps: [open]",
            "5:42: found the bare word 'open'; wanted a step: a mapping, or the word: close",
        ),
        (
            BETWEEN,
            "steps: [close]",
            "steps: [{close: b}]",
            "5:42: found a request, or another connection; wanted close or {reply: NAME}",
        ),
    ],
)
def test_bad(root: Path, name: str, old: str, new: str, said: str) -> None:
    """Whatever is wrong in a catalog or a matrix is one sentence: where, what was found, what was wanted."""
    change(root, name, old, new)
    assert refused(root) == [f"{name}:{said}"]
    assert check(root) == (2, f"1 complaint about case files\n{name}:{said}")


def test_bad_at_once(root: Path) -> None:
    """All complaints about catalogs come at once; of matrices nothing is said as long as there are some."""
    change(root, METHODS, "id: post", "id: get")
    change(root, BODIES, ", counts: [2]", "")
    change(root, SINGLE, "adds: length", "adds: lenght")
    assert [line.split(" ", 1)[0] for line in refused(root)] == [f"{BODIES}:6:3:", f"{METHODS}:5:8:"]


def test_catalog_that_is_no_text(root: Path) -> None:
    """A catalog in another encoding is complained about like any other file."""
    (root / METHODS).write_bytes(b"about: \xff")
    said = "found the byte FF, which is not UTF-8, at offset 7; wanted ASCII"
    assert refused(root) == [f"{METHODS}:1:1: {said}"]


@pytest.mark.parametrize("name", ["catalog/a b.yaml", "catalog/Methods.yaml", "matrix/a[b].yaml"])
def test_file_name(root: Path, name: str) -> None:
    """The names of catalogs and matrices are words, because ids and axes are made of them."""
    shutil.copy(root / (METHODS if name.startswith("catalog") else SINGLE), root / name)
    found = f"the file name {name.split('/')[1]!r}"
    assert refused(root) == [f"{name}:1:1: found {found}; wanted lower-case words joined by hyphens"]


@pytest.mark.parametrize("name", [METHODS, SINGLE])
def test_two_files_of_one_name(root: Path, name: str) -> None:
    """Of x.yaml and x.yml none is quietly left out."""
    other = name.replace(".yaml", ".yml")
    shutil.copy(root / name, root / other)
    stem = name.removesuffix(".yaml")
    found = f"a second file for the ids {stem}/… (beside {name})"
    assert refused(root) == [f"{other}:1:1: found {found}; wanted one of the two"]


def test_no_catalogs(root: Path) -> None:
    """A matrix without a folder of catalogs is told that none is there."""
    shutil.rmtree(root / "catalog")
    (root / SEQUENCE).unlink()
    said = [
        f"{SINGLE}:2:{column}: found the bare word {name!r}; wanted a file in catalog/, where none is"
        for column, name in ((16, "methods"), (31, "bodies"))
    ]
    assert refused(root) == said


def test_too_many_combinations(root: Path) -> None:
    """A matrix is refused that has more combinations than their numbers can count."""
    values = "".join(f'- {{id: v{number}, about: "v", value: {{int: {number}}}}}\n' for number in range(1, 1301))
    (root / METHODS).write_text(f'about: "a"\nof: method\nvalues:\n{values}')
    (root / "catalog/flags.yaml").write_text(f'about: "a"\nof: encode_chunked\nvalues:\n{values}')
    (root / "catalog/urls.yaml").write_text(f'about: "a"\nof: url\nvalues:\n{values}')
    change(root, SINGLE, "{method: methods,", "{method: methods, url: urls, encode_chunked: flags,")
    change(root, SINGLE, 'given: {url: "/"}\n', "")
    assert refused(root) == [f"{SINGLE}:2:7: found 8,788,000,000 combinations; wanted at most 2,147,483,648"]


# what is read --------------------------------------------------------------------------------------------------------


def ids(found: CaseSet) -> list[str]:
    """Return the ids of the matrices that were read."""
    return [matrix.id for matrix in found.matrices]


def test_part(root: Path) -> None:
    """A matrix file is read alone; a catalog, or the folder of them, with everything that may use it."""
    assert ids(load(root / SINGLE)) == ["matrix/single"]
    assert ids(load(root / "matrix")) == ["matrix/sequence", "matrix/single"]
    assert ids(load(root / METHODS)) == ids(load(root / "catalog")) == ids(load(root))


def test_catalogs_alone(root: Path) -> None:
    """Catalogs are checked, too, where no matrix uses them."""
    shutil.rmtree(root / "matrix")
    assert load(root).matrices == ()
    change(root, METHODS, "id: post", "id: get")
    assert len(refused(root)) == 1


def test_globs(root: Path) -> None:
    """With globs only matrices are read that could hold a combination with a matching id."""
    assert ids(load(root, ["matrix/single[method=get]"])) == ["matrix/single"]
    assert ids(load(root, ["matrix/s*"])) == ["matrix/sequence", "matrix/single"]
    assert ids(load(root, ["folder/*", "matrix/sequence"])) == ["matrix/sequence"]
    change(root, METHODS, "id: post", "id: get")
    assert ids(load(root, ["folder/*"])) == []


def test_nothing_there(tmp_path: Path) -> None:
    """Empty folders of catalogs and matrices are wrong usage like an empty folder of cases."""
    (tmp_path / "catalog").mkdir()
    (tmp_path / "matrix").mkdir()
    with pytest.raises(UsageError, match="wanted a case file, or a folder with at least one"):
        load(tmp_path)


def test_words(bundled: dict[str, Matrix]) -> None:
    """Every attribute of every value is one that rules may ask for, with a word that it can be."""
    for matrix in bundled.values():
        for axis in matrix.axes:
            for value in axis.values:
                assert set(value.attributes) <= set(WORDS[axis.name])
                for name, word in value.attributes.items():
                    assert word in (WORDS[axis.name][name] or (word,)), (axis.catalog, value.id, name)


@pytest.mark.parametrize(
    ("axis", "written", "words"),
    [
        ("url", 'value: "/"', {"empty": "no", "is": "text"}),
        ("url", 'value: "", sends: "/"', {"empty": "yes", "is": "text"}),
        ("url", 'value: null, sends: "/"', {"empty": "yes", "is": "text"}),
        ("url", "value: {int: 7}", {"empty": "no", "is": "not-text"}),
        ("headers", "", {"fields": "none", "unread": "no", "is": "mapping"}),
        ("headers", "value: []", {"fields": "none", "unread": "no"}),
        ("headers", 'value: [["Content-Length", "3"]]', {"fields": "some", "unread": "no", "framing": "length"}),
        (
            "headers",
            'value: [[{bytes: "Content-LENGTH"}, "3"]]',
            {"fields": "some", "unread": "yes", "framing": "none"},
        ),
        (
            "headers",
            'value: {message: [[{bytes: "Content-Length"}, "3"], ["Transfer-Encoding", "a"]]}',
            {"unread": "yes", "framing": "coding"},
        ),
        (
            "headers",
            'value: {message: [[{bytes: "Content-Length"}, "3"], ["Content-Length", "3"]]}',
            {"unread": "no", "framing": "length"},
        ),
        ("headers", 'value: [[{bytes: "X"}, "3"]]', {"fields": "some", "unread": "no"}),
        ("headers", 'value: [[{int: 1}, "3"]]', {"fields": "some", "unread": "no", "refused": "name-type"}),
        ("encode_chunked", "", {"value": "absent", "is": "falsy"}),
        ("encode_chunked", "value: true", {"value": "true", "is": "truthy"}),
        ("encode_chunked", "value: false", {"value": "false", "is": "falsy"}),
        ("encode_chunked", "value: {int: 1}", {"value": "other", "is": "truthy"}),
        ("encode_chunked", "value: null", {"value": "other", "is": "falsy"}),
    ],
)
def test_attributes(root: Path, axis: str, written: str, words: dict[str, str]) -> None:
    """The words of a value follow from its recipe."""
    given = f", {written}" if written else ""
    (root / "catalog/own.yaml").write_text(f'about: "a"\nof: {axis}\nvalues:\n- {{id: a, about: "a"{given}}}\n')
    (root / "matrix/own.yaml").write_text(
        FILES[SINGLE]
        .replace("{method: methods,", f"{{method: methods, {axis}: own,")
        .replace('given: {url: "/"}\n', "" if axis == "url" else 'given: {url: "/"}\n')
    )
    (matrix,) = load(root / "matrix/own.yaml").matrices
    found = next(each for each in matrix.axes if each.name == axis).values[0].attributes
    assert {name: found[name] for name in words} == words


# adding a value ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bundled() -> dict[str, Matrix]:
    """Read the bundled matrices, once."""
    return {matrix.id: matrix for matrix in load(None, ["matrix/*"]).matrices}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Copy the bundled catalogs and matrices."""
    for name in ("catalog", "matrix"):
        shutil.copytree(bundled_root() / name, tmp_path / name)
    shutil.copy(bundled_root() / "clauses.yaml", tmp_path)
    return tmp_path


def test_added_body(copied: Path, bundled: dict[str, Matrix]) -> None:
    """One more body takes part with every method, all headers and every flag, and in covering arrays with each."""
    deque = '- {id: deque, about: "A deque.", value: {deque: ["a", "bc"]}, sends: ["a", "bc"]}\n'
    change(copied, BODIES, "# iterables\n", f"# iterables\n{deque}")
    (matrix,) = load(copied, ["matrix/framing"]).matrices
    before, after = Expansion(bundled["matrix/framing"]), Expansion(matrix)
    sizes = {axis.name: len(axis.values) for axis in before.axes}
    assert after.matrix.size - before.matrix.size == sizes["method"] * sizes["headers"] * sizes["encode_chunked"]
    numbers = covering(after, 2)
    # the two largest axes are multiplied, and a few rows more take what values that raise would hide
    assert sizes["headers"] <= len(numbers) - len(covering(before, 2)) <= sizes["headers"] + sizes["method"]
    own = [number for number in numbers if after.values(number)["body"].id == "deque"]
    for name in ("method", "headers", "encode_chunked"):
        assert len({after.values(number)[name].id for number in own}) == sizes[name]
    assert [str(bug) for number in own for bug in examine(after.case(number))] == []


# check ---------------------------------------------------------------------------------------------------------------


def test_check(copied: Path) -> None:
    """Check says how many combinations were held against how many rules, and with --deep holds all of them."""
    code, said = check(copied / "matrix/address.yaml")
    assert (code, said) == (0, "434 of 4,464 combinations of 1 matrix, decided by 17 rules: no complaint\n")
    code, said = check("--deep", copied / "matrix/address.yaml")
    assert (code, said) == (0, "4,464 combinations of 1 matrix, decided by 17 rules: no complaint\n")


def test_check_in_processes(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is much to examine, processes share it, and say the same in the same order."""
    name = "matrix/after-success.yaml"
    change(copied, name, "clauses: [state.reconnect,", "clauses: [body.str.latin-1, file.no-length,")
    alone = check("--deep", copied / name)
    monkeypatch.setattr(_check, "_CHUNK", 50)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    assert check("--deep", copied / name) == alone
    place = "matrix/after-success.yaml:8: BUG IN CASE matrix/after-success"
    text = "does not speak of any of its calls (and of"
    assert alone == (
        2,
        "2 complaints about case files\n"
        f"{place}[first=get,between=reply-close,second=get]: the clause body.str.latin-1 {text} 241 more the same)\n"
        f"{place}[first=get,between=reply-close,second=get]: the clause file.no-length {text} 241 more the same)",
    )


def test_process_that_ends(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends before its work is done is a fault of the harness, in one sentence."""
    monkeypatch.setattr(_check, "_CHUNK", 1)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(_check, "_work", os._exit)
    said = "check --deep: a process that examines combinations ended before it was done"
    assert check("--deep", root) == (3, said)


FRAMING = "matrix/framing.yaml"


@pytest.mark.parametrize(
    ("name", "old", "new", "id_", "said"),
    [
        (
            FRAMING,
            "{headers.framing: coding}, adds: nothing, body: raw",
            "{headers.framing: coding}, adds: nothing, body: chunked",
            "method=put,body=list,headers=coding,encode_chunked=absent",
            "break flag.false-raw: The body is chunk-encoded although encode_chunked is false.",
        ),
        (
            FRAMING,
            "- {rule: coding-given-flagged,",
            '- {rule: wrong, when: {headers.framing: coding, body.is: text, encode_chunked.value: "true"},'
            " adds: nothing, body: raw}\n- {rule: coding-given-flagged,",
            "method=get,body=text,headers=coding-bytes,encode_chunked=true",
            "break flag.true-chunked: The body is not chunk-encoded although encode_chunked is true.",
        ),
        (
            FRAMING,
            "- {rule: text, when: {body.is: text}, adds",
            "- {rule: wrong, when: {body.is: text, method.name: TRACE}, adds: zero, body: raw}\n"
            "- {rule: text, when: {body.is: text}, adds",
            "method=trace,body=text,headers=empty,encode_chunked=absent",
            "break length.str: Content-Length is 0; the body has 3 bytes.",
        ),
        (
            FRAMING,
            "- {rule: no-body-expected,",
            "- {rule: wrong, when: {body.is: none, method.name: PUT, headers.fields: some}, adds: nothing,"
            " body: nothing}\n- {rule: no-body-expected,",
            "method=put,body=none,headers=one-field,encode_chunked=one",
            "break length.zero-put: PUT without a body has no Content-Length: 0.",
        ),
        (
            FRAMING,
            "clauses: [length.zero-only",
            "clauses: [length.zero-put",
            "method=head,body=absent,headers=absent,encode_chunked=absent",
            "the clause length.zero-put does not speak of any of its calls",
        ),
        (
            "catalog/bodies.yaml",
            'value: "abc", sends: ["abc"]',
            'value: "abc", sends: ["abd"]',
            "method=post,body=text,headers=absent,encode_chunked=absent",
            "break body.str.latin-1: What was sent is not the text in ISO-8859-1: 3 bytes of content arrived",
        ),
        (
            "catalog/bodies.yaml",
            "value: false}",
            'value: {bytes: "abc"}}',
            "method=post,body=false,headers=absent,encode_chunked=absent",
            "break body.buffer.as-is: The bytes of the body were changed: 0 bytes of content arrived, the body has 3.",
        ),
        (
            "catalog/headers.yaml",
            "], asks: [rfc.obs-fold]}",
            "]}",
            "method=get,body=absent,headers=folded,encode_chunked=absent",
            "the expected bytes break rfc.obs-fold, and none of its values asks for that",
        ),
        (
            "catalog/headers.yaml",
            "asks: [rfc.content-short, rfc.content-long]",
            "asks: [rfc.content-short]",
            "method=get,body=bytes-10,headers=length-3,encode_chunked=absent",
            "the expected bytes break rfc.content-long, and none of its values asks for that",
        ),
    ],
)
def test_wrong_table(copied: Path, name: str, old: str, new: str, id_: str, said: str) -> None:
    """What the contract or the RFCs say against a table or a catalog is a bug in a combination, of its rule's line."""
    parts = taken_apart(f"matrix/framing[{id_}]")
    assert parts is not None
    change(copied, name, old, new)
    wrong = Expansion(load(copied, ["matrix/framing"]).matrices[0])
    number = wrong.named(parts[1])
    bugs = examine(wrong.case(number))
    assert any(said in bug.text for bug in bugs)
    assert {(bug.file, bug.line, bug.case) for bug in bugs} == {
        (FRAMING, wrong.decision(number).leading.source.line, f"matrix/framing[{id_}]")
    }


@pytest.mark.parametrize(
    ("old", "new", "value", "code"),
    [
        ("asks: [rfc.host-once]", "asks: [rfc.host-once, rfc.obs-fold]", "11: host-name-bytes", "rfc.obs-fold"),
        ('"example.test"]]}', '"example.test"]], asks: [rfc.target-form]}', "6: other-field", "rfc.target-form"),
    ],
)
def test_asks_that_never_happens(copied: Path, old: str, new: str, value: str, code: str) -> None:
    """With --deep a code is complained about that a value asks for and that is never broken on its behalf."""
    change(copied, "catalog/hosts.yaml", old, new)
    for name in ("framing", "after-failure", "after-success", "target"):
        (copied / f"matrix/{name}.yaml").unlink()
    assert check(copied)[0] == 0
    exit_code, text = check("--deep", copied)
    line, name = value.split(": ")
    said = f"it asks for {code}, and no combination breaks that on its behalf"
    assert exit_code == 2
    assert f"catalog/hosts.yaml:{line}: BUG IN CASE catalog/hosts[{name}]: {said}" in text.split("\n")


def test_asks_of_one_matrix(copied: Path) -> None:
    """A matrix alone does not say that a code never happens: it may happen in another."""
    change(copied, "catalog/hosts.yaml", "asks: [rfc.host-once]", "asks: [rfc.host-once, rfc.obs-fold]")
    assert check("--deep", copied / "matrix/address.yaml")[0] == 0


def test_many_complaints() -> None:
    """Of many complaints the first are written out, and the number of the others."""
    bugs = [BugInCase("f", number, "c", "t") for number in range(53)]
    lines = str(_check._complaint(bugs)).split("\n")
    assert lines[0] == "53 complaints about case files"
    assert lines[1:51] == [str(bug) for bug in bugs[:50]]
    assert lines[51:] == ["… and 3 more"]
    assert str(_check._complaint(bugs[:50])).split("\n")[-1] == str(bugs[49])


# the manual ----------------------------------------------------------------------------------------------------------


def test_every_attribute_has_a_sentence() -> None:
    """The manual has a sentence about each attribute and each outcome, and no others."""
    assert set(_ATTRIBUTES) == {f"{axis}.{name}" for axis, names in WORDS.items() for name in names}
    assert set(_OUTCOMES) == {f"{table}.{name}" for table, names in OUTCOMES.items() for name in names}
    assert "| `body.is` | what the body is to the contract" in "\n".join(TABLES["attributes"]())


def test_examples_of_the_manual() -> None:
    """The catalog and the matrix that the manual shows are bundled ones, as far as it shows them."""
    manual = (bundled_root() / "README.md").read_text()
    shown = re.findall(r"```yaml\n(# yaml-language-server: \$schema=\.\./(?:catalog|matrix).*?)```", manual, re.DOTALL)
    files = [file.read_text() for name in ("catalog", "matrix") for file in (bundled_root() / name).glob("*.yaml")]
    assert [text in files for text in shown] == [True, True]
