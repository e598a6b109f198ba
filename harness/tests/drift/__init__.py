"""The drift matrix: in which cases the http.client of one release sends, raises or does what another does not.

Theory of operation. Verdicts would not do: they accept the way of every release, so two that both pass may differ.
So each case is played with each interpreter, and what was *seen* of it is brought into a form that does not depend on
the run (``seen``). Of that only a digest is kept at first (``ask``). A case of which two interpreters have different
digests is played again in all of them, and this time what was seen is kept, and what the judge says of it where nothing
but the newest way is right. ``table`` puts that together and ``page`` makes it readable.

Messages of exceptions are left out: they are no part of any clause. Everything else that a driver can see is in.
"""
