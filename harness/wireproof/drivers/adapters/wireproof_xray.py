"""http.client after aws-xray-sdk has begun to trace; nothing is reported anywhere."""

import http.client

from aws_xray_sdk import core
from aws_xray_sdk.version import VERSION as __version__  # noqa: F401


class _Nowhere:
    """An emitter that sends nothing."""

    def send_entity(self, entity: object) -> None:
        """Forget a trace."""


core.xray_recorder.configure(sampling=False, emitter=_Nowhere(), context_missing="IGNORE_ERROR")
core.patch(["httplib"])
core.xray_recorder.begin_segment("wireproof")
core.xray_recorder.begin_subsegment("wireproof")
HTTPConnection = http.client.HTTPConnection
