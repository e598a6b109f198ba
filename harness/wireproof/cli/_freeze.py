"""``wireproof freeze``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wireproof import __version__
from wireproof._gates._frozen import FOLDER, manifest
from wireproof.cli._options import cases_option
from wireproof.errors import UsageError
from wireproof.report._output import put


@click.command("freeze")
@click.option("--force", is_flag=True, help="Write over what is there.")
@cases_option
def command(force: bool, cases_path: Path | None) -> None:
    """Write down what the suite has in this version, so that later ones can run it with --suite-version.

    This is done once, when a version is released; versions/VERSION.json in the folder of the cases has it.
    """
    from wireproof._cases import load

    found = load(cases_path)
    file = found.root / FOLDER / f"{__version__}.json"
    if file.exists() and not force:
        raise UsageError("suite", f"{file}, which is there", "a version that is not released yet, or --force")
    file.parent.mkdir(exist_ok=True)
    kept = manifest(__version__, found.cases, found.matrices)
    put(file, iter([json.dumps(kept, indent=1), "\n"]))
    click.echo(f"{file}: {len(found.cases):,} cases and {len(found.matrices)} matrices of version {__version__}")
