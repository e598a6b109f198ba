"""http.client after sentry-sdk has begun to trace; nothing is reported anywhere."""

import http.client

import sentry_sdk

__version__ = sentry_sdk.VERSION

sentry_sdk.init(dsn="", release="wireproof", traces_sample_rate=1.0)
sentry_sdk.start_transaction(name="wireproof").__enter__()
HTTPConnection = http.client.HTTPConnection
