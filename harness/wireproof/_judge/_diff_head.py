"""Differences in the head: what stands before it, where it ends, its line endings, the request line.

The field lines are looked at in ``_diff_fields``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from wireproof._judge._diff_fields import fields, order
from wireproof._judge._diff_view import Rule, View, count
from wireproof._model import Difference

CODES: Mapping[str, str] = {
    "request.stale-head": "What an earlier request left behind was sent in front of the request.",
    "request.preceded": "Something stands in front of the request.",
    "request.not-http": "What came does not begin as a request does.",
    "head.cut": "The head stops before the empty line that ends it.",
    "head.no-blank-line": "The empty line between head and body is missing.",
    "head.line-ending": "Lines of the head end in something else than CRLF.",
    "method.upper-cased": "The method was put into upper case.",
    "method.lower-cased": "The method was put into lower case.",
    "method.stripped": "White space around the method was taken away.",
    "method.changed": "The method is another one.",
    "target.fragment-dropped": "The fragment of the url was taken away.",
    "target.query-dropped": "The query of the url was taken away.",
    "target.origin-form": "An absolute url was cut down to its path.",
    "target.absolute-form": "The url was made absolute.",
    "target.percent-encoded": "The url was percent-encoded.",
    "target.percent-decoded": "The url was percent-decoded.",
    "target.percent-case": "The case of percent-encodings in the url was changed.",
    "target.slash-added": "A slash was put to the url.",
    "target.dots-removed": "Dots or doubled slashes of the url were normalised.",
    "target.case": "The case of the url was changed.",
    "target.stripped": "White space around the url was taken away.",
    "target.changed": "The request-target is another one.",
    "version.changed": "The version of the request line is another one.",
}


def head(view: View) -> Iterator[Difference]:
    """Yield what is wrong up to the end of the head."""
    wanted = view.sight.wire.head or b""
    if view.got.data.startswith(wanted) and view.got.head_end == len(wanted):
        return
    for rule in RULES:
        yield from rule(view)


def whole(view: View) -> list[Difference]:
    """Return what explains all that differs: something in front of the request, or a head without its end."""
    return next((found for rule in WHOLE if (found := list(rule(view)))), [])


# the head as a whole: the first of these that sees something explains everything ------------------------------------


_FAR = 65536


def preceded(view: View) -> Iterator[Difference]:
    """Clause state.independent: nothing stands in front of the request."""
    data, line = view.sight.data, (view.sight.wire.head or b"").partition(b"\r\n")[0]
    found = re.search(rb"(?<=\n)" + re.escape(line) + rb"\r?\n", data[: _FAR + len(line)]) if line else None
    if found is None:
        return
    at, before = found.start(), data[: found.start()]
    if re.search(rb" HTTP/1\.[01]\r?\n", before):
        text = f"In front of the request stands what an earlier one left behind: {view.show(before)}"
        cause = "the buffer of a head that failed is not cleared by close()"
        yield view.found("request.stale-head", "request", text, "state.independent", 0, cause)
    else:
        text = f"{count(at)} stand in front of the request: {view.show(before)}"
        yield view.found("request.preceded", "request", text, "rfc.request-line", 0)


def not_http(view: View) -> Iterator[Difference]:
    """Clause rfc.request-line: what came does not begin as a request does."""
    line = view.got.request_line
    if line is None or (b"HTTP/" not in line.text and view.got.method != view.want.method):
        text = f"What came is no HTTP request: {view.show(view.sight.data)}"
        yield view.found("request.not-http", "request", text, "rfc.request-line", 0)


def cut(view: View) -> Iterator[Difference]:
    """Clause rfc.head-incomplete: an intact head that stops too early."""
    if view.got.head_end is None and view.is_prefix:
        at = len(view.sight.data)
        text = f"The head stops after {count(at)}; what is missing begins with {view.show(view.expected[at:])}"
        yield view.found("head.cut", "head", text, "rfc.head-incomplete", at)


def no_blank_line(view: View) -> Iterator[Difference]:
    """Clause rfc.head-incomplete: the body follows the last field line at once."""
    lines = (view.sight.wire.head or b"")[:-2]
    if lines and view.body and view.sight.data == lines + view.body:
        text = f"The empty line between head and body is missing: {view.show(view.body)} follows the last field line."
        yield view.found("head.no-blank-line", "head", text, "rfc.head-incomplete", len(lines))


WHOLE: tuple[Rule, ...] = (preceded, cut, not_http, no_blank_line)


# lines ------------------------------------------------------------------------------------------------------------


def unfinished(view: View) -> Iterator[Difference]:
    """Clause rfc.head-incomplete: another head, that stops too early as well."""
    if view.got.head_end is None:
        text = f"The empty line that ends the head never came, in {count(view.total)}."
        yield view.found("head.cut", "head", text, "rfc.head-incomplete", len(view.sight.data))


def line_endings(view: View) -> Iterator[Difference]:
    """Clause rfc.line-ending."""
    wanted = [problem for problem in view.want.problems if problem.code == "line.bare-lf"]
    end = view.sight.message.body_start
    got = [problem for problem in view.got.problems if problem.code == "line.bare-lf" and problem.start < end]
    if len(got) > len(wanted):
        text = f"{count(len(got) - len(wanted), 'line')} of the head end in LF alone instead of CRLF."
        yield view.found(
            "head.line-ending", "lf", text, "rfc.line-ending", got[0].start, "'\\n' is written for '\\r\\n'"
        )


# the request line -------------------------------------------------------------------------------------------------

_METHODS: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
    ("method.upper-cased", "was put into upper case", bytes.upper),
    ("method.lower-cased", "was put into lower case", bytes.lower),
    ("method.stripped", "lost the white space around it", bytes.strip),
)


def request_line(view: View) -> Iterator[Difference]:
    """Clauses request.method, request.target, request.version."""
    want, got = view.want.request_line, view.got.request_line
    if want is None or got is None or want.text == got.text:
        return
    (method, target, version), (got_method, got_target, got_version) = _split(view, want.text), _split(view, got.text)
    at = got.start
    if method != got_method:
        yield _method(view, method, got_method, at)
    at += len(got_method) + 1
    if target != got_target:
        yield _target(view, target, got_target, at)
    if version != got_version:
        text = f"The version of the request line is {view.show(got_version)} instead of {view.show(version)}."
        yield view.found("version.changed", "version", text, "request.version", at + len(got_target) + 1)


def _split(view: View, line: bytes) -> tuple[bytes, bytes, bytes]:
    """Split at the spaces around the target; a method that has spaces of its own is known from the arguments."""
    own = (view.sight.method or "").encode("utf-8", "replace")
    method = own if own and line.startswith(own + b" ") else line.partition(b" ")[0]
    rest = line[len(method) + 1 :]
    target, space, version = rest.rpartition(b" ")
    return (method, target, version) if space else (method, rest, b"")


def _method(view: View, want: bytes, got: bytes, at: int) -> Difference:
    code, how = next(
        ((code, how) for code, how, change in _METHODS if change(want) == got), ("method.changed", "was changed")
    )
    cause = {"method.upper-cased": "method.upper()", "method.lower-cased": "method.lower()"}.get(code, "")
    text = f"The method {how}: {view.show(got)} instead of {view.show(want)}."
    return view.found(code, "method", text, "request.method", at, cause)


def _decoded(target: bytes) -> bytes:
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), target)


def _upper(target: bytes) -> bytes:
    return re.sub(rb"%[0-9A-Fa-f]{2}", lambda match: match[0].upper(), target)


def _path(target: bytes) -> bytes:
    return re.sub(rb"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*|^//[^/?#]*", b"", target)


def _without_dots(target: bytes) -> bytes:
    path, query, rest = target.partition(b"?")
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts) + query + rest


def _origin(want: bytes, got: bytes) -> bool:
    path = _path(want)
    return path != want and got in (path, path or b"/", path.partition(b"#")[0] or b"/")


_TARGETS: tuple[tuple[str, str, str, Callable[[bytes, bytes], bool]], ...] = (
    (
        "target.fragment-dropped",
        "lost its fragment",
        "urlsplit() or a Url type",
        lambda want, got: want.partition(b"#")[0] == got,
    ),
    ("target.query-dropped", "lost its query", "", lambda want, got: want.partition(b"?")[0] == got),
    ("target.origin-form", "was cut down to its path", "absolute urls are kept for proxies only", _origin),
    (
        "target.absolute-form",
        "was made absolute",
        "a proxy's form of the target",
        lambda want, got: _path(got) != got and _path(got) in (want, b"/" + want),
    ),
    (
        "target.percent-case",
        "had its percent-encodings changed in case",
        "",
        lambda want, got: _upper(want) == _upper(got),
    ),
    (
        "target.percent-encoded",
        "was percent-encoded",
        "quote() of a url that is to be sent as given",
        lambda want, got: _decoded(got) == want or (b"%25" in got and _decoded(got) == _upper(want)),
    ),
    (
        "target.percent-decoded",
        "was percent-decoded",
        "unquote() of a url that is to be sent as given",
        lambda want, got: _decoded(want) == got,
    ),
    ("target.stripped", "lost the white space around it", "url.strip()", lambda want, got: want.strip() == got),
    (
        "target.slash-added",
        "got a slash that is not in the url",
        "",
        lambda want, got: got in (b"/" + want, want + b"/"),
    ),
    ("target.case", "was changed in case", "", lambda want, got: want.lower() == got.lower()),
    (
        "target.dots-removed",
        "was normalised",
        "urljoin() or normpath()",
        lambda want, got: want.count(b"/") > 1 and _without_dots(want) == _without_dots(got),
    ),
    ("target.changed", "was changed", "", lambda want, got: True),
)


def _target(view: View, want: bytes, got: bytes, at: int) -> Difference:
    code, how, cause = next((code, how, cause) for code, how, cause, test in _TARGETS if test(want, got))
    text = f"The url {how}: the request-target is {view.show(got)} instead of {view.show(want)}."
    clause = "request.target" if view.sight.url else "target.empty"
    return view.found(code, "target", text, clause, at, cause)


RULES: tuple[Rule, ...] = (request_line, fields, order, line_endings, unfinished)
