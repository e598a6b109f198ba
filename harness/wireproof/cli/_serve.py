"""``wireproof serve``."""

from __future__ import annotations

import click

from wireproof._capture import CannotBind, Recorder, is_loopback
from wireproof._show import annotated
from wireproof._wire import parse_all
from wireproof.errors import UsageError

_SILENCES = 20
"""How often a client may say nothing for the time of grace, in the middle of a request."""
_REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address: 127.x.y.z or ::1.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port (default: any free one).")
@click.option("--requests", "-n", default=0, type=click.IntRange(0), help="Stop after so many connections.")
def command(host: str, port: int, requests: int) -> None:
    """Capture requests and print each one, line by line, with what each part is.

    Every request is answered with 200 and the connection is closed.
    """
    if not is_loopback(host):
        raise UsageError("--host", host, "a loopback address: 127.x.y.z or ::1")
    try:
        recorder = Recorder("serve", host, port)
    except CannotBind as error:
        raise UsageError("--port", str(port), f"one that can be listened on ({error})") from None
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"listening on {shown}:{recorder.port}")
    count = 0
    try:
        while not requests or count < requests:
            recorder.wait(3600.0)
            recorder.pump()
            while recorder.connections and (not requests or count < requests):
                count += 1
                _one(recorder, count)
    except KeyboardInterrupt:
        click.echo(f"stopped after {count} connections", err=True)
    finally:
        recorder.close()


def _one(recorder: Recorder, number: int) -> None:
    """Read the oldest connection until the request is whole and the client silent, answer, and print what came."""
    connection = recorder.connections[0]
    for _ in range(_SILENCES):
        recorder.settle(lambda: connection.ended != "open")
        if connection.ended != "open" or _is_whole(recorder.streams()[0].data):
            break
    recorder.reply(_REPLY, close=True, on=0)
    recorder.settle(lambda: connection.ended != "open")
    stream = recorder.streams()[0]
    recorder.forget()
    click.echo(f"\nconnection {number}: {stream.total:,} bytes, then {stream.ended}")
    for shown, what in annotated(stream.data):
        click.echo(f"  {shown:<60}  {what}")


def _is_whole(data: bytes) -> bool:
    messages = parse_all(data)
    return bool(messages) and messages[-1].complete
