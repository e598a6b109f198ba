"""``python harness/tests/publish [NAME…]``: measure real clients anew, and make the site of their results."""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    importlib.import_module("publish.command").main()
