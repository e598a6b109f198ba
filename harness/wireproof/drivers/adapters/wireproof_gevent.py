"""http.client after gevent has patched everything."""

from gevent import monkey

monkey.patch_all()

import http.client  # noqa: E402

import gevent  # noqa: E402

__version__ = gevent.__version__
HTTPConnection = http.client.HTTPConnection
