"""Tests of the case format: what is read, and what is said of everything that is wrong."""

# ruff: noqa: E501 (a complaint is one line, as a person reads it)

from __future__ import annotations

import pytest
import yaml

from wireproof._cases import _nodes
from wireproof._cases._format import FileShape
from wireproof._cases._nodes import Refused, parse
from wireproof._model import (
    Alternative,
    Case,
    Clause,
    Connection,
    Digest,
    Expect,
    Recipe,
    Request,
    ServerPlan,
    Source,
    Step,
)

CLAUSES = {
    clause.id: clause
    for clause in (
        Clause("body.none", "documented", "somewhere", "Something."),
        Clause("request.sent", "documented", "somewhere", "Something."),
        Clause("rfc.empty", "rfc", "somewhere", "Something."),
        Clause("note.version", "documented", "somewhere", "Something.", excluded="a version note"),
    )
}
LOADERS = {"libyaml": getattr(yaml, "CSafeLoader", None), "python": yaml.SafeLoader}


@pytest.fixture(params=[name for name, loader in LOADERS.items() if loader])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read YAML with each of PyYAML's two parsers."""
    monkeypatch.setattr(_nodes, "_LOADER", LOADERS[request.param])
    name: str = request.param
    return name


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


def read(text: str) -> tuple[Case, ...]:
    """Read the text of a case file."""
    return FileShape("folder/file", CLAUSES).read(parse(text, "f"))


def complaints(text: str) -> list[str]:
    """Return what is said of a case file, without its name."""
    with pytest.raises(Refused) as caught:
        read(text)
    return [str(complaint).removeprefix("f:") for complaint in caught.value.in_order()]


def only(**changes: str | None) -> Case:
    """Read a file with one case."""
    (case,) = read(written(**changes))
    return case


def body(text: str) -> Recipe:
    """Read a body."""
    recipe = only(request=f'{{method: "GET", url: "/", body: {text}}}').steps[0].request
    assert recipe is not None
    found = recipe.get("body")
    assert found is not None
    return found


# fmt: off

FILES: dict[str, tuple[str, list[str]]] = {
    "unclosed list": ("a: [", [
        "2:1: found what is not YAML (while parsing a flow node that begins in line 2: did not find expected node content); wanted a YAML document, with all text in double quotes",
    ]),
    "unclosed quotes": ('a: "x', [
        "1:6: found what is not YAML (while scanning a quoted scalar that begins in line 1: found unexpected end of stream); wanted a YAML document, with all text in double quotes",
    ]),
    "tab before a dash": ("a:\n\t- b", [
        "2:1: found a tab where YAML allows none; wanted spaces",
    ]),
    "tab before a key": ("\ta: b", [
        "1:1: found a tab where YAML allows none; wanted spaces",
    ]),
    "at sign": ("a: @x", [
        "1:4: found what is not YAML (while scanning for the next token that begins in line 1: found character that cannot start any token); wanted a YAML document, with all text in double quotes",
    ]),
    "unknown escape": ('a: "\\q"', [
        "1:5: found what is not YAML (while parsing a quoted scalar that begins in line 1: found unknown escape character); wanted a YAML document, with all text in double quotes",
    ]),
    "two colons": ("a: b: c", [
        "1:5: found what is not YAML (mapping values are not allowed in this context); wanted a YAML document, with all text in double quotes",
    ]),
    "list beside mapping": ("- a\nb: c", [
        "2:1: found what is not YAML (while parsing a block collection that begins in line 1: did not find expected '-' indicator); wanted a YAML document, with all text in double quotes",
    ]),
    "list closed twice": ("- ]", [
        "1:3: found what is not YAML (while parsing a block node that begins in line 1: did not find expected node content); wanted a YAML document, with all text in double quotes",
    ]),
    "text after the end": ("a\n...\nb", [
        "3:1: found what is not YAML (did not find expected <document start>); wanted a YAML document, with all text in double quotes",
    ]),
    "unknown version": ("%YAML 9.9\n--- a", [
        "1:1: found what is not YAML (found incompatible YAML document); wanted a YAML document, with all text in double quotes",
    ]),
    "escaped surrogate": ('a: "\\ud800"', [
        '1:7: found an escape for no character; wanted at most "\\U0010FFFF"; a lone surrogate is {surrogate: "D800"}',
    ]),
    "escape above the last character": ('a: "\\U00110000"', [
        '1:7: found an escape for no character; wanted at most "\\U0010FFFF"; a lone surrogate is {surrogate: "D800"}',
    ]),
    "escape far above it": ('a: "\\UFFFFFFFF"', [
        '1:7: found an escape for no character; wanted at most "\\U0010FFFF"; a lone surrogate is {surrogate: "D800"}',
    ]),
    "single quotes": ("a: 'x'", [
        '1:4: found a scalar that is neither bare nor in double quotes; wanted text in double quotes: "…"',
    ]),
    "literal block": ("a: |\n  x", [
        '1:4: found a scalar that is neither bare nor in double quotes; wanted text in double quotes: "…"',
    ]),
    "folded block": ("a: >\n  x", [
        '1:4: found a scalar that is neither bare nor in double quotes; wanted text in double quotes: "…"',
    ]),
    "text over two lines": ('a: "x\n  y"', [
        '1:4: found a scalar over several lines; wanted one line, or a list of texts: ["…", "…"]',
    ]),
    "word over two lines": ("a: x\n  y", [
        '1:4: found a scalar over several lines; wanted one line, or a list of texts: ["…", "…"]',
    ]),
    "alias bomb": ('a: &a ["x", "x"]\nb: &b [*a, *a]\nc: &c [*b, *b]\n', [
        "1:4: found an anchor or an alias; wanted the value itself, written out",
    ]),
    "alias without anchor": ("*a", [
        "1:1: found an anchor or an alias; wanted the value itself, written out",
    ]),
    "python tag": ('!!python/object/apply:os.system ["x"]', [
        "1:1: found the tag '!!python/object/apply:os.system'; wanted no tag: the format says what a value is",
    ]),
    "string tag": ("a: !!str b", [
        "1:4: found the tag '!!str'; wanted no tag: the format says what a value is",
    ]),
    "bare tag": ('! "x"', [
        "1:1: found the tag '!'; wanted no tag: the format says what a value is",
    ]),
    "key twice": ("a: 1\na: 2", [
        "2:1: found the key 'a' twice (first in line 1); wanted each key once",
    ]),
    "list as key": ("[a]: b", [
        "1:1: found a list of 1 item as a key; wanted a word as a key",
    ]),
    "mapping as key": ("? {a: b}\n: c", [
        "1:3: found a mapping with the key 'a' as a key; wanted a word as a key",
    ]),
    "empty file": ("", [
        "1:1: found an empty file; wanted one YAML document",
    ]),
    "comment only": ("# only", [
        "1:1: found an empty file; wanted one YAML document",
    ]),
    "empty document": ("---\n", [
        "2:1: found nothing; wanted a case file: a mapping with keys of about and cases",
    ]),
    "two documents": ("a\n---\nb\n", [
        "2:1: found a second document; wanted one YAML document a file",
    ]),
    "byte order mark": ("\ufeffa", [
        "1:1: found a byte order mark; wanted a file without it",
    ]),
    "null character": ("a\0", [
        "1:2: found the character '\\x00'; wanted ASCII only: write \"\\xNN\" or \"\\uNNNN\" in double quotes",
    ]),
    "control character": ('a: "\x1b"', [
        "1:5: found the character '\\x1b'; wanted ASCII only: write \"\\xNN\" or \"\\uNNNN\" in double quotes",
    ]),
    "e acute": ("a: b\nc: café", [
        "2:7: found the character 'é'; wanted ASCII only: write \"\\xNN\" or \"\\uNNNN\" in double quotes",
    ]),
    "line separator": ("a: b\r\nc\rd: \u2028", [
        "3:4: found the character '\\u2028'; wanted ASCII only: write \"\\xNN\" or \"\\uNNNN\" in double quotes",
    ]),
    "flow lists 100,000 deep": ("[" * 100_000, [
        "1:33: found a document nested too deeply; wanted at most 32 levels",
    ]),
    "flow mappings 100,000 deep": ("{a: " * 100_000, [
        "1:129: found a document nested too deeply; wanted at most 32 levels",
    ]),
    "block lists 100,000 deep": ("- " * 100_000, [
        "1:65: found a document nested too deeply; wanted at most 32 levels",
    ]),
    "mixed 33 deep": ("- [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", [
        "1:34: found a document nested too deeply; wanted at most 32 levels",
    ]),
    "text": ('"x"', [
        "1:1: found the text 'x'; wanted a case file: a mapping with keys of about and cases",
    ]),
    "nothing known": ("a: 1", [
        "1:1: found the unknown key 'a'; wanted a key of a case file: about or cases",
        "1:1: found a case file with the key 'a'; wanted the keys 'about' and 'cases', too",
    ]),
    "bare about": ("about: x\ncases: []", [
        "1:8: found the bare word 'x'; wanted a sentence about the file: one line of text in double quotes, \"…\"",
        "2:8: found an empty list; wanted a list, […, …], of at least 1 item",
    ]),
    "no cases": ('about: "x"\ncases:\n', [
        "2:7: found nothing; wanted a list, […, …], of at least 1 item",
    ]),
    "mapping of cases": ('about: ""\ncases: {}', [
        "1:8: found the text ''; wanted a sentence about the file: one line of text in double quotes, \"…\"",
        "2:8: found a mapping without keys; wanted a list, […, …], of at least 1 item",
    ]),
    "no case among them": ('about: "a\\nb"\ncases: [1, "x", []]', [
        "1:8: found the text 'a\\nb'; wanted a sentence about the file: one line of text in double quotes, \"…\"",
        "2:9: found the bare word '1'; wanted a case: a mapping with keys of name, about, clauses, connection, server, threads, observes, asked, request, expect, alternatives, steps and since",
        "2:12: found the text 'x'; wanted a case: a mapping with keys of name, about, clauses, connection, server, threads, observes, asked, request, expect, alternatives, steps and since",
        "2:17: found an empty list; wanted a case: a mapping with keys of name, about, clauses, connection, server, threads, observes, asked, request, expect, alternatives, steps and since",
    ]),
    "cases without keys": ('about: "x"\ncases:\n- name: a\n- about: "b"\n- []\n', [
        "3:3: found a case with the key 'name'; wanted the keys 'about' and 'clauses', too",
        "4:3: found a case with the key 'about'; wanted the keys 'name' and 'clauses', too",
        "5:3: found an empty list; wanted a case: a mapping with keys of name, about, clauses, connection, server, threads, observes, asked, request, expect, alternatives, steps and since",
    ]),
    "many keys": ("{k0: x, k1: x, k2: x, k3: x, k4: x, k5: x, k6: x, k7: x, k8: x, k9: x, k10: x, k11: x, k12: x, k13: x}", [
        "1:1: found a case file with the keys 'k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'k10', 'k11' and …; wanted the keys 'about' and 'cases', too",
        "1:2: found the unknown key 'k0'; wanted a key of a case file: about or cases",
        "1:9: found the unknown key 'k1'; wanted a key of a case file: about or cases",
        "1:16: found the unknown key 'k2'; wanted a key of a case file: about or cases",
        "1:23: found the unknown key 'k3'; wanted a key of a case file: about or cases",
        "1:30: found the unknown key 'k4'; wanted a key of a case file: about or cases",
        "1:37: found the unknown key 'k5'; wanted a key of a case file: about or cases",
        "1:44: found the unknown key 'k6'; wanted a key of a case file: about or cases",
        "1:51: found the unknown key 'k7'; wanted a key of a case file: about or cases",
        "1:58: found the unknown key 'k8'; wanted a key of a case file: about or cases",
        "1:65: found the unknown key 'k9'; wanted a key of a case file: about or cases",
        "1:72: found the unknown key 'k10'; wanted a key of a case file: about or cases",
        "1:80: found the unknown key 'k11'; wanted a key of a case file: about or cases",
        "1:88: found the unknown key 'k12'; wanted a key of a case file: about or cases",
        "1:96: found the unknown key 'k13'; wanted a key of a case file: about or cases",
    ]),
    "a long key": ("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: x", [
        "1:1: found the unknown key 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk'… (100 characters); wanted a key of a case file: about or cases",
        "1:1: found a case file with the key 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk'… (100 characters); wanted the keys 'about' and 'cases', too",
    ]),
}
"""By a name: a file and what is said of it."""

PYTHON: dict[str, list[str]] = {
    "unclosed list": [
        "1:5: found what is not YAML (while parsing a flow node that begins in line 1: expected the node content, but found '<stream end>'); wanted a YAML document, with all text in double quotes",
    ],
    "at sign": [
        "1:4: found what is not YAML (found character '@' that cannot start any token); wanted a YAML document, with all text in double quotes",
    ],
    "unknown escape": [
        "1:6: found what is not YAML (while scanning a double-quoted scalar that begins in line 1: found unknown escape character 'q'); wanted a YAML document, with all text in double quotes",
    ],
    "two colons": [
        "1:5: found what is not YAML (mapping values are not allowed here); wanted a YAML document, with all text in double quotes",
    ],
    "list beside mapping": [
        "2:1: found what is not YAML (while parsing a block collection that begins in line 1: expected <block end>, but found '?'); wanted a YAML document, with all text in double quotes",
    ],
    "list closed twice": [
        "1:3: found what is not YAML (while parsing a block node that begins in line 1: expected the node content, but found ']'); wanted a YAML document, with all text in double quotes",
    ],
    "text after the end": [
        "3:1: found what is not YAML (expected '<document start>', but found '<scalar>'); wanted a YAML document, with all text in double quotes",
    ],
    "unknown version": [
        "1:1: found what is not YAML (found incompatible YAML document (version 1.* is required)); wanted a YAML document, with all text in double quotes",
    ],
    "escaped surrogate": [
        '1:4: found an escape for no character; wanted at most "\\U0010FFFF"; a lone surrogate is {surrogate: "D800"}',
    ],
}
"""What differs with PyYAML's parser in Python."""

CASES: dict[str, tuple[dict[str, str | None], list[str]]] = {
    "unknown key": ({"nmae": "a"}, [
        "8:3: found the unknown key 'nmae'; wanted a key of a case: name, about, clauses, connection, server, threads, observes, asked, request, expect, alternatives, steps or since (did you mean 'name'?)",
    ]),
    "capital in the name": ({"name": "A"}, [
        "3:9: found the bare word 'A'; wanted lower-case words joined by hyphens",
    ]),
    "underscore in the name": ({"name": "a_b"}, [
        "3:9: found the bare word 'a_b'; wanted lower-case words joined by hyphens",
    ]),
    "bare sentence": ({"about": "on"}, [
        "4:10: found the bare word 'on'; wanted what is asked and what must come of it: one line of text in double quotes, \"…\"",
    ]),
    "list as sentence": ({"about": "[]"}, [
        '4:10: found an empty list; wanted what is asked and what must come of it: one line of text in double quotes, "…"',
    ]),
    "no clauses": ({"clauses": "[]"}, [
        "5:12: found an empty list; wanted a list, […, …], of at least 1 item",
    ]),
    "clause without brackets": ({"clauses": "body.none"}, [
        "5:12: found the bare word 'body.none'; wanted a list, […, …], of at least 1 item",
    ]),
    "unknown clauses": ({"clauses": "[body.nnoe, xx, []]"}, [
        "5:13: found the bare word 'body.nnoe'; wanted the id of a clause in clauses.yaml (did you mean 'body.none'?)",
        "5:24: found the bare word 'xx'; wanted the id of a clause in clauses.yaml",
        "5:28: found an empty list; wanted the id of a clause in clauses.yaml",
    ]),
    "clause twice": ({"clauses": "[body.none, request.sent, body.none]"}, [
        "5:38: found the bare word 'body.none' twice; wanted each one once",
    ]),
    "excluded clause": ({"clauses": "[note.version]"}, [
        "5:13: found the clause 'note.version', which is excluded; wanted a clause that can be tested",
    ]),
    "asked for an unknown clause": ({"asked": "[rfc.emtpy]"}, [
        "8:11: found the bare word 'rfc.emtpy'; wanted the id of an RFC clause in clauses.yaml (did you mean 'rfc.empty'?)",
    ]),
    "asked for a clause of no RFC": ({"asked": "[body.none]"}, [
        "8:11: found the bare word 'body.none'; wanted the id of an RFC clause in clauses.yaml",
    ]),
    "no request": ({"request": None}, [
        "3:3: found a case without a request; wanted request and expect, or steps",
    ]),
    "no expectation": ({"expect": None}, [
        "3:3: found a request without expect; wanted expect: what must arrive, or be raised",
    ]),
    "request beside steps": ({"steps": "[close, close]"}, [
        "6:12: found request beside steps; wanted either steps, or request and expect",
    ]),
    "word for a flag": ({"threads": "maybe"}, [
        "8:12: found the bare word 'maybe'; wanted true or false, without quotes",
    ]),
    "quoted flag": ({"threads": '"true"'}, [
        "8:12: found the text 'true'; wanted true or false, without quotes",
    ]),
    "unknown observation": ({"observes": "[all]"}, [
        "8:14: found the bare word 'all'; wanted what is observed, and never judged: streaming",
    ]),
    "bare version": ({"since": "1"}, [
        "8:10: found the bare word '1'; wanted the version of the suite that brought the case: one line of text in double quotes, \"…\"",
    ]),
    "host without its name": ({"connection": "{host: name}"}, [
        "8:15: found only one of host: name and name: …; wanted both of them, or neither",
    ]),
    "name without its host": ({"connection": '{name: "a"}'}, [
        "8:15: found only one of host: name and name: …; wanted both of them, or neither",
    ]),
    "connection of words": ({"connection": "{host: ipv5, port: 80}"}, [
        "8:22: found the bare word 'ipv5'; wanted a kind of host: ipv4, ipv6, ipv6-bracketed, ipv6-zone, localhost or name (did you mean 'ipv6'?)",
        "8:34: found the bare word '80'; wanted how the port is given: int, str, in-host, default, default-given or default-as-str",
    ]),
    "unknown constructor argument": ({"connection": "{arguments: {blksize: 5}}"}, [
        "8:28: found the unknown key 'blksize'; wanted a key of further arguments of the constructor: blocksize, timeout or source_address (did you mean 'blocksize'?)",
    ]),
    "server of numbers": ({"server": "{late: 1, hangs-up-after: 0}"}, [
        "8:18: found the bare word '1'; wanted true or false, without quotes",
        "8:37: found the bare word '0'; wanted a decimal integer from 1 to 16777216",
    ]),
    "steps without a request": ({"request": None, "expect": None, "steps": "[close, close]"}, [
        "6:10: found steps without a request; wanted at least one request",
    ]),
    "one step": ({"request": None, "expect": None, "steps": "[close]"}, [
        "6:10: found a list of 1 item; wanted a list, […, …], of at least 2 items",
    ]),
    "unknown step": ({"request": None, "expect": None, "steps": "[close, open]"}, [
        "6:18: found the bare word 'open'; wanted a step: a mapping, or the word: close",
    ]),
    "steps of several actions": ({"request": None, "expect": None, "steps": '[{close: a, on: b}, {reply: ok, request: {}}, {reply: ok, expect: {head: ["a"]}}, {request: {}, expect: {head: ["a"]}, reply: ok}]'}, [
        "6:11: found a step with the keys 'close' and 'on'; wanted close alone",
        "6:30: found a step with the keys 'reply' and 'request'; wanted exactly one of close, reply and request",
        "6:56: found a step with the keys 'reply' and 'expect'; wanted nothing but on beside reply",
        "6:92: found a step with the keys 'request', 'expect' and 'reply'; wanted exactly one of close, reply and request",
    ]),
    "steps of wrong words": ({"request": None, "expect": None, "steps": "[{reply: yes}, {on: a}, {request: {}}, {close: aa}]"}, [
        "6:19: found the bare word 'yes'; wanted a scripted reply: ok, no-content, close, continue-then-ok, http-1.0 or chunked",
        "6:25: found a step with the key 'on'; wanted exactly one of close, reply and request",
        "6:34: found a request without expect; wanted expect: what must arrive, or be raised",
        "6:57: found the bare word 'aa'; wanted the name of a client connection, one letter",
    ]),
    "reply to nothing": ({"request": None, "expect": None, "steps": '[{reply: ok}, {request: {}, expect: {head: ["a"]}}]'}, [
        "6:11: found a reply without a request before it; wanted reply only after a request on its connection",
    ]),
    "reply on another connection": ({"request": None, "expect": None, "steps": '[{request: {}, expect: {head: ["a"]}}, {reply: ok, on: b}]'}, [
        "6:49: found a reply without a request before it; wanted reply only after a request on its connection",
    ]),
    "reconnects after close": ({"request": None, "expect": None, "steps": '[{request: {}, expect: {head: ["a"]}}, close, {request: {}, expect: {head: ["a"], reconnects: true}}]'}, [
        "6:104: found reconnects although no connection is open; wanted reconnects only after another request and no close",
    ]),
    "reconnects at once": ({"expect": '{head: ["a"], reconnects: true}'}, [
        "7:37: found reconnects although no connection is open; wanted reconnects only after another request and no close",
    ]),
    "neither bytes nor an exception": ({"expect": "{head: nothing}"}, [
        "7:18: found neither bytes nor an exception; wanted the lines of a head, or raises",
    ]),
    "body after nothing": ({"expect": '{head: nothing, body: "a", raises: ValueError}'}, [
        "7:33: found a body although head is nothing; wanted no body, or the head before it",
    ]),
    "digest after nothing": ({"expect": '{head: nothing, body: {sha256: "0000000000000000000000000000000000000000000000000000000000000000", length: 0}, raises: ValueError}'}, [
        "7:33: found a body although head is nothing; wanted no body, or the head before it",
    ]),
    "reconnects for nothing": ({"expect": "{head: nothing, reconnects: true, raises: ValueError}"}, [
        "7:39: found reconnects although nothing is sent; wanted reconnects only with a head",
    ]),
    "unknown head": ({"expect": "{head: none}"}, [
        "7:18: found the bare word 'none'; wanted the lines of the head, as a list of texts, or the word: nothing",
    ]),
    "mapping as head": ({"expect": "{head: {}}"}, [
        "7:18: found a mapping without keys; wanted the lines of the head, as a list of texts, or the word: nothing",
    ]),
    "no lines": ({"expect": "{head: []}"}, [
        "7:18: found an empty list; wanted a list, […, …], of at least 1 item",
    ]),
    "lines that are none": ({"expect": '{head: ["a\\r\\n", "", "b\\r\\nc", x, {repeat: ["a", x]}, "\\u0100", [], {a: b}]}'}, [
        "7:19: found the text 'a\\r\\n'; wanted one line of the head, not empty and without its CRLF",
        "7:28: found the text ''; wanted one line of the head, not empty and without its CRLF",
        "7:32: found the text 'b\\r\\nc'; wanted one line of the head, not empty and without its CRLF",
        "7:42: found the bare word 'x'; wanted a line of the head in double quotes: \"x\"",
        "7:60: found the bare word 'x'; wanted a decimal integer from 1 to 16777216",
        "7:65: found the text 'Ā'; wanted a line of the head: one character a byte, \\x00 to \\xff",
        "7:75: found an empty list; wanted one line of the head, not empty and without its CRLF",
        "7:79: found a mapping with the key 'a'; wanted a line of the head: \"…\", a list of texts, {repeat: …}, {hex: …} or {base64: …}",
    ]),
    "empty expectation": ({"expect": "{}"}, [
        "7:11: found an expectation without keys; wanted the key 'head', too",
    ]),
    "misspelt body": ({"expect": '{body: "", bdy: ""}'}, [
        "7:11: found an expectation with the keys 'body' and 'bdy'; wanted the key 'head', too",
        "7:22: found the unknown key 'bdy'; wanted a key of an expectation: head, body, at-least, raises, effects or reconnects (did you mean 'body'?)",
    ]),
    "at-least beyond the body": ({"expect": '{head: ["a"], at-least: 2, body: "a"}'}, [
        "7:35: found at-least 2 although body has 1 byte; wanted a body that has at least so many",
    ]),
    "at-least beside a digest": ({"expect": '{head: ["a"], at-least: 2, body: {sha256: "0000000000000000000000000000000000000000000000000000000000000000", length: 5}}'}, [
        "7:35: found at-least beside a digest; wanted a body that is written out",
    ]),
    "short digest": ({"expect": '{head: ["a"], body: {sha256: "00", length: 1_000}}'}, [
        "7:40: found the text '00'; wanted 64 lower-case hexadecimal digits",
        "7:54: found the bare word '1_000'; wanted a decimal integer from 0 to 1099511627776",
    ]),
    "half a digest": ({"expect": '{head: ["a"], body: {length: 5}}'}, [
        "7:31: found a digest with the key 'length'; wanted the key 'sha256', too",
    ]),
    "lower-case exception": ({"expect": '{head: ["a"], raises: value}'}, [
        "7:33: found the bare word 'value'; wanted the name of an exception class",
    ]),
    "yes for a flag": ({"expect": '{head: ["a"], reconnects: yes}'}, [
        "7:37: found the bare word 'yes'; wanted true or false, without quotes",
    ]),
    "effect on no body": ({"expect": '{head: ["a"], effects: {body.position: 1}}'}, [
        "7:50: found the effect body.position of a call without a body; wanted what can be seen of it: headers",
    ]),
    "unknown effect": ({"expect": '{head: ["a"], effects: {body.pos: 1, headers: same}}'}, [
        "7:35: found the unknown key 'body.pos'; wanted a key of effects: headers, body.content, body.position, body.closed, body.pulled, body.iterated or body.reads (did you mean 'body.position'?)",
        "7:57: found the bare word 'same'; wanted what became of it: unchanged or changed",
    ]),
    "no alternatives": ({"alternatives": "[]"}, [
        "8:17: found an empty list; wanted a list, […, …], of at least 1 item",
    ]),
    "alternative for nothing": ({"alternatives": '[{expect: {head: ["a"]}}]'}, [
        "8:18: found a mapping with the key 'expect'; wanted exactly one of these beside expect: probe and is, defect, layer, or odd",
    ]),
    "alternative for two": ({"alternatives": '[{odd: "b", layer: contract, expect: {head: ["a"]}}]'}, [
        "8:18: found a mapping with the keys 'odd', 'layer' and 'expect'; wanted exactly one of these beside expect: probe and is, defect, layer, or odd",
    ]),
    "probe without an answer": ({"alternatives": '[{probe: blocksize, expect: {head: ["a"]}}]'}, [
        "8:18: found a mapping with the keys 'probe' and 'expect'; wanted exactly one of these beside expect: probe and is, defect, layer, or odd",
    ]),
    "answer without a probe": ({"alternatives": '[{layer: contract, is: given, expect: {head: ["a"]}}]'}, [
        "8:18: found a mapping with the keys 'layer', 'is' and 'expect'; wanted exactly one of these beside expect: probe and is, defect, layer, or odd",
    ]),
    "newest answer": ({"alternatives": '[{probe: blocksize, is: given, expect: {head: ["a"]}}]'}, [
        "8:41: found the bare word 'given'; wanted an answer of blocksize other than given, which expect is for: absent",
    ]),
    "unknown probe": ({"alternatives": '[{probe: blcksize, is: given, expect: {head: ["a"]}}]'}, [
        "8:26: found the bare word 'blcksize'; wanted a probe: blocksize, ipv6-zone, bracketed-authority, percent-authority, bracketed-host or zero-dimensional (did you mean 'blocksize'?)",
    ]),
    "alternative without outcome": ({"alternatives": "[{layer: contract}]"}, [
        "8:18: found an alternative with the key 'layer'; wanted the key 'expect', too",
    ]),
    "the same once more": ({"alternatives": '[{layer: contract, expect: {head: ["GET / HTTP/1.1"]}}]'}, [
        "8:18: found an alternative that says the same as expect; wanted one that differs",
    ]),
    "layer without alternatives": ({"alternatives": '[{layer: rfc, expect: {head: ["a"]}}]'}, [
        "8:26: found the bare word 'rfc'; wanted a layer: contract",
    ]),
    "unknown defect": ({"alternatives": '[{defect: stale, expect: {head: ["a"]}}]'}, [
        "8:27: found the bare word 'stale'; wanted a defect of CPython: stale-head, item-count, length-wins-over-flag or unsized-buffer (did you mean 'stale-head'?)",
    ]),
    "a defect twice": ({"alternatives": '[{defect: stale-head, expect: {head: ["a"]}}, {defect: stale-head, expect: {head: ["b"]}}]'}, [
        "8:63: found a second alternative for the defect stale-head; wanted one alternative for each",
    ]),
    "an answer twice": ({"alternatives": '[{probe: blocksize, is: absent, expect: {head: ["a"]}}, {probe: blocksize, is: absent, expect: {head: ["b"]}}]'}, [
        "8:73: found a second alternative for the probe blocksize absent; wanted one alternative for each",
    ]),
    "effect of an alternative": ({"alternatives": '[{layer: contract, expect: {head: ["a"], effects: {body.reads: [null, 8]}}}]'}, [
        "8:80: found the effect body.reads of a call without a body; wanted what can be seen of it: headers",
    ]),
    "misspelt argument": ({"request": '{methd: "GET", url: "/", passed: by-name}'}, [
        "6:13: found the unknown key 'methd'; wanted a key of a request: method, url, body, headers, encode_chunked, passed or unknown (did you mean 'method'?)",
        "6:45: found the bare word 'by-name'; wanted how the arguments are passed: usual, keywords or positional",
    ]),
    "broken fields": ({"request": '{method: "GET", url: "/", headers: [["a"], "b", ["a", b]]}'}, [
        '6:48: found a list of 1 item; wanted a field: ["name", "value"]',
        "6:55: found the text 'b'; wanted a field: [\"name\", \"value\"]",
        "6:66: found the bare word 'b'; wanted text in double quotes, null, true, false or {kind: …}",
    ]),
    "text as request": ({"request": '"GET /"'}, [
        "6:12: found the text 'GET /'; wanted a request: a mapping with keys of method, url, body, headers, encode_chunked, passed and unknown",
    ]),
}
"""By a name: what is changed in a case, and what is said of it."""

BODIES: dict[str, tuple[str, list[str]]] = {
    "number": ("5", [
        "6:44: found the bare word '5'; wanted text in double quotes, {int: 5}, null, true, false or {kind: …}",
    ]),
    "bare word": ("GET", [
        "6:44: found the bare word 'GET'; wanted text in double quotes, null, true, false or {kind: …}",
    ]),
    "long number": ("12345678901234567890", [
        "6:44: found the bare word '12345678901234567890'; wanted text in double quotes, null, true, false or {kind: …}",
    ]),
    "list": ('["a"]', [
        "6:44: found a list of 1 item; wanted one value: text in double quotes, null, true, false or {kind: …}",
    ]),
    "empty mapping": ("{}", [
        "6:44: found a mapping without keys; wanted one value: text in double quotes, null, true, false or {kind: …}",
    ]),
    "two kinds": ('{bytes: "a", str: "a"}', [
        "6:44: found a mapping with the keys 'bytes' and 'str'; wanted one value: text in double quotes, null, true, false or {kind: …}",
    ]),
    "unknown kind": ('{strr: "a"}', [
        "6:45: found the bare word 'strr'; wanted a kind of value (cases/README.md lists them) (did you mean 'str'?)",
    ]),
    "nothing": ("", [
        "6:44: found nothing; wanted text in double quotes, null, true, false or {kind: …}",
    ]),
    "quoted number": ('{int: "5"}', [
        "6:50: found the text '5'; wanted a decimal integer from -1000000000000 to 1000000000000",
    ]),
    "hexadecimal number": ("{int: 0x10}", [
        "6:50: found the bare word '0x10'; wanted a decimal integer from -1000000000000 to 1000000000000",
    ]),
    "negative zero": ("{int: -0}", [
        "6:50: found the bare word '-0'; wanted a decimal integer from -1000000000000 to 1000000000000",
    ]),
    "number above the limit": ("{int: 1000000000001}", [
        "6:50: found the bare word '1000000000001'; wanted a decimal integer from -1000000000000 to 1000000000000",
    ]),
    "number of 5,000 digits": ("{int: " + "9" * 5000 + "}", [
        "6:50: found the bare word '999999999999999999999999999999999999999999999999999999999999'… (5,000 characters); wanted a decimal integer from -1000000000000 to 1000000000000",
    ]),
    "yes": ("{bool: yes}", [
        "6:51: found the bare word 'yes'; wanted true or false, without quotes",
    ]),
    "field for none": ('{none: "x"}', [
        "6:51: found the text 'x'; wanted {none: {}}: None has no fields",
    ]),
    "fields for object": ("{object: {a: b}}", [
        "6:53: found a mapping with the key 'a'; wanted {object: {}}: a plain object() has no fields",
    ]),
    "one field of two": ('{bytes-with-read: "a"}', [
        "6:62: found the text 'a'; wanted a mapping with data and reads: a bytes subclass that also has read()",
    ]),
    "second field missing": ('{bytes-with-read: {data: "a"}}', [
        "6:62: found the recipe 'bytes-with-read' with the key 'data'; wanted the key 'reads', too",
    ]),
    "unknown field": ('{bytesio: {data: "a", pos: 1}}', [
        "6:66: found the unknown key 'pos'; wanted a key of the recipe 'bytesio': data or position",
    ]),
    "main field missing": ("{bytes: {}}", [
        "6:52: found the recipe 'bytes' without keys; wanted the key 'data', too",
    ]),
    "list for bytes of words": ("{bytes: [x]}", [
        "6:53: found the bare word 'x'; wanted bytes in double quotes: \"x\"",
    ]),
    "exception as body": ("{raise: ValueError}", [
        "6:44: found an exception as a value; wanted raise only as an item of items or reads",
    ]),
    "wrong pieces": ('{generator: [{raise: Foo}, 5, "\\u0100"]}', [
        "6:65: found the bare word 'Foo'; wanted the name of an exception: RuntimeError, ValueError, OSError, KeyError, IndexError, AttributeError, TypeError, EOFError or ZeroDivisionError",
        "6:71: found the bare word '5'; wanted text in double quotes, {int: 5}, null, true, false or {kind: …}",
        "6:74: found the text 'Ā'; wanted bytes: one character a byte, \\x00 to \\xff",
    ]),
    "exception in a list": ("{list: [{raise: ValueError}]}", [
        "6:44: found an exception in a list; wanted raise only where elements are made one at a time",
    ]),
    "bytearray in a set": ('{set: [{bytearray: "a"}]}', [
        "6:44: found a bytearray in a set; wanted elements that can be hashed",
    ]),
    "negative position": ('{bytesio: {data: "a", position: -1}}', [
        "6:44: found fields that make no bytesio (position is negative); wanted fields that fit together: an io.BytesIO at `position`",
    ]),
    "memoryview of half an item": ('{memoryview: {data: "abc", format: "I"}}', [
        "6:44: found fields that make no memoryview (memoryview: length is not a multiple of itemsize); wanted fields that fit together: a memoryview of bytes: cast to `format` (and `shape`), then sliced [start, stop, step]",
    ]),
    "memoryview in the wrong shape": ('{memoryview: {data: "abcd", shape: [3]}}', [
        "6:44: found fields that make no memoryview (memoryview: product(shape) * itemsize != buffer size); wanted fields that fit together: a memoryview of bytes: cast to `format` (and `shape`), then sliced [start, stop, step]",
    ]),
    "memoryview sliced by nothing": ('{memoryview: {data: "abc", slice: [0, 1, 0]}}', [
        "6:44: found fields that make no memoryview (slice step cannot be zero); wanted fields that fit together: a memoryview of bytes: cast to `format` (and `shape`), then sliced [start, stop, step]",
    ]),
    "memoryview of no dimension sliced": ('{memoryview: {data: "a", shape: [], slice: [0, 1]}}', [
        "6:44: found fields that make no memoryview (invalid indexing of 0-dim memory); wanted fields that fit together: a memoryview of bytes: cast to `format` (and `shape`), then sliced [start, stop, step]",
    ]),
    "array of half an item": ('{array: {data: "abc", typecode: "I"}}', [
        "6:44: found fields that make no array (bytes length not a multiple of item size); wanted fields that fit together: an array.array of `typecode`, filled from bytes",
    ]),
    "ctypes of three bytes": ('{ctypes: {data: "abc", size: 3}}', [
        "6:44: found fields that make no ctypes (size is none of 1, 2, 4, 8); wanted fields that fit together: a ctypes array of unsigned integers of `size` bytes (1, 2, 4 or 8)",
    ]),
    "ctypes of half an item": ('{ctypes: {data: "abc", size: 2}}', [
        "6:44: found fields that make no ctypes (data is no multiple of size); wanted fields that fit together: a ctypes array of unsigned integers of `size` bytes (1, 2, 4 or 8)",
    ]),
    "text file that is no UTF-8": ('{text-file: {data: "\\xff"}}', [
        "6:44: found fields that make no text-file ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte); wanted fields that fit together: a real file opened as text; `position` counts characters already read",
    ]),
    "text file of unknown encoding": ('{text-file: {data: "a", encoding: "nix"}}', [
        "6:44: found fields that make no text-file (unknown encoding: nix); wanted fields that fit together: a real file opened as text; `position` counts characters already read",
    ]),
    "text file of unknown newline": ('{text-file: {data: "a", newline: "x"}}', [
        "6:44: found fields that make no text-file (illegal newline value: x); wanted fields that fit together: a real file opened as text; `position` counts characters already read",
    ]),
    "text file before its start": ('{text-file: {data: "a", position: -1}}', [
        "6:44: found fields that make no text-file (position is negative); wanted fields that fit together: a real file opened as text; `position` counts characters already read",
    ]),
    "reader of unknown encoding": ('{codecs-reader: {data: "", encoding: "nix"}}', [
        "6:44: found fields that make no codecs-reader (unknown encoding: nix); wanted fields that fit together: a codecs StreamReader: text, but no io.TextIOBase",
    ]),
    "line-buffered binary file": ('{binary-file: {data: "a", buffering: 1}}', [
        "6:44: found fields that make no binary-file (buffering is neither 0 nor the size of a buffer, above 1); wanted fields that fit together: a real file opened with 'rb' at `position`; `buffering` as in open()",
    ]),
    "binary file with a buffer of 16 MiB": ('{binary-file: {data: "a", buffering: 16777216}}', [
        "6:44: found fields that make no binary-file (buffering is neither 0 nor the size of a buffer, above 1); wanted fields that fit together: a real file opened with 'rb' at `position`; `buffering` as in open()",
    ]),
    "binary file before its start": ('{binary-file: {data: "a", position: -1}}', [
        "6:44: found fields that make no binary-file (position is negative); wanted fields that fit together: a real file opened with 'rb' at `position`; `buffering` as in open()",
    ]),
    "range of four": ("{range: [1, 2, 3, 4]}", [
        "6:44: found fields that make no range (range expected at most 3 arguments, got 4); wanted fields that fit together: a range(start, stop): its elements are ints",
    ]),
    "float of a word": ('{float: "x"}', [
        "6:44: found fields that make no float (could not convert string to float: 'x'); wanted fields that fit together: a float, written as text",
    ]),
    "empty mmap": ('{mmap: ""}', [
        "6:44: found fields that make no mmap (data is empty, or ends before position); wanted fields that fit together: an mmap at `position`: a file and a buffer at once",
    ]),
    "mmap before its end": ('{mmap: {data: "a", position: 2}}', [
        "6:44: found fields that make no mmap (data is empty, or ends before position); wanted fields that fit together: an mmap at `position`: a file and a buffer at once",
    ]),
    "pipe above its buffer": ('{pipe: {repeat: ["x", 65537]}}', [
        "6:44: found fields that make no pipe (data is longer than 65,536 bytes); wanted fields that fit together: the reading end of an os.pipe that holds the data",
    ]),
    "endless nothing": ('{endless: ""}', [
        "6:44: found fields that make no endless (data is empty); wanted fields that fit together: a generator that repeats `data`; it gives up after 8 MiB, should nobody hang up",
    ]),
    "repeats above the limit": ('{repeat: [{repeat: ["x", 60000000]}, 60000000]}', [
        "6:81: found the bare word '60000000'; wanted a decimal integer from 1 to 16777216",
    ]),
    "repeats that multiply": ('{repeat: [{repeat: ["x", 16000000]}, 16000000]}', [
        "6:64: found too long a text; wanted at most 16,777,216 characters in all, every repeat written out",
    ]),
    "texts that add up": ('{bytes: [{repeat: ["x", 16000000]}, {repeat: ["x", 16000000]}]}', [
        "6:90: found too long a text; wanted at most 16,777,216 characters in all, every repeat written out",
    ]),
    "repeat of none": ('{repeat: ["x", 0]}', [
        "6:59: found the bare word '0'; wanted a decimal integer from 1 to 16777216",
    ]),
    "repeat without a number": ('{repeat: ["x"]}', [
        '6:53: found a list of 1 item; wanted a text and a number: {repeat: ["x", 8192]}',
    ]),
    "repeat of a text": ('{repeat: "x"}', [
        "6:53: found the text 'x'; wanted a text and a number: {repeat: [\"x\", 8192]}",
    ]),
    "bytes as text": ('{hex: "00"}', [
        "6:44: found a mapping with the key 'hex'; wanted text: \"…\", a list of texts, {repeat: …} or {surrogate: …}",
    ]),
    "half a byte": ('{bytes: {hex: "0"}}', [
        "6:58: found the text '0'; wanted pairs of hexadecimal digits: \"00 FF\"",
    ]),
    "base64 without padding": ('{bytes: {base64: "AP8"}}', [
        "6:61: found the text 'AP8'; wanted base64 with its padding",
    ]),
    "no base64": ('{bytes: {base64: "*"}}', [
        "6:61: found the text '*'; wanted base64",
    ]),
    "surrogate as byte": ('{bytes: {surrogate: "D800"}}', [
        "6:52: found a mapping with the key 'surrogate'; wanted bytes: \"…\", a list of texts, {repeat: …}, {hex: …} or {base64: …}",
    ]),
    "no surrogate": ('{surrogate: "0041"}', [
        "6:56: found the text '0041'; wanted the number of a surrogate, such as \"D800\"",
    ]),
    "euro sign as byte": ('{bytes: "\\u20ac"}', [
        "6:52: found the text '€'; wanted bytes: one character a byte, \\x00 to \\xff",
    ]),
    "bare bytes": ("{bytes: x}", [
        "6:52: found the bare word 'x'; wanted bytes in double quotes: \"x\"",
    ]),
    "a long bare text": ("{str: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}", [
        "6:50: found the bare word 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'… (100 characters); wanted text in double quotes: \"…\"",
    ]),
}
"""By a name: a body and what is said of it."""
# fmt: on


@pytest.mark.parametrize("name", FILES)
def test_broken_files(name: str, loader: str) -> None:
    """What is no case file is complained about where it goes wrong, by both of PyYAML's parsers."""
    text, expected = FILES[name]
    if name == "flow lists 100,000 deep" and loader != "python":
        # where it is noticed depends on the version of libyaml: newer ones look ahead, and stop by themselves
        assert [complaint.split(" ", 1)[1] for complaint in complaints(text)] == [expected[0].split(" ", 1)[1]]
        return
    assert complaints(text) == (PYTHON.get(name, expected) if loader == "python" else expected)


@pytest.mark.parametrize("name", CASES)
def test_broken_cases(name: str) -> None:
    """Every fault of a case is complained about: where it stands, what is found and what is wanted."""
    changes, expected = CASES[name]
    assert complaints(written(**changes)) == expected


@pytest.mark.parametrize("name", BODIES)
def test_broken_recipes(name: str) -> None:
    """A recipe that cannot be read, or of which no object can be made, is complained about."""
    text, expected = BODIES[name]
    assert complaints(written(request=f'{{method: "GET", url: "/", body: {text}}}')) == expected


def test_same_id_twice() -> None:
    """Two cases of a file with one name are complained about, beside what is wrong with others."""
    case = written().split("cases:\n")[1]
    assert complaints(written() + case + case.replace("about", "abuot") + case) == [
        "8:9: found the id 'folder/file/a' twice (first in line 3); wanted each id once",
        "13:3: found a case with the keys 'name', 'abuot', 'clauses', 'request' and 'expect'; wanted the key 'about', too",
        "14:3: found the unknown key 'abuot'; wanted a key of a case: name, about, clauses, connection, server, threads, observes, asked, request, expect, alternatives, steps or since (did you mean 'about'?)",
        "18:9: found the id 'folder/file/a' twice (first in line 3); wanted each id once",
    ]


def test_huge_repeats_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that is too long is refused before any of it is written out."""
    built: list[int] = []

    def repeated(run: str, times: int) -> str:
        built.append(len(run) * times)
        return run * times

    monkeypatch.setattr("wireproof._cases._shapes._repeated", repeated)
    complaints(written(request='{body: {repeat: [{repeat: ["x", 16777216]}, 16777216]}}'))
    complaints(written(request='{body: {repeat: [["x", {repeat: ["x", 9999999]}], 2]}}'))
    assert built == []


def test_whole_case(loader: str) -> None:
    """A case becomes a value in which every key has its place."""
    text = """\
# yaml-language-server: $schema=../schema.json
about: "x"
cases:
- name: two-steps.of-it
  about: "Everything."
  clauses: [body.none, "request.sent"]
  connection: {host: name, name: "example.test", port: default, arguments: {blocksize: {int: 16}, timeout: null}}
  server: {late: true, hangs-up-after: 5}
  threads: true
  observes: [streaming]
  asked: [rfc.empty]
  since: "0.2.0"
  steps:
  - request:
      body: {generator: ["a", {raise: ValueError}]}
      url: "/"
      method: "PUT"
      unknown: false
      passed: keywords
      headers: [["A", "b"], [{bytes: "C"}, {int: -1}]]
      encode_chunked: true
    on: b
    expect:
      head: ["PUT / HTTP/1.1", ["A: ", {hex: "62 ff"}], " fold"]
      body: ["0123", {repeat: [["4", "5"], 2]}]
      at-least: 6
      raises: ValueError
      effects: {body.pulled: 1, headers: unchanged}
    alternatives:
    - {probe: blocksize, is: absent, expect: {head: nothing, raises: TypeError}}
    - {defect: item-count, expect: {head: ["a"]}}
    - {layer: contract, expect: {head: ["b"]}}
    - {odd: "who knows", expect: {head: ["c"]}}
  - reply: ok
    on: b
  - close
  - close: b
  - request: {method: "GET", url: "/", headers: {mapping: [["A", "b"]]}, body: {reader: {reads: ["x"]}}}
    expect: {head: ["a"], body: {sha256: "%s", length: 7}, effects: {body.reads: [8192, null, -1]}}
  - request: {}
    expect: {head: ["a"], reconnects: true}
""" % ("0" * 64)
    first = Request(
        (
            ("method", Recipe("str", {"text": "PUT"})),
            ("url", Recipe("str", {"text": "/"})),
            (
                "body",
                Recipe(
                    "generator",
                    {"items": (Recipe("bytes", {"data": b"a"}), Recipe("raise", {"name": "ValueError"}))},
                ),
            ),
            (
                "headers",
                Recipe(
                    "dict",
                    {
                        "items": (
                            (Recipe("str", {"text": "A"}), Recipe("str", {"text": "b"})),
                            (Recipe("bytes", {"data": b"C"}), Recipe("int", {"value": -1})),
                        )
                    },
                ),
            ),
            ("encode_chunked", Recipe("bool", {"value": True})),
            ("unknown", Recipe("bool", {"value": False})),
        ),
        "keywords",
    )
    second = Request(
        (
            ("method", Recipe("str", {"text": "GET"})),
            ("url", Recipe("str", {"text": "/"})),
            ("body", Recipe("reader", {"reads": (Recipe("bytes", {"data": b"x"}),)})),
            ("headers", Recipe("mapping", {"items": ((Recipe("str", {"text": "A"}), Recipe("str", {"text": "b"})),)})),
        )
    )
    (case,) = read(text)
    assert case == Case(
        id="folder/file/two-steps.of-it",
        about="Everything.",
        clauses=("body.none", "request.sent"),
        steps=(
            Step(
                "request",
                "b",
                first,
                Expect(
                    ("PUT / HTTP/1.1", "A: b\xff", " fold"),
                    b"01234545",
                    6,
                    "ValueError",
                    {"body.pulled": 1, "headers": "unchanged"},
                ),
                (
                    Alternative("probe", "blocksize", "absent", Expect(None, raises="TypeError")),
                    Alternative("defect", "item-count", "", Expect(("a",))),
                    Alternative("layer", "contract", "", Expect(("b",))),
                    Alternative("odd", "who knows", "", Expect(("c",))),
                ),
            ),
            Step("reply", "b", reply="ok"),
            Step("close", "a"),
            Step("close", "b"),
            Step(
                "request",
                "a",
                second,
                Expect(("a",), Digest(7, "0" * 64), effects={"body.reads": (8192, None, -1)}),
            ),
            Step("request", "a", Request(()), Expect(("a",), reconnects=True)),
        ),
        source=Source("f", 4),
        hash=case.hash,
        connection=Connection(
            "name",
            "example.test",
            "default",
            (("blocksize", Recipe("int", {"value": 16})), ("timeout", Recipe("none"))),
        ),
        server=ServerPlan(late=True, hangs_up_after=5),
        asked=("rfc.empty",),
        threads=True,
        observes=("streaming",),
        since="0.2.0",
    )


def test_short_case() -> None:
    """What a case does not write has its default."""
    assert only() == Case(
        id="folder/file/a",
        about="b.",
        clauses=("body.none",),
        steps=(
            Step(
                "request",
                request=Request((("method", Recipe("str", {"text": "GET"})), ("url", Recipe("str", {"text": "/"})))),
                expect=Expect(("GET / HTTP/1.1",)),
            ),
        ),
        source=Source("f", 3),
        hash=only().hash,
    )


@pytest.mark.parametrize(
    ("text", "recipe"),
    [
        ('"on"', Recipe("str", {"text": "on"})),
        ('"\\u20ac\\n\\0"', Recipe("str", {"text": "\u20ac\n\0"})),
        ('{repeat: ["ab", 3]}', Recipe("str", {"text": "ababab"})),
        ('{surrogate: "d800"}', Recipe("str", {"text": "\ud800"})),
        ('{str: ["a", {surrogate: DFFF}, {repeat: ["b", 2]}, []]}', Recipe("str", {"text": "a\udfffbb"})),
        ("null", Recipe("none")),
        ("{none: {}}", Recipe("none")),
        ("{class: {}}", Recipe("class")),
        ('{bytes: "\\xe9\\0"}', Recipe("bytes", {"data": b"\xe9\0"})),
        ('{bytes: {hex: "00 fFe9"}}', Recipe("bytes", {"data": b"\x00\xff\xe9"})),
        ('{bytes: [{base64: AP8=}, {base64: ""}]}', Recipe("bytes", {"data": b"\x00\xff"})),
        ("{bytes: {data: []}}", Recipe("bytes", {"data": b""})),
        ("{int: 0}", Recipe("int", {"value": 0})),
        ("{int: {value: -1000000000000}}", Recipe("int", {"value": -(10**12)})),
        ('{float: "1e3"}', Recipe("float", {"text": "1e3"})),
        (
            '{memoryview: {data: "abcd", format: "H", shape: [2], slice: [null, null, -1], writable: true}}',
            Recipe(
                "memoryview",
                {"data": b"abcd", "format": "H", "shape": (2,), "slice": (None, None, -1), "writable": True},
            ),
        ),
        ('{memoryview: {data: "abcd", format: "H"}}', Recipe("memoryview", {"data": b"abcd", "format": "H"})),
        ('{array: "abc"}', Recipe("array", {"data": b"abc"})),
        ('{ctypes: {data: "abcd", size: 4}}', Recipe("ctypes", {"data": b"abcd", "size": 4})),
        ('{binary-file: {data: "a", buffering: 0}}', Recipe("binary-file", {"data": b"a", "buffering": 0})),
        ('{text-file: {data: "a\\r", newline: ""}}', Recipe("text-file", {"data": b"a\r", "newline": ""})),
        ('{codecs-reader: "\\xff"}', Recipe("codecs-reader", {"data": b"\xff"})),
        ('{mmap: {data: "a", position: 1}}', Recipe("mmap", {"data": b"a", "position": 1})),
        ('{endless: "a"}', Recipe("endless", {"data": b"a"})),
        ("{range: [0, 3]}", Recipe("range", {"bounds": (0, 3)})),
        (
            '{set: ["a", {int: 1}]}',
            Recipe("set", {"items": (Recipe("bytes", {"data": b"a"}), Recipe("int", {"value": 1}))}),
        ),
        (
            '{text-reader: ["\\u20ac", null, {raise: OSError}]}',
            Recipe(
                "text-reader",
                {"reads": (Recipe("str", {"text": "\u20ac"}), Recipe("none"), Recipe("raise", {"name": "OSError"}))},
            ),
        ),
        (
            '{bytes-with-read: {data: "a", reads: [{hex: "00"}, true]}}',
            Recipe(
                "bytes-with-read",
                {"data": b"a", "reads": (Recipe("bytes", {"data": b"\0"}), Recipe("bool", {"value": True}))},
            ),
        ),
        ("{dict: []}", Recipe("dict", {"items": ()})),
    ],
)
def test_recipes(text: str, recipe: Recipe) -> None:
    """Each way to write a value becomes the recipe that it stands for; YAML's types play no part."""
    assert body(text) == recipe


def test_longest_text() -> None:
    """A text may have 16 MiB, and the same one is kept once."""
    first, second = body('{bytes: {repeat: ["x", 16777216]}}'), body('{bytes: {repeat: ["x", 16777216]}}')
    assert first.fields["data"] == b"x" * 2**24
    assert first.fields["data"] is second.fields["data"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "c"},
        {"clauses": "[request.sent]"},
        {"request": '{method: "GET", url: "/", body: null}'},
        {"request": '{method: "GET", url: "/", body: "null"}'},
        {"request": '{url: "/GET", method: ""}'},
        {"expect": '{head: ["GET / HTTP/1.1", "x"]}'},
        {"expect": '{head: [["GET / HTTP/1.1", "x"]]}'},
        {"threads": "false"},
    ],
)
def test_hash_of_the_content(changes: dict[str, str | None]) -> None:
    """What is asked, or what must come of it, changes the hash of a case."""
    others: list[dict[str, str | None]] = [{"request": '{method: "GET", url: "/", body: {str: "null"}}'}, {}]
    assert only(**changes).hash not in {only(**other).hash for other in others}


def test_hash_of_the_appearance() -> None:
    """Sentences, comments, places and the order of keys do not change the hash of a case."""
    text = """\
# A comment.
about: "z"
cases:
- expect:
    head:
    - "GET / HTTP/1.1"
  request: {url: "/", method: "\\x47ET"}

  clauses: [body.none]
  name: a   # another one
  about: "Other words."
"""
    (case,) = read(text)
    assert case.hash == only().hash == "e5ac0997b35bad0e"
