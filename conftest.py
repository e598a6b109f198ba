"""Settings for all tests of the repository; the cases themselves are collected by wireproof.pytest_plugin."""

import contextlib

with contextlib.suppress(ImportError):  # the cases alone need no hypothesis
    import hypothesis

    hypothesis.settings.register_profile("wireproof", deadline=None, derandomize=True, database=None)
    hypothesis.settings.load_profile("wireproof")
