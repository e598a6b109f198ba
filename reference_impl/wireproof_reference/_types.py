"""What the arguments of a request may be, for readers and type checkers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Readable(Protocol):
    """An open file, as far as a body needs one: the ``read`` method (body.file.read-only)."""

    def read(self, size: int, /) -> Any:
        """Return at most ``size`` units of data, something falsy at the end."""


class Headers(Protocol):
    """A mapping, as far as headers need one (headers.only-items)."""

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the names."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Return the pairs of name and value, in the order to send them."""


Body: TypeAlias = "str | Buffer | Readable | Iterable[Buffer] | None"
