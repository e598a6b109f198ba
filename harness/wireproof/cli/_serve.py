"""``wireproof serve``."""

from __future__ import annotations

import click

from wireproof._capture import CannotBind, Recorder
from wireproof._show import annotated
from wireproof.errors import UsageError

_REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address: 127.x.y.z or ::1.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port (default: any free one).")
@click.option("--requests", "-n", default=0, type=click.IntRange(0), help="Stop after so many connections.")
def command(host: str, port: int, requests: int) -> None:
    """Capture requests and print each one, line by line, with what each part is.

    Every request is answered with 200 and the connection is closed.
    """
    if not (host == "::1" or host.startswith("127.")):
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
    finally:
        recorder.close()


def _one(recorder: Recorder, number: int) -> None:
    """Read one connection until the client is silent, answer, and print what came."""
    connection = recorder.connections[0]
    recorder.settle(lambda: connection.ended != "open")
    recorder.reply(_REPLY, close=True)
    recorder.settle(lambda: connection.ended != "open")
    stream = connection.stream()
    click.echo(f"\nconnection {number}: {stream.total:,} bytes, then {stream.ended}")
    for shown, what in annotated(stream.data):
        click.echo(f"  {shown:<60}  {what}")
    connection.sock.close()
    del recorder.connections[0]
