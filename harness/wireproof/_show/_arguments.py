"""Recipes → the Python that makes such an object.

Theory of operation. A ``Code`` collects what has to stand before an expression: imports, helper classes and functions
(each written once, however often it is used), and the statements that set up an object which no expression can make.
Each kind of recipe has one function here, beside its twin that builds the real object in ``_candidates._objects``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wireproof._model import Recipe
from wireproof._show._literals import bracket, filled, indent, listing, literal, quote, runs, series, span

_MODULE = re.compile(r"\b(?:collections\.abc|email\.message|[a-z]+)(?=\.[A-Za-z])")
_MODULES = frozenset(
    (
        "array", "codecs", "collections", "collections.abc", "ctypes", "email.message", "gzip", "io", "itertools",
        "mmap", "os", "pathlib", "pickle", "socket", "tempfile", "types",
    )
)  # fmt: skip
_STRING = re.compile(r"b?\"(?:[^\"\\]|\\.)*\"|b?'(?:[^'\\]|\\.)*'")

_Fields = Mapping[str, Any]


class Code:
    """What stands before the call: imports, helpers and statements.

    ``host`` and ``port`` are what <host> and <port> stand for: a text, and an expression.
    """

    def __init__(self, host: str, port: str) -> None:
        self.host, self.port = host, port
        self.imports: set[str] = set()
        self.helpers: dict[str, str] = {}
        self.setup: list[str] = []
        self._names: set[str] = set()

    def argument(self, recipe: Recipe, name: str) -> str:
        """Return an expression for the object; what must be done before is added to ``setup``."""
        expression = _WRITERS[recipe.kind](self, recipe.fields, name)
        self.need(expression)
        return expression

    def need(self, code: str) -> None:
        """Import the modules that the code uses."""
        self.imports |= _MODULES.intersection(_MODULE.findall(_STRING.sub("", code)))

    def do(self, statement: str) -> None:
        """Add a statement to the set-up."""
        self.need(statement)
        self.setup.append(statement)

    def variable(self, name: str, value: str, *then: str) -> str:
        """Assign the value to a variable of that name, or a longer one if it is taken; return the name.

        In the statements ``then`` the variable is called ``@``.
        """
        chosen = name
        while chosen in self._names:
            chosen = f"{name}_{len(self._names)}"
        self._names.add(chosen)
        self.do(f"{chosen} = {value}")
        for statement in then:
            self.do(statement.replace("@", chosen, 1))
        return chosen

    def helper(self, name: str, source: str) -> str:
        """Define a helper once; ``@`` stands for its name in the source. Return the name."""
        number, chosen = 1, name
        while self.helpers.get(chosen, source.replace("@", chosen, 1)) != source.replace("@", chosen, 1):
            number += 1
            chosen = f"{name}{number}"
        self.helpers[chosen] = source.replace("@", chosen, 1)
        self.need(source)
        return chosen

    def taken(self) -> list[str]:
        """Return the statements of the set-up and begin anew."""
        done, self.setup, self._names = self.setup, [], set()
        return done


def _each(code: Code, recipes: Sequence[Recipe]) -> list[str]:
    """Return an expression for each element; one that raises is None, as nothing can raise in a container."""
    return ["None" if recipe.kind == "raise" else code.argument(recipe, "piece") for recipe in recipes]


def _list(code: Code, recipes: Sequence[Recipe]) -> str:
    numbered = _numbered(recipes)
    return numbered if numbered else listing(_each(code, recipes))


def _numbered(recipes: Sequence[Recipe]) -> str | None:
    """Return a comprehension for plain elements that are numbered."""
    if not all(recipe.kind == "bytes" for recipe in recipes):
        return None
    items: list[bytes] = [recipe.fields["data"] for recipe in recipes]  # type: ignore[misc]
    found = series([(item.decode("latin-1"),) for item in items])
    if found is None:
        return None
    (template,), numbers = found
    return f'[{template}.encode("latin-1") for n in {span(numbers)}]'


def _raising(recipe: Recipe) -> str:
    return f'raise {recipe.fields["name"]}("raised by the body")'


def _pieces(code: Code, recipes: Sequence[Recipe]) -> str:
    """Return an expression for an iterable of the pieces: a list, or a generator that raises."""
    if any(recipe.kind == "raise" for recipe in recipes):
        return _generator(code, {"items": recipes}, "")
    return _list(code, recipes)


def _generator(code: Code, fields: _Fields, name: str) -> str:
    recipes: Sequence[Recipe] = fields["items"]
    lines: list[str] = []
    numbered = _numbered(recipes)
    if numbered:
        lines.append(f"yield from {numbered}")
    else:
        parts = [_raising(recipe) if recipe.kind == "raise" else code.argument(recipe, "piece") for recipe in recipes]
        for part, count in runs(parts):
            statement = part if part.startswith("raise ") else f"yield {part}"
            lines += [statement] * count if count < 4 else [f"for _ in range({count}):\n" + indent(statement)]
    if not any("yield" in line for line in lines):
        lines.append("yield from ()")
    source = "def @():\n" + indent("\n".join(lines))
    return code.helper("pieces", source) + "()"


def _pairs(code: Code, recipes: Sequence[tuple[Recipe, Recipe]], opening: str, closing: str) -> str:
    """Return a dict or a list of tuples."""
    is_dict = opening == "{"
    texts = [tuple(str(each.get("text")) for each in pair) for pair in recipes]
    if all(each.kind == "str" for pair in recipes for each in pair) and "<" not in str(texts):
        found = series(texts)
        if found is not None:
            (name_, value_), numbers = found
            item = f"{name_}: {value_}" if is_dict else f"({name_}, {value_})"
            return f"{opening}{item} for n in {span(numbers)}{closing}"
    pairs = [(code.argument(name, "name"), code.argument(value, "value")) for name, value in recipes]
    parts = [f"{name}: {value}" if is_dict else f"({name}, {value})" for name, value in pairs]
    return bracket(opening, parts, closing)


# plain values and buffers ---------------------------------------------------------------------------------------


def _text(code: Code, fields: _Fields, name: str) -> str:
    return filled(fields["text"], code.host, code.port)


def _memoryview(code: Code, fields: _Fields, name: str) -> str:
    data = literal(fields["data"])
    view = f"memoryview(bytearray({data}))" if fields.get("writable") else f"memoryview({data})"
    shape = fields.get("shape")
    if shape is not None:
        view += f".cast({quote(fields.get('format', 'B'))}, {list(shape)})"
    elif "format" in fields:
        view += f".cast({quote(fields['format'])})"
    if "slice" in fields:
        part = slice(*fields["slice"])
        start, stop, step = ("" if bound is None else str(bound) for bound in (part.start, part.stop, part.step))
        view += f"[{start}:{stop}:{step}]" if step else f"[{start}:{stop}]"
    return view


def _array(code: Code, fields: _Fields, name: str) -> str:
    return f"array.array({quote(fields.get('typecode', 'B'))}, {literal(fields['data'])})"


def _ctypes(code: Code, fields: _Fields, name: str) -> str:
    size = fields.get("size", 1)
    count = len(fields["data"]) // size
    return f"(ctypes.c_uint{8 * size} * {count}).from_buffer_copy({literal(fields['data'])})"


def _buffer(code: Code, fields: _Fields, name: str) -> str:
    size = len(fields["data"])
    source = f'class @(ctypes.Structure):\n    _fields_ = [("raw", ctypes.c_uint8 * {size})]'
    return f"{code.helper('Exporter', source)}.from_buffer_copy({literal(fields['data'])})"


def _bytes_with_iter(code: Code, fields: _Fields, name: str) -> str:
    items = _pieces(code, fields["items"])
    source = "class @(bytes):\n" + indent("def __iter__(self):\n" + indent(f"return iter({items})"))
    return f"{code.helper('Data', source)}({literal(fields['data'])})"


def _subclass(name: str, base: str) -> str:
    return f"class @({base}):\n    pass"


# files ----------------------------------------------------------------------------------------------------------


def _positioned(code: Code, fields: _Fields, name: str, expression: str, *then: str) -> str:
    """Return the expression, or a variable that was sought to the position."""
    position = fields.get("position", 0)
    if not position and not then:
        return expression
    return code.variable(name, expression, *then, f"@.seek({position})")


def _path(code: Code, data: bytes) -> str:
    folder = code.variable("folder", "tempfile.TemporaryDirectory()")
    return code.variable("path", f'pathlib.Path({folder}.name, "body")', f"@.write_bytes({literal(data)})")


def _binary_file(code: Code, fields: _Fields, name: str) -> str:
    path = _path(code, fields["data"])
    buffering = f", buffering={fields['buffering']}" if "buffering" in fields else ""
    return _positioned(code, fields, name, f'{path}.open("rb"{buffering})')


def _text_file(code: Code, fields: _Fields, name: str) -> str:
    path = _path(code, fields["data"])
    newline = f", newline={literal(fields['newline'])}" if "newline" in fields else ""
    opened = f"{path}.open(encoding={quote(fields.get('encoding', 'utf-8'))}{newline})"
    position = fields.get("position", 0)
    return code.variable(name, opened, f"@.read({position})") if position else opened


def _stringio(code: Code, fields: _Fields, name: str) -> str:
    return _positioned(code, fields, name, f'io.StringIO({literal(fields["text"])}, newline="")')


def _pipe(code: Code, fields: _Fields, name: str) -> str:
    code.do("reading, writing = os.pipe()")
    code.do(f"os.write(writing, {literal(fields['data'])})")
    code.do("os.close(writing)")
    return 'open(reading, "rb")'


def _socket_file(code: Code, fields: _Fields, name: str) -> str:
    code.do("near, far = socket.socketpair()")
    code.do(f"far.sendall({literal(fields['data'])})")
    code.do("far.close()")
    return 'near.makefile("rb")'


def _spooled(code: Code, fields: _Fields, name: str) -> str:
    then = [f"@.write({literal(fields['data'])})", *(["@.rollover()"] if fields.get("rolled") else [])]
    return _positioned(code, fields, name, "tempfile.SpooledTemporaryFile(max_size=2**30)", *then)


def _temporary_file(code: Code, fields: _Fields, name: str) -> str:
    then = (f"@.write({literal(fields['data'])})", "@.flush()")
    return _positioned(code, fields, name, "tempfile.NamedTemporaryFile()", *then)


def _temporary_text_file(code: Code, fields: _Fields, name: str) -> str:
    opened = 'tempfile.NamedTemporaryFile("w+", encoding="utf-8", newline="")'
    return _positioned(code, {}, name, opened, f"@.write({literal(fields['text'])})", "@.flush()")


def _gzip(code: Code, fields: _Fields, name: str) -> str:
    opened = f"gzip.GzipFile(fileobj=io.BytesIO(gzip.compress({literal(fields['data'])})))"
    return _positioned(code, fields, name, opened)


def _codecs_reader(code: Code, fields: _Fields, name: str) -> str:
    encoding = quote(fields.get("encoding", "utf-8"))
    return f"codecs.getreader({encoding})(io.BytesIO({literal(fields['data'])}))"


def _mmap(code: Code, fields: _Fields, name: str) -> str:
    write = f"@.write({literal(fields['data'])})"
    return _positioned(code, fields, name, f"mmap.mmap(-1, {len(fields['data'])})", write)


_READ = "    def read(self, size=None):\n        return next(self.reads, {end})"


def _scripted(class_: str, base: str, end: str, more: str = "") -> Callable[[Code, _Fields, str], str]:
    """Return a writer for an object that has nothing but a scripted read()."""
    source = (
        f"class @{base}:\n    def __init__(self, reads):\n        self.reads = iter(reads)\n\n"
        f"{more}{_READ.format(end=end)}"
    )
    return lambda code, fields, name: f"{code.helper(class_, source)}({_pieces(code, fields['reads'])})"


def _with_read(
    class_: str, base: str, arguments: Callable[[Code, _Fields], str]
) -> Callable[[Code, _Fields, str], str]:
    """Return a writer for a subclass of ``base`` that has a scripted read() beside."""
    source = f"class @({base}):\n{_READ.format(end=quote(b''))}"

    def writer(code: Code, fields: _Fields, name: str) -> str:
        made = f"{code.helper(class_, source)}({arguments(code, fields)})"
        return code.variable(name, made, f"@.reads = iter({_pieces(code, fields['reads'])})")

    return writer


def _iterable_with_read(code: Code, fields: _Fields, name: str) -> str:
    source = (
        "class @:\n    def __init__(self, items, reads):\n        self.items, self.reads = items, iter(reads)\n\n"
        f"{_READ.format(end=quote(b''))}\n\n    def __iter__(self):\n        return iter(self.items)"
    )
    items, reads = _pieces(code, fields["items"]), _pieces(code, fields["reads"])
    return bracket(f"{code.helper('IterableWithRead', source)}(", [items, reads], ")")


# iterables and mappings -----------------------------------------------------------------------------------------


def _around(opening: str, closing: str) -> Callable[[Code, _Fields, str], str]:
    return lambda code, fields, name: f"{opening}{_list(code, fields['items'])}{closing}"


def _tuple(code: Code, fields: _Fields, name: str) -> str:
    parts = _each(code, fields["items"])
    if len(parts) == 1:
        return f"({parts[0]},)"
    return bracket("(", parts, ")") if len(runs(parts)) == len(parts) else f"tuple({listing(parts)})"


def _map(code: Code, fields: _Fields, name: str) -> str:
    return f"map(lambda piece: piece, {_pieces(code, fields['items'])})"


def _chain(code: Code, fields: _Fields, name: str) -> str:
    return f"itertools.chain.from_iterable([piece] for piece in {_pieces(code, fields['items'])})"


def _over_items(class_: str, methods: str) -> Callable[[Code, _Fields, str], str]:
    source = f"class @:\n    def __init__(self, items):\n        self.items = {methods}"
    return lambda code, fields, name: f"{code.helper(class_, source)}({_pieces(code, fields['items'])})"


_ITERATOR = (
    "iter(items)\n\n    def __iter__(self):\n        return self\n\n"
    "    def __next__(self):\n        return next(self.items)"
)
_ITERABLE = "items\n\n    def __iter__(self):\n        return iter(self.items)"


def _indexed(class_: str, base: str, length: str) -> Callable[[Code, _Fields, str], str]:
    def writer(code: Code, fields: _Fields, name: str) -> str:
        raising = "".join(
            f"        if index == {index}:\n            {_raising(recipe)}\n"
            for index, recipe in enumerate(fields["items"])
            if recipe.kind == "raise"
        )
        source = (
            f"class @{base}:\n    def __init__(self, items):\n        self.items = items\n\n{length}"
            f"    def __getitem__(self, index):\n{raising}        return self.items[index]"
        )
        return f"{code.helper(class_, source)}({_list(code, fields['items'])})"

    return writer


def _endless(code: Code, fields: _Fields, name: str) -> str:
    from wireproof.drivers.python_driver import ENDLESS  # heavy, and rarely needed

    count = -(-ENDLESS // max(1, len(fields["data"])))
    source = "def @():\n" + indent(f"for _ in range({count}):\n" + indent(f"yield {literal(fields['data'])}"))
    return code.helper("endless", source) + "()"


def _blocks(code: Code, fields: _Fields, name: str) -> str:
    loop = f"block = {literal(fields['data'])}\nfor _ in range({fields['count']}):\n" + indent("yield block")
    return code.helper("blocks", "def @():\n" + indent(loop)) + "()"


def _dict(code: Code, fields: _Fields, name: str) -> str:
    return _pairs(code, fields["items"], "{", "}")


def _message(code: Code, fields: _Fields, name: str) -> str:
    pairs = [(code.argument(field, "name"), code.argument(value, "value")) for field, value in fields["items"]]
    return code.variable(name, "email.message.Message()", *(f"@[{field}] = {value}" for field, value in pairs))


def _mapping(code: Code, fields: _Fields, name: str) -> str:
    source = (
        "class @:\n    def __init__(self, pairs):\n        self.pairs = pairs\n\n"
        "    def __iter__(self):\n        return iter([name for name, _ in self.pairs])\n\n"
        "    def items(self):\n        return list(self.pairs)"
    )
    return f"{code.helper('Mapping', source)}({_pairs(code, fields['items'], '[', ']')})"


def _always(expression: str) -> Callable[[Code, _Fields, str], str]:
    return lambda code, fields, name: expression


def _of_data(opening: str, closing: str = ")") -> Callable[[Code, _Fields, str], str]:
    return lambda code, fields, name: f"{opening}{literal(fields['data'])}{closing}"


def _float(code: Code, fields: _Fields, name: str) -> str:
    value = float(fields["text"])
    return repr(value) if value - value == 0 else f'float("{value}")'


_WRITERS: dict[str, Callable[[Code, _Fields, str], str]] = {
    "none": _always("None"),
    "str": _text,
    "str-subclass": lambda code, fields, name: (
        f"{code.helper('Text', _subclass('Text', 'str'))}({_text(code, fields, name)})"
    ),
    "int": lambda code, fields, name: repr(fields["value"]),
    "bool": lambda code, fields, name: repr(fields["value"]),
    "float": _float,
    "object": _always("object()"),
    "class": lambda code, fields, name: code.helper("Text", _subclass("Text", "str")),
    "function": lambda code, fields, name: code.helper("function", 'def @():\n    return b"called"'),
    "bytes": _of_data("", ""),
    "bytes-subclass": lambda code, fields, name: (
        f"{code.helper('Data', _subclass('Data', 'bytes'))}({literal(fields['data'])})"
    ),
    "bytearray": _of_data("bytearray("),
    "memoryview": _memoryview,
    "array": _array,
    "ctypes": _ctypes,
    "buffer": _buffer,
    "pickle-buffer": _of_data("pickle.PickleBuffer("),
    "bytes-with-iter": _bytes_with_iter,
    "bytesio": lambda code, fields, name: _positioned(code, fields, name, f"io.BytesIO({literal(fields['data'])})"),
    "binary-file": _binary_file,
    "text-file": _text_file,
    "stringio": _stringio,
    "text-reader": _scripted("TextReader", "(io.TextIOBase)", '""'),
    "raw-reader": _scripted("RawReader", "(io.RawIOBase)", 'b""', "    def readable(self):\n        return True\n\n"),
    "reader": _scripted("Reader", "", 'b""'),
    "pipe": _pipe,
    "socket-file": _socket_file,
    "spooled": _spooled,
    "temporary-file": _temporary_file,
    "temporary-text-file": _temporary_text_file,
    "gzip": _gzip,
    "codecs-reader": _codecs_reader,
    "mmap": _mmap,
    "bytes-with-read": _with_read("BytesWithRead", "bytes", lambda code, fields: literal(fields["data"])),
    "str-with-read": _with_read("StrWithRead", "str", lambda code, fields: literal(fields["text"])),
    "array-with-read": _with_read(
        "ArrayWithRead", "array.array", lambda code, fields: f'"B", {literal(fields["data"])}'
    ),
    "list-with-read": _with_read("ListWithRead", "list", lambda code, fields: _list(code, fields["items"])),
    "iterable-with-read": _iterable_with_read,
    "list": lambda code, fields, name: _list(code, fields["items"]),
    "tuple": _tuple,
    "set": _around("set(", ")"),
    "frozenset": _around("frozenset(", ")"),
    "deque": _around("collections.deque(", ")"),
    "dict-of": _around("dict.fromkeys(", ")"),
    "dict-keys": _around("dict.fromkeys(", ").keys()"),
    "dict-values": _around("dict(enumerate(", ")).values()"),
    "generator": _generator,
    "iterator": _over_items("Iterator", _ITERATOR),
    "map": _map,
    "chain": _chain,
    "iterable": _over_items("Iterable", _ITERABLE),
    "sequence": _indexed(
        "Sequence", "(collections.abc.Sequence)", "    def __len__(self):\n        return len(self.items)\n\n"
    ),
    "getitem": _indexed("Indexed", "", ""),
    "endless": _endless,
    "blocks": _blocks,
    "range": lambda code, fields, name: bracket("range(", [str(bound) for bound in fields["bounds"]], ")"),
    "dict": _dict,
    "message": _message,
    "mapping": _mapping,
    "mapping-proxy": lambda code, fields, name: f"types.MappingProxyType({_dict(code, fields, name)})",
    "pairs-list": lambda code, fields, name: _pairs(code, fields["items"], "[", "]"),
    "raise": lambda code, fields, name: str(fields["name"]),
}
