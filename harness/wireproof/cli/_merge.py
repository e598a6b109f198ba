"""``wireproof merge``."""

from __future__ import annotations

from pathlib import Path

import click

from wireproof.cli._options import report_option, suite_of, targets_of, write_all
from wireproof.errors import UsageError
from wireproof.report._merge import merge
from wireproof.report._stored import of_run


@click.command("merge")
@click.argument("shards", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="REPORT...")
@report_option
def command(shards: tuple[Path, ...], reports: tuple[str, ...]) -> int:
    """Put the reports of all shards of a run together, in JSON or in JSON Lines.

    What --report json=PATH writes then is what the same run without shards writes. The exit code is that of such a run.
    """
    targets = targets_of(reports)
    for target in targets:
        if target.path and target.path.resolve() in [shard.resolve() for shard in shards]:
            raise UsageError("--report", str(target.path), "a path that is none of the shards")
    results, gate, selection = merge(shards)
    complaints = write_all(targets, of_run(results, gate, selection, suite_of(None)))

    from wireproof.cli._summary import summary_console
    from wireproof.report._terminal import by_folder, by_layer

    console = summary_console(to_stderr=any(target.path is None for target in targets))
    console.print(f"{len(shards)} shards, {selection.total:,} verdicts for each candidate: the accounts balance\n")
    console.print(by_folder(results))
    console.print()
    console.print(by_layer(results, gate))
    counts = [(result.summary, result.findings.layers[gate]["fail"]) for result in results]
    for complaint in complaints:
        click.echo(f"wireproof: {complaint}", err=True)
    if complaints or any(summary["errored"] for summary, _ in counts):
        return 3
    return int(any(summary["not_run"] or short for summary, short in counts))
