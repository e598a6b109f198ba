"""``wireproof merge``."""

from __future__ import annotations

from pathlib import Path

import click

from wireproof.cli._options import report_option, reporter
from wireproof.errors import UsageError
from wireproof.report._merge import merge


@click.command("merge")
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="REPORT...")
@report_option
def command(reports: tuple[Path, ...], targets: tuple[str, ...]) -> int:
    """Put the JSON reports of all shards of a run together.

    What --report json=PATH writes then is what the same run without shards writes. The exit code is that of such a run.
    """
    writers = [reporter(target) for target in targets]
    for _, path in writers:
        if path.resolve() in [report.resolve() for report in reports]:
            raise UsageError("--report", str(path), "a path that is none of the shards")
    results, gate, selection = merge(reports)
    for write, path in writers:
        write(path, results, gate, selection)

    from rich.console import Console

    from wireproof.report._terminal import by_folder, by_layer

    console = Console(emoji=False)
    console.print(f"{len(reports)} shards, {selection.total:,} verdicts for each candidate: the accounts balance\n")
    console.print(by_folder(results))
    console.print()
    console.print(by_layer(results, gate))
    counts = [(result.summary, result.findings.layers[gate]["fail"]) for result in results]
    if any(summary["errored"] for summary, _ in counts):
        return 3
    return int(any(summary["not_run"] or short for summary, short in counts))
