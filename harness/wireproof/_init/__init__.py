"""What ``wireproof init`` writes into somebody's repository."""

from wireproof._init._files import CI, Project, files

__all__ = ["CI", "Project", "files"]
