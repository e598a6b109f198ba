"""``wireproof check``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wireproof._cases import bundled_root, fill, load, schema
from wireproof._judge import examine
from wireproof.errors import BrokenCases, UsageError


@click.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--write-docs", is_flag=True, help="Write schema.json into the folder, and the tables of its README.md.")
def command(path: Path | None, write_docs: bool) -> None:
    """Check the case files below PATH (default: the bundled ones).

    Every file is read; then each expectation is held against the contract's predicates and the rules of RFC 9112.
    """
    if write_docs:
        _write_docs(path or bundled_root())
    found = load(path)
    bugs = tuple(bug for case in found.cases for bug in examine(case))
    if bugs:
        raise BrokenCases(bugs)
    cases, files = len(found.cases), len({case.source.file for case in found.cases})
    counted = f"{cases} case{'s' * (cases != 1)} in {files} file{'s' * (files != 1)}"
    click.echo(f"{counted}, {len(found.clauses)} clauses: no complaint")


def _write_docs(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError("case path", str(folder), "a folder, with --write-docs")
    target, manual = folder / "schema.json", folder / "README.md"
    target.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
    click.echo(f"{target}: written")
    if manual.is_file():
        manual.write_text(fill(manual.read_text(encoding="utf-8")), encoding="utf-8")
        click.echo(f"{manual}: written")
