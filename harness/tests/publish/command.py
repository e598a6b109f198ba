"""The command: measure the clients, keep their results, make the site."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import click

from wireproof.errors import UsageError, WireproofError

from .measure import CLIENTS, ROOT, check, measured
from .site import make

RESULTS = ROOT / "reports" / "published"
SITE = ROOT / "reports" / "site"


@click.command("publish")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--results-only", is_flag=True, help="Measure, and make no site.")
@click.option("--site-only", is_flag=True, help="Measure nothing; make the site of the results that are there.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="The folder of the results.")
@click.option("--site", type=click.Path(path_type=Path), default=SITE, help="The folder of the site.")
def command(names: tuple[str, ...], results_only: bool, site_only: bool, results: Path, site: Path) -> int:
    """Measure each NAME (default: all clients that are published), and make the site.

    Exit codes: 0 it is done, a client that cannot be had here is said and left out; 1 CPython or urllib3 is here and
    could not be measured; 2 wrong usage.
    """
    if site_only and (results_only or names):
        raise UsageError("--site-only", " ".join(names) or "--results-only", "it alone")
    code = 0 if site_only else _measure(names or CLIENTS, results)
    if not results_only:
        begun = time.monotonic()
        pages = make(results, site)
        click.echo(f"{len(pages)} pages in {site} ({time.monotonic() - begun:.0f} s)")
    return code


def _measure(names: tuple[str, ...], results: Path) -> int:
    """Measure these clients, say what came of each, and return the exit code."""
    check(names)
    results.mkdir(parents=True, exist_ok=True)
    code, begun = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        for outcome in measured(names, results, Path(scratch)):
            took, begun = time.monotonic() - begun, time.monotonic()
            size = 0 if outcome.why else (results / f"{outcome.name}.json").stat().st_size
            told = f"left out: {outcome.why}" if outcome.why else f"{size / 1e6:.2f} MB"
            click.echo(f"{outcome.name}: {told} ({took:.0f} s)")
            code = max(code, int(outcome.is_wrong))
    total = sum(file.stat().st_size for file in results.glob("*.json"))
    click.echo(f"{total / 1e6:.1f} MB in {results}")
    return code


def main() -> None:
    """Run the command; what is wrong is one sentence."""
    try:
        sys.exit(command(prog_name="publish", standalone_mode=False))
    except click.ClickException as error:
        click.echo(f"publish: {error.format_message()} (see --help)", err=True)
        sys.exit(error.exit_code)
    except WireproofError as error:
        click.echo(f"publish: {error}", err=True)
        sys.exit(error.exit_code)
