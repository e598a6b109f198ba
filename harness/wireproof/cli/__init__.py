"""The command line ``wireproof``: one file for each command, imported when it is called."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import traceback
from types import FrameType

import click

from wireproof import __version__
from wireproof.errors import WireproofError

_COMMANDS = {
    "init": "Write what a gate in CI needs into a repository: a job, a description, an empty baseline.",
    "run": "Run the cases against candidates and say where they fall short.",
    "list": "List the cases and matrices, or the clauses.",
    "show": "Show a case, a combination or a matrix: the request, what must arrive, and why.",
    "check": "Check case files, and hold each expectation against the other oracles.",
    "baseline": "Write down known failures, and keep them up to date.",
    "compare": "Say what has changed between two runs.",
    "freeze": "Write down what the suite has in this version, for --suite-version of later ones.",
    "merge": "Put the reports of shards together again.",
    "report": "Make reports of any format from stored results.",
    "coverage": "Say what exercises each clause of the contract, and what falls short.",
    "candidates": "List the described candidates, and say which are installed.",
    "install": "Install described candidates, each in a virtual environment of its own.",
    "driver": "Check a driver of your own: wireproof driver check.",
    "serve": "Capture requests and print them, annotated.",
    "export": "Write cases as vectors for any language, or as a file of tests for unittest.",
    "repro": "Print a script that reproduces a case without wireproof.",
    "fuzz": "Search for requests that a candidate gets wrong.",
    "bench": "Measure what the suite costs, beside what it cannot do without.",
}


class _Lazy(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; for the list of commands its name and its help suffice."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"wireproof.cli._{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what it prints is written out before its exit code is given."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise _ReaderGone from None
        return code


class _ReaderGone(Exception):
    """Whoever read the output has gone."""


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wireproof")
def group() -> None:
    """Check what an HTTP client with the API of http.client puts on the wire."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; every error that a person can meet is one sentence and an exit code."""
    for name in ("SIGTERM", "SIGHUP"):
        if signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), _terminate)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = group(prog_name="wireproof", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "wireproof"
        click.echo(f"wireproof: {error.format_message()} (see {path} --help)", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("wireproof: interrupted", err=True)
        sys.exit(3)
    except WireproofError as error:
        click.echo(f"wireproof: {error}", err=True)
        sys.exit(error.exit_code)
    except _ReaderGone:
        # nothing can be said to them any more, and what is still buffered must not fail at the exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(3)
    except Exception as error:
        # a bug of ours must not pass for a candidate that fell short, which is what exit code 1 means
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(frame.filename)}:{frame.lineno}"
        click.echo(f"wireproof: this is a bug of wireproof: {type(error).__name__}: {error} ({where})", err=True)
        sys.exit(3)
    sys.exit(code if isinstance(code, int) else 0)
