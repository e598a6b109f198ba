"""What decides whether a run is good enough: known failures, comparisons of runs, versions of the suite.

Pure, but for reading baselines and manifests from their files.
"""
