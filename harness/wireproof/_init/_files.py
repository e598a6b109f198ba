"""The files that a project needs for a gate in CI, made of the templates beside this module.

Expressions of the templates stand in << >>, because GitHub has its own meaning for braces. What goes into them is words
of letters, digits and points (``cli/_init.py`` sees to that): nothing has to be escaped for a shell, or for YAML.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wireproof import __version__
from wireproof._gates._rewrite import EMPTY

FOLDER = "wireproof"
"""Where the description and the baseline lie."""

CI = {
    "github": ("github.yml.jinja", ".github/workflows/wireproof.yml"),
    "gitlab": ("gitlab.yml.jinja", ".gitlab-ci-wireproof.yml"),
}
"""The services for which there is a job: its template, and the file."""

LEAST = 50_000
"""The least number of verdicts that a job asks for: a run has over 60,000, of which a client may not support some."""


@dataclass(frozen=True, slots=True)
class Project:
    """What the files are about.

    ``candidate``: package.module:Class. ``name``: what it is called. ``ci``: a service, or "none". ``path``: the
    folders in which the module is looked for, relative to the description. ``installs``: whether pip can install the
    project.
    """

    candidate: str
    name: str
    ci: str
    path: tuple[str, ...] = ("..",)
    installs: bool = True

    @property
    def description(self) -> str:
        """The path of the description."""
        return f"{FOLDER}/{self.name}.yaml"

    @property
    def baseline(self) -> str:
        """The path of the baseline."""
        return f"{FOLDER}/baseline.yaml"


def files(project: Project) -> dict[str, str]:
    """Return the files by their paths, which are relative to the project's folder."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        keep_trailing_newline=True,
    )

    def made(template: str) -> str:
        return environment.get_template(template).render(
            project=project, version=__version__, folder=FOLDER, least=LEAST
        )

    job = {CI[project.ci][1]: made(CI[project.ci][0])} if project.ci in CI else {}
    return {**job, project.description: made("description.yaml.jinja"), project.baseline: EMPTY}
