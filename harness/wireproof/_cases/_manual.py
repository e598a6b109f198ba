"""The tables of cases/README.md and of docs/driver-protocol.md, from those that the reader itself uses; they stand
between marks in these files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wireproof._cases._vocabulary import DEFECTS, EFFECTS, OBSERVABLE, PROBES, QUESTIONS, REPLIES
from wireproof._matrix import OUTCOMES, WORDS
from wireproof._recipes import KINDS, FieldType, Kind

_TYPES: dict[FieldType, str] = {
    "data": "bytes",
    "text": "text",
    "int": "number",
    "bool": "true or false",
    "name": "word",
    "ints": "list of numbers",
    "items": "list of recipes",
    "chars": "list of recipes",
    "pairs": "list of fields",
}


_ATTRIBUTES: dict[str, str] = {
    "method.is": "what the method is: text without control characters, or what is wrong with it",
    "method.name": "the method, as it is written",
    "method.expects-body": "whether it is PUT, POST or PATCH, in any case",
    "url.is": "what the url is: text without spaces and control characters (or empty), or what is wrong with it",
    "url.authority": "whether the catalog names the authority that Host shows",
    "url.empty": "whether it is empty or None, and / is sent",
    "body.is": "what the body is to the contract; `none` also where it is not passed",
    "body.encodable": "whether a str can be sent as ISO-8859-1; of everything else `yes`",
    "body.then": "the exception that the body ends in (`then`), or `nothing`",
    "body.items": "whether a buffer, or an element, has items of more than one byte, or several dimensions",
    "body.sized": "whether it is text or a buffer with len()",
    "body.length": "how many bytes are sent of it",
    "body.pieces": "in how many pieces",
    "headers.is": "a mapping (also where it is not passed), a list of pairs, or None",
    "headers.framing": "which of Content-Length and Transfer-Encoding are given, under names that are text",
    "headers.host": "whether Host is given, under a name that is text",
    "headers.accept-encoding": "whether Accept-Encoding is",
    "headers.refused": "what is wrong with the first field that is refused; the types of all names are looked at first",
    "headers.fields": "whether there is any field",
    "headers.unread": "whether a field that would frame the body has a name of bytes, which nobody recognises",
    "encode_chunked.is": "whether it counts as true; `falsy` also where it is not passed",
    "encode_chunked.value": "the flag itself; `other` is what is neither True nor False",
    "connection.host": "the kind of host, as in `connection` of a case",
    "connection.port": "how the port is given, as there",
    "first.ends": "how the request ends; `untouched`: it fails before anything of it is looked at",
    "first.leaves": "whether CPython keeps lines of a head that failed",
    "between.is": "what was done last; `last-reply` is one after which the server closes",
    "second.ends": "as of `first`",
    "second.leaves": "as of `first`",
}
_OUTCOMES: dict[str, str] = {
    "errors.raises": "the exception; `as-body`: the one that the body ends in; `nothing`: the call returns",
    "errors.sent": "beside an exception: what may be out by then; `pieces`: the head, and what the body sends",
    "host.sends": "whose Host it is: the caller's own, the authority of the url, or what the connection shows",
    "accept-encoding.sends": "the caller's own Accept-Encoding, or identity",
    "framing.adds": "the field that is added: none, Content-Length: 0, Content-Length, or Transfer-Encoding: chunked",
    "framing.body": "what follows the head: nothing, the pieces as they are, or each as a chunk",
    "defects.name": "CPython's known defect that shows here, or `none`",
    "defects.body": "what follows then: the pieces as they are, chunks that count items, or nothing and a TypeError",
    "second.outcome": "the second request goes out as if it were alone, or is refused: the first is still under way",
    "second.connection": "the connection that it uses",
    "second.defect": "CPython's known defect that shows here",
}


def fill(manual: str) -> str:
    """Return the manual with up-to-date tables between its marks, ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``.

    A mark that is not there is left out.
    """
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        text = begin + "".join(f"{line}\n" for line in table()) + end
        manual = re.sub(f"{begin}.*?{end}", lambda _, text=text: text, manual, flags=re.DOTALL)  # type: ignore[misc]
    return manual


def _table(titles: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for row in (titles, ("---",) * len(titles), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _kinds() -> Iterator[str]:
    rows = ((f"`{name}`", _code(kind.about), _fields(kind), kind.role) for name, kind in KINDS.items())
    return _table(("kind", "what it is", "fields, the main one first", "as a body"), rows)


def _code(text: str) -> str:
    """Return the text with Python's double underscores marked as code, which Markdown would take for emphasis."""
    return re.sub(r"__\w+__", r"`\g<0>`", text)


def _fields(kind: Kind) -> str:
    named = [f"`{name}`: {_TYPES[type_]}" for name, type_ in kind.fields]
    needed, free = named[: kind.required], named[kind.required :]
    return ", ".join(needed) + (f"; optional {', '.join(free)}" if free else "") or "none: `{}`"


def _effects() -> Iterator[str]:
    rows = ((f"`{name}`", about, _of(name)) for name, about in EFFECTS.items())
    return _table(("effect", "what is seen", "of which kinds"), rows)


def _of(effect: str) -> str:
    kinds = [f"`{kind}`" for kind, effects in OBSERVABLE.items() if effect in effects]
    return ", ".join(kinds) or "all mappings"


def _probes() -> Iterator[str]:
    rows = (
        (f"`{name}`", QUESTIONS[name], f"`{newest}`", ", ".join(f"`{answer}`" for answer in older))
        for name, (newest, *older) in PROBES.items()
    )
    return _table(("probe", "what it asks of http.client", "newest release", "`is`"), rows)


def _defects() -> Iterator[str]:
    return _table(("defect", "what CPython does"), ((f"`{name}`", about) for name, about in DEFECTS.items()))


def _replies() -> Iterator[str]:
    return _table(("reply", "what the server answers"), ((f"`{name}`", about) for name, about in REPLIES.items()))


def _attributes() -> Iterator[str]:
    rows = (
        (f"`{axis}.{name}`", _ATTRIBUTES[f"{axis}.{name}"], _words(words))
        for axis, names in WORDS.items()
        for name, words in names.items()
    )
    return _table(("attribute", "what it says", "words"), rows)


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "any"


def _outcomes() -> Iterator[str]:
    rows = (
        (f"`{table}`", f"`{name}`", _OUTCOMES[f"{table}.{name}"], _words(words))
        for table, names in OUTCOMES.items()
        for name, words in names.items()
    )
    return _table(("table", "key", "what it decides", "words"), rows)


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "kinds": _kinds,
    "effects": _effects,
    "probes": _probes,
    "defects": _defects,
    "replies": _replies,
    "attributes": _attributes,
    "outcomes": _outcomes,
}
"""The tables by the names of their marks."""
