"""Settings for all tests of the repository; the cases themselves are collected by wireproof.pytest_plugin."""

import hypothesis

hypothesis.settings.register_profile("wireproof", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("wireproof")
