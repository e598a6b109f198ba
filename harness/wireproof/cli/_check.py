"""``wireproof check``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wireproof._cases import bundled_root, load, schema
from wireproof._judge import examine
from wireproof.errors import BrokenCases


@click.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--write-schema", is_flag=True, help="Write schema.json beside the case files.")
def command(path: Path | None, write_schema: bool) -> None:
    """Check the case files below PATH (default: the bundled ones).

    Every file is read; then each expectation is held against the contract's predicates and the rules of RFC 9112.
    """
    if write_schema:
        target = (path or bundled_root()) / "schema.json"
        target.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
        click.echo(f"{target}: written")
    found = load(path)
    bugs = tuple(bug for case in found.cases for bug in examine(case))
    if bugs:
        raise BrokenCases(bugs)
    files = len({case.source.file for case in found.cases})
    click.echo(f"{len(found.cases)} cases in {files} files, {len(found.clauses)} clauses: no complaint")
