"""Deliberately faulty and oddly built clients: each fault is found and named, and nothing else is blamed.

The clients lie in ``clients``: one class, one fault. ``FAULTS`` says of each fault by which case it must be found,
how, and what the first line of the explanation must say.
"""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from wireproof._cases import CaseSet, load
from wireproof._model import Verdict
from wireproof._run import Judged, Options, run
from wireproof._selection import select

CLIENTS = Path(__file__).parent / "clients"


class Found(NamedTuple):
    """How a fault is found: the case, the verdict, the reason's code and clause, and words of its first line."""

    case: str
    verdict: str
    code: str
    clause: str
    words: str


FAULTS = {
    # text bodies
    "TextAsUtf8": Found(
        "body-str/latin-1/e-acute", "fail", "body.utf-8", "body.str.latin-1", "as UTF-8 instead of ISO-8859-1"
    ),
    "TextCountedInCharacters": Found(
        "body-str/latin-1/mixed", "fail", "body.utf-8", "body.str.latin-1", "as UTF-8 instead of ISO-8859-1"
    ),
    "TextReplaced": Found(
        "body-str/not-encodable/euro-sign",
        "fail",
        "call.not-raised",
        "body.early-encoding",
        "No exception was raised, UnicodeEncodeError expected",
    ),
    "TextAsAscii": Found(
        "body-str/latin-1/e-acute", "fail", "call.raised", "body.str.accepted", "UnicodeEncodeError although"
    ),
    "TextAsWindows1252": Found(
        "body-str/not-encodable/euro-sign",
        "fail",
        "call.not-raised",
        "body.early-encoding",
        "UnicodeEncodeError expected",
    ),
    "TextNewlines": Found(
        "body-str/content/line-ends", "fail", "body.newlines", "body.str.latin-1", "Line endings of the body"
    ),
    "TextStripped": Found(
        "body-str/content/line-ends", "fail", "body.stripped", "body.str.latin-1", "White space around the body"
    ),
    "TextSubclassRefused": Found(
        "body-str/kinds/subclass", "fail", "call.raised", "body.str.accepted", "request() raised TypeError"
    ),
    # buffers
    "ItemsAsLength": Found(
        "body-bytes-like/item-size/view-h", "fail", "length.items", "length.buffer", "4, the number of items"
    ),
    "StridesIgnored": Found(
        "body-bytes-like/shape/every-second",
        "nonstrict",
        "call.not-raised",
        "body.non-contiguous",
        "BufferError expected",
    ),
    "OnlyBytes": Found(
        "body-bytes-like/kinds/array", "fail", "call.raised", "body.buffer.accepted", "request() raised TypeError"
    ),
    "BufferClipped": Found(
        "automatic-headers/order/no-expect",
        "fail",
        "body.truncated",
        "send.complete",
        "stops after 65535",
    ),
    "BufferConsumed": Found(
        "effects/body/bytearray", "nonstrict", "effect.content", "body.unchanged", "the content of the caller's body"
    ),
    "BufferBeforeFile": Found(
        "body-file/kinds/mmap", "fail", "framing.length-instead-of-chunked", "file.no-length", "for a file"
    ),
    # files
    "FileRewound": Found(
        "body-file/position/binary-file", "fail", "body.rewound", "body.file.contents", "sent from its start"
    ),
    "FilePutBack": Found(
        "body-file/afterwards/bytesio", "nonstrict", "effect.rewound", "file.read-to-end", "back where it stood"
    ),
    "FileClosed": Found(
        "body-file/afterwards/bytesio", "nonstrict", "effect.closed", "file.left-open", "closed the caller's file"
    ),
    "FileSizeFromFstat": Found(
        "body-file/position/binary-file",
        "fail",
        "framing.length-instead-of-chunked",
        "file.no-length",
        "is sent instead of Transfer-Encoding: chunked for a file",
    ),
    "FileSizeFromSeek": Found(
        "body-file/position/bytesio",
        "fail",
        "framing.length-instead-of-chunked",
        "file.no-length",
        "is sent instead of Transfer-Encoding: chunked for a file",
    ),
    "LargerBlocks": Found(
        "body-file/blocksize/with-content-length", "nonstrict", "effect.reads", "file.block-size", "called with 16384"
    ),
    "WholeFile": Found(
        "body-file/afterwards/raw-reader",
        "nonstrict",
        "effect.reads",
        "file.block-size",
        "called with no size",
    ),
    "FileByLines": Found(
        "body-file/blocks/one-more",
        "nonstrict",
        "chunk.boundaries",
        "chunked.per-piece",
        "in 1 chunk",
    ),
    "ShortReadEnds": Found(
        "body-file/reads/short-reads", "fail", "body.truncated", "file.short-reads", "The body stops after"
    ),
    "TextFileAsUtf8": Found(
        "body-file/text/stringio", "fail", "body.utf-8", "body.file.text-latin-1", "as UTF-8 instead of ISO-8859-1"
    ),
    "TextFileInItsEncoding": Found(
        "body-file/text/from-utf-16", "fail", "body.utf-16", "body.file.text-latin-1", "as UTF-16 instead of"
    ),
    "AnyTextReader": Found(
        "body-file/text-without-textio/codecs-reader",
        "nonstrict",
        "call.not-raised",
        "file.text-not-textio",
        "TypeError expected",
    ),
    "FileNeedsSeek": Found(
        "body-file/kinds/only-read", "fail", "call.raised", "body.file.read-only", "has no attribute 'seek'"
    ),
    "FileCutToLength": Found(
        "body-file/caller-length/too-small",
        "fail",
        "body.truncated",
        "framing.caller-length",
        "where the Content-Length ends",
    ),
    # iterables
    "EmptyPieceSent": Found(
        "body-iterable/empty-elements/middle",
        "fail",
        "chunk.empty",
        "chunked.body",
        "An empty piece is sent as '0␍␊␍␊', which ends the body after 2 bytes of 4",
    ),
    "FirstLost": Found(
        "body-iterable/collections/list",
        "fail",
        "body.element-missing",
        "body.iterable.exhausted",
        "The first piece of the body is missing",
    ),
    "LastLost": Found(
        "body-iterable/collections/list",
        "fail",
        "body.element-missing",
        "body.iterable.exhausted",
        "The last piece of the body is missing",
    ),
    "FirstTwice": Found(
        "body-iterable/collections/list",
        "fail",
        "body.element-repeated",
        "body.iterable.exhausted",
        "The first piece of the body is sent twice",
    ),
    "LengthPassFirst": Found(
        "effects/iterated/sequence", "nonstrict", "effect.iterated", "iterable.once", "began 2 times, expected 1 time"
    ),
    "Collected": Found(
        "body-iterable/wrong-elements/str-after-bytes", "nonstrict", "effect.pulled", "iterable.lazy", "3, expected 2"
    ),
    "Joined": Found(
        "body-iterable/collections/list", "nonstrict", "chunk.boundaries", "chunked.per-piece", "sent in 1 chunk"
    ),
    "JoinedWithLength": Found(
        "body-iterable/one-shot/generator",
        "fail",
        "framing.length-instead-of-chunked",
        "chunked.iterable",
        "instead of Transfer-Encoding: chunked for an iterable",
    ),
    "StrElements": Found(
        "body-iterable/wrong-elements/str-first",
        "fail",
        "call.not-raised",
        "iterable.wrong-items",
        "TypeError expected",
    ),
    "DictAsForm": Found(
        "body-iterable/collections/dict", "fail", "body.changed", "body.iterable.as-is", "'=None&k2=None'"
    ),
    "StreamOfGetLost": Found(
        "body-file/methods/get", "fail", "body.missing", "body.file.contents", "missing altogether"
    ),
    "BodyOfDeleteLost": Found(
        "body-str/methods/delete", "fail", "body.missing", "body.str.latin-1", "missing altogether"
    ),
    "FailureSwallowed": Found(
        "body-iterable/raises/half-way", "nonstrict", "call.not-raised", "body.propagates", "ValueError expected"
    ),
    "FailureEnded": Found(
        "body-iterable/raises/half-way",
        "nonstrict",
        "error.last-chunk",
        "body.propagates",
        "The last chunk was sent although the body failed",
    ),
    "FailureWrapped": Found(
        "body-iterable/raises/half-way",
        "nonstrict",
        "call.other-exception",
        "body.propagates",
        "HTTPException instead of ValueError",
    ),
    # chunks
    "DecimalSizes": Found(
        "body-iterable/sizes/9-and-10", "fail", "chunk.decimal", "chunked.body", "Chunk sizes are written in decimal"
    ),
    "LowerCaseSizes": Found(
        "body-iterable/sizes/9-and-10",
        "nonstrict",
        "chunk.lower-case",
        "chunked.hex-upper",
        "in lower-case hexadecimal",
    ),
    "PaddedSizes": Found(
        "body-iterable/sizes/9-and-10", "nonstrict", "chunk.leading-zeros", "chunked.hex-upper", "with leading zeros"
    ),
    "PrefixedSizes": Found("body-iterable/sizes/9-and-10", "fail", "chunk.prefix", "chunked.body", "written with 0x"),
    "SizeWithLineEnd": Found(
        "body-iterable/sizes/9-and-10", "fail", "chunk.size-with-crlf", "chunked.body", "counts the CRLF behind"
    ),
    "ChunkExtension": Found(
        "body-iterable/sizes/9-and-10", "nonstrict", "chunk.extension", "chunked.hex-upper", "';part=1'"
    ),
    "ChunkUnended": Found(
        "body-iterable/sizes/9-and-10", "fail", "chunk.no-crlf", "chunked.body", "The CRLF behind the data of chunks"
    ),
    "ChunksWithLineFeeds": Found(
        "body-iterable/sizes/9-and-10", "fail", "chunk.line-ending", "chunked.body", "with LF instead of CRLF"
    ),
    "NoLastChunk": Found(
        "body-iterable/sizes/9-and-10", "fail", "chunk.last-missing", "chunked.body", "is missing: the server waits"
    ),
    "TwoLastChunks": Found(
        "body-iterable/sizes/9-and-10", "fail", "chunk.last-twice", "chunked.body", "The last chunk is sent 2 times"
    ),
    "LastChunkCut": Found(
        "body-iterable/sizes/9-and-10", "fail", "chunk.last-cut", "chunked.body", "The last chunk is cut off"
    ),
    "Trailer": Found(
        "body-iterable/sizes/9-and-10",
        "nonstrict",
        "chunk.trailers",
        "chunked.body",
        "A trailer follows the last chunk",
    ),
    "ChunkedTwice": Found(
        "body-iterable/collections/list-of-one",
        "fail",
        "body.chunked-twice",
        "chunked.iterable",
        "chunk-encoded twice",
    ),
    "EmptyNotEnded": Found(
        "body-iterable/empty-elements/none-at-all-in-a-list",
        "fail",
        "chunk.last-missing",
        "chunked.body",
        "the server waits",
    ),
    # framing
    "NoZeroForPatch": Found(
        "framing/no-body/patch",
        "fail",
        "framing.zero-missing",
        "length.zero-patch",
        "Content-Length: 0 is missing: PATCH without a body",
    ),
    "ZeroForGet": Found(
        "framing/no-body/get", "fail", "framing.length-added", "length.zero-only", "although there is no body"
    ),
    "ZeroInUpperCase": Found(
        "framing/method-case/put-lower", "nonstrict", "framing.zero-missing", "length.zero-put", "put without a body"
    ),
    "EmptyIsNone": Found(
        "framing/automatic/get-with-empty-str",
        "fail",
        "framing.zero-missing",
        "length.empty",
        "an empty body is a body",
    ),
    "Unframed": Found(
        "body-iterable/collections/list",
        "fail",
        "body.not-chunked",
        "chunked.iterable",
        "sent as it is, without chunks, although Transfer-Encoding: chunked is sent",
    ),
    "TextChunked": Found(
        "framing/automatic/get-with-str",
        "fail",
        "framing.chunked-instead-of-length",
        "length.str",
        "Transfer-Encoding: chunked is sent instead of Content-Length",
    ),
    "NeitherField": Found(
        "body-file/kinds/bytesio", "fail", "framing.missing", "framing.automatic", "nothing else frames the body"
    ),
    "BothFields": Found(
        "body-iterable/collections/list", "fail", "framing.both", "framing.one-only", "is there already"
    ),
    "LengthTwice": Found(
        "automatic-headers/order/own-length-not-moved",
        "fail",
        "field.repeated",
        "framing.one-only",
        "is sent 2 times instead of 1",
    ),
    "LengthCorrected": Found(
        "framing/caller-length-values/too-small-for-str",
        "fail",
        "field.value",
        "framing.caller-length",
        "The value of Content-Length is another one",
    ),
    "CodingDropped": Found(
        "framing/caller-coding/str",
        "fail",
        "framing.given-dropped",
        "framing.caller-coding",
        "The caller's Transfer-Encoding is not sent",
    ),
    "LengthCaseSensitive": Found(
        "framing/caller-length-names/lower",
        "fail",
        "field.repeated",
        "framing.one-only",
        "is sent 2 times instead of 1",
    ),
    "CodingCaseSensitive": Found(
        "framing/caller-coding/lower",
        "fail",
        "field.repeated",
        "framing.one-only",
        "transfer-encoding is sent 2 times",
    ),
    "HostCaseSensitive": Found(
        "automatic-headers/host-override/lower-case",
        "nonstrict",
        "field.repeated",
        "auto.host-override",
        "The field host is sent 2 times",
    ),
    "AcceptEncodingCaseSensitive": Found(
        "automatic-headers/accept-encoding/lower-case-last",
        "nonstrict",
        "field.repeated",
        "auto.accept-encoding-override",
        "The field accept-encoding is sent 2 times",
    ),
    # encode_chunked
    "FlagIgnored": Found(
        "encode-chunked/true/str", "fail", "body.not-chunked", "flag.true-chunked", "although encode_chunked is true"
    ),
    "FlagUnknown": Found(
        "encode-chunked/true/str", "fail", "call.raised", "flag.keyword-only", "unexpected keyword argument"
    ),
    "FlagByPosition": Found(
        "errors/call/fifth-positional", "fail", "call.not-raised", "flag.keyword-only", "TypeError expected"
    ),
    "FlagIsTrue": Found(
        "encode-chunked/truth/int-one",
        "nonstrict",
        "body.not-chunked",
        "flag.true-chunked",
        "although encode_chunked is true",
    ),
    "FlagByDefault": Found(
        "encode-chunked/false/str-absent",
        "fail",
        "body.chunked",
        "flag.false-raw",
        "although encode_chunked is false",
    ),
    "FlagAlone": Found(
        "encode-chunked/without-coding/str-true",
        "fail",
        "body.chunked",
        "flag.without-coding",
        "The body is chunk-encoded although",
    ),
    "FlagWithLength": Found(
        "encode-chunked/with-length/str",
        "fail",
        "body.chunked",
        "framing.caller-length",
        "chunk-encoded although the caller gave Content-Length",
    ),
    "CodingInspected": Found(
        "encode-chunked/coding/gzip-true",
        "fail",
        "body.not-chunked",
        "flag.true-chunked",
        "although encode_chunked is true",
    ),
    # headers
    "HeadersSorted": Found(
        "headers/mappings/dict-in-order", "nonstrict", "order.sorted", "headers.order", "they are sorted by name"
    ),
    "AcceptEncodingFirst": Found(
        "automatic-headers/order/without-body",
        "nonstrict",
        "order.automatic",
        "auto.order",
        "accept-encoding, host instead of host, accept-encoding",
    ),
    "FramingLast": Found(
        "automatic-headers/order/coding-alone",
        "nonstrict",
        "order.behind",
        "auto.order",
        "(transfer-encoding) stand behind the caller's",
    ),
    "ValuesStripped": Found(
        "headers/values/white-space-kept", "nonstrict", "field.value-stripped", "headers.sent", "lost the white space"
    ),
    "NamesTitled": Found("headers/names/case-kept", "nonstrict", "field.name-case", "headers.name-case", "is written"),
    "NamesLowered": Found(
        "request-line/arguments/returns-none",
        "nonstrict",
        "field.name-case",
        "auto.name-case",
        "'Host' is written 'host'",
    ),
    "RepeatsLost": Found(
        "headers/repeats/message",
        "fail",
        "field.missing",
        "headers.sent",
        "only 'Cookie: b=2' is sent of 2 field lines",
    ),
    "RepeatsJoined": Found("headers/repeats/message", "fail", "field.joined", "headers.sent", "were joined into one"),
    "ValuesAsUtf8": Found(
        "headers/values/latin-1-letter",
        "fail",
        "field.value-utf-8",
        "headers.value-latin-1",
        "as UTF-8 instead of ISO-8859-1",
    ),
    "ValuesAsAscii": Found(
        "headers/values/latin-1-letter", "fail", "call.raised", "headers.accepted", "'ascii' codec can't encode"
    ),
    "BytesAsRepr": Found(
        "headers/values/bytes", "fail", "field.value-repr", "headers.value-bytes", "in Python's notation"
    ),
    "IntInHexadecimal": Found(
        "headers/values/int",
        "fail",
        "field.value",
        "headers.value-int",
        "'0xa', expected '10'",
    ),
    "BoolAsNumber": Found("headers/values/true", "nonstrict", "field.value", "headers.sent", "'1', expected 'True'"),
    "IntRefused": Found("headers/values/int", "fail", "call.raised", "headers.accepted", "request() raised TypeError"),
    "EmptyValuesDropped": Found(
        "headers/values/empty-text", "fail", "field.missing", "headers.sent", "The caller's field line"
    ),
    "ValuesUnfolded": Found(
        "headers/folding/crlf-space", "nonstrict", "field.value-fold", "headers.value-folding", "folded in another way"
    ),
    "ValuesInjectable": Found(
        "errors/header-values/crlf-and-field",
        "nonstrict",
        "call.not-raised",
        "headers.value-injection",
        "ValueError expected",
    ),
    "NamesInjectable": Found(
        "errors/header-names/colon", "nonstrict", "call.not-raised", "headers.name-illegal", "ValueError expected"
    ),
    "HeadersNoneAccepted": Found(
        "errors/mapping/none", "nonstrict", "call.not-raised", "headers.none", "TypeError expected"
    ),
    "HeadersListAccepted": Found(
        "errors/mapping/list-of-pairs", "nonstrict", "call.not-raised", "headers.list", "AttributeError expected"
    ),
    "HeadersLookedUp": Found(
        "headers/mappings/iteration-and-items-alone",
        "fail",
        "call.raised",
        "headers.accepted",
        "has no attribute 'get'",
    ),
    "HeadersMutated": Found(
        "headers/mappings/dict-unchanged-by-length",
        "nonstrict",
        "effect.headers",
        "headers.unchanged",
        "changed the caller's mapping of headers",
    ),
    "UserAgentAdded": Found(
        "request-line/arguments/returns-none",
        "nonstrict",
        "field.extra",
        "auto.nothing-else",
        "'User-Agent: faulty/1.0' is sent although nobody asked",
    ),
    "ConnectionAdded": Found(
        "request-line/arguments/returns-none",
        "nonstrict",
        "field.extra",
        "auto.nothing-else",
        "'Connection: keep-alive' is sent although nobody asked",
    ),
    "ContentTypeAdded": Found(
        "automatic-headers/order/no-content-type",
        "nonstrict",
        "field.extra",
        "auto.nothing-else",
        "'Content-Type: text/plain' is sent although nobody asked",
    ),
    "ExpectAdded": Found(
        "automatic-headers/order/no-expect",
        "nonstrict",
        "field.extra",
        "auto.nothing-else",
        "'Expect: 100-continue' is sent although nobody asked",
    ),
    "NoSpaceAfterColon": Found(
        "automatic-headers/accept-encoding/with-own-host", "nonstrict", "field.spacing", "headers.sent", "white space"
    ),
    # request line and Host
    "MethodUpperCased": Found(
        "framing/method-case/get-lower",
        "fail",
        "method.upper-cased",
        "request.method",
        "The method was put into upper case",
    ),
    "MethodInjectable": Found(
        "effects/files/untouched-by-a-bad-method",
        "nonstrict",
        "call.not-raised",
        "method.control",
        "ValueError expected",
    ),
    "UrlQuoted": Found(
        "request-line/targets/characters-of-no-uri",
        "fail",
        "target.percent-encoded",
        "request.target",
        "The url was percent-encoded",
    ),
    "SpaceQuoted": Found("errors/url/space", "fail", "call.not-raised", "target.control", "InvalidURL expected"),
    "UrlNormalised": Found(
        "automatic-headers/other-urls/http-in-the-path",
        "fail",
        "target.dots-removed",
        "request.target",
        "The url was normalised",
    ),
    "FragmentDropped": Found(
        "request-line/targets/fragment",
        "fail",
        "target.fragment-dropped",
        "request.target",
        "The url lost its fragment",
    ),
    "UrlToPath": Found(
        "request-line/targets/absolute-form",
        "fail",
        "target.origin-form",
        "request.target",
        "The url was cut down to its path",
    ),
    "UrlAsUtf8": Found(
        "errors/url/latin-1", "nonstrict", "call.not-raised", "target.non-ascii", "UnicodeEncodeError expected"
    ),
    "UrlInjectable": Found("errors/url/crlf", "nonstrict", "call.not-raised", "target.control", "InvalidURL expected"),
    "EmptyUrlKept": Found(
        "request-line/empty-target/empty", "nonstrict", "target.changed", "request.target", "'' instead of '/'"
    ),
    "OldVersion": Found(
        "request-line/arguments/returns-none",
        "nonstrict",
        "version.changed",
        "request.version",
        "'HTTP/1.0' instead of 'HTTP/1.1'",
    ),
    "HostWithoutPort": Found(
        "request-line/arguments/returns-none", "nonstrict", "host.port-missing", "auto.host", "lacks the port"
    ),
    "HostWithDefaultPort": Found(
        "automatic-headers/default-port/ipv6-and-80",
        "nonstrict",
        "host.port-added",
        "host.default-port",
        "shows a port that it must leave out",
    ),
    "HostOfConnection": Found(
        "automatic-headers/absolute-urls/http",
        "nonstrict",
        "field.value",
        "host.absolute-url",
        "The value of Host is another one",
    ),
    "HostWithoutBrackets": Found(
        "automatic-headers/addresses/ipv6", "nonstrict", "host.brackets", "host.ipv6-brackets", "wrong brackets"
    ),
    # head and body on the wire
    "LineFeeds": Found(
        "request-line/arguments/returns-none",
        "nonstrict",
        "head.line-ending",
        "rfc.line-ending",
        "end in LF alone instead of CRLF",
    ),
    "NoBlankLine": Found(
        "request-line/arguments/returns-none-with-body",
        "fail",
        "head.no-blank-line",
        "rfc.head-incomplete",
        "The empty line between head and body is missing",
    ),
    "TwoBlankLines": Found(
        "request-line/arguments/returns-none-with-body",
        "fail",
        "body.after-blank-line",
        "body.after-head",
        "An empty line too many",
    ),
    "LeadingLineEnd": Found(
        "request-line/arguments/returns-none", "fail", "request.preceded", "rfc.request-line", "2 bytes stand in front"
    ),
    "StrayLineEnd": Found(
        "body-str/latin-1/ascii", "fail", "body.extended", "body.str.latin-1", "2 bytes too many at the end of the body"
    ),
    "BodyForgotten": Found(
        "body-str/latin-1/ascii", "fail", "body.missing", "body.str.latin-1", "The body is missing altogether"
    ),
    "BodyTwice": Found("body-str/latin-1/ascii", "fail", "body.twice", "body.str.latin-1", "The body is sent twice"),
    "SendOnce": Found(
        "body-bytes-like/late-server/bytes", "fail", "body.truncated", "send.complete", "The body stops after"
    ),
    "NeverSends": Found(
        "request-line/arguments/returns-none",
        "fail",
        "request.not-sent",
        "request.sent",
        "The call returned, and nothing was sent",
    ),
    "HeadOnly": Found("framing/no-body/put", "fail", "request.not-sent", "request.sent", "nothing was sent"),
    "RaisesForPatch": Found(
        "framing/no-body/patch", "fail", "call.raised", "request.sent", "request() raised NotImplementedError"
    ),
    "BrokenPipeSwallowed": Found(
        "body-iterable/endless/chunked", "nonstrict", "call.not-raised", "send.stops", "OSError expected"
    ),
    # state
    "DefaultMutated": Found(
        "sequences/leaks/headers-never-given",
        "fail",
        "framing.length-instead-of-chunked",
        "chunked.iterable",
        "Content-Length: 3 is sent instead",
    ),
    "HeadersKept": Found(
        "sequences/busy/then-the-response",
        "nonstrict",
        "field.extra",
        "auto.nothing-else",
        "nobody asked for it",
    ),
    "HostKept": Found(
        "sequences/leaks/host-of-an-absolute-url", "nonstrict", "field.value", "auto.host", "'example.test', expected"
    ),
    "FlagSticks": Found(
        "sequences/leaks/flag-true", "fail", "body.chunked", "flag.false-raw", "although encode_chunked is false"
    ),
    "BodyKept": Found(
        "sequences/leaks/body-not-given", "fail", "body.unexpected", "body.none", "follow the head where nothing may"
    ),
    "BufferShared": Found(
        "sequences/two-connections/one-fails-early",
        "fail",
        "request.stale-head",
        "state.independent",
        "what an earlier one left behind",
    ),
    "NeverReconnects": Found(
        "sequences/close/after-a-response", "fail", "call.raised", "request.sent", "request() raised NotConnected"
    ),
    "AlwaysReconnects": Found(
        "sequences/replies/ok", "nonstrict", "connection.not-reused", "state.reuse", "A new connection was opened"
    ),
    "IgnoresConnectionClose": Found(
        "sequences/replies/close", "nonstrict", "connection.reused", "state.reconnect", "on the old connection"
    ),
    "SentTwice": Found(
        "request-line/arguments/returns-none", "fail", "request.twice", "request.sent", "sent 2 times on one connection"
    ),
    "Retried": Found(
        "request-line/arguments/returns-none", "fail", "connection.retried", "connection.one", "it was retried"
    ),
    "RetriedOnError": Found(
        "body-iterable/raises/oserror", "nonstrict", "connection.retried", "connection.one", "it was retried"
    ),
    "NeverBusy": Found(
        "sequences/busy/get-get", "nonstrict", "call.not-raised", "state.busy", "CannotSendRequest expected"
    ),
    "FailureForgiven": Found(
        "sequences/after-failure/method-control",
        "nonstrict",
        "call.not-raised",
        "state.busy",
        "CannotSendRequest expected",
    ),
    "LeftOpen": Found(
        "request-line/arguments/returns-none",
        "nonstrict",
        "connection.left-open",
        "connection.closed",
        "The connection was never closed",
    ),
    "ReturnsItself": Found(
        "request-line/arguments/returns-none",
        "nonstrict",
        "call.returned",
        "call.returns-none",
        "The call returned ReturnsItself, expected None",
    ),
    "ReturnsResponse": Found(
        "request-line/arguments/returns-none",
        "nonstrict",
        "call.returned",
        "call.returns-none",
        "The call returned HTTPResponse, expected None",
    ),
    # three conditions at once
    "PatchStreamLowerLength": Found(
        "framing/caller-length-names/lower-on-patch-with-empty-generator",
        "fail",
        "framing.both",
        "framing.caller-length",
        "although the caller's Content-Length is there already",
    ),
    "DeleteTextLengthInBytes": Found(
        "body-str/caller-length/mixed-case-as-bytes",
        "fail",
        "field.repeated",
        "framing.one-only",
        "is sent 2 times instead of 1",
    ),
    "GetTextFileWithCoding": Found(
        "body-file/caller-coding/flag-true", "fail", "chunk.last-missing", "chunked.body", "The last chunk"
    ),
    # from scratch, or from the reference implementation
    "ScratchWithoutChunks": Found(
        "body-iterable/one-shot/generator",
        "fail",
        "framing.missing",
        "framing.automatic",
        "Transfer-Encoding is missing",
    ),
    "ScratchSizeInItems": Found(
        "body-bytes-like/item-size/view-d", "fail", "length.items", "length.buffer", "the number of items"
    ),
    "ScratchInjectable": Found(
        "errors/header-values/line-feed",
        "nonstrict",
        "call.not-raised",
        "headers.value-injection",
        "ValueError expected",
    ),
    "ReferenceRechunked": Found(
        "body-bytes-like/sizes/page", "fail", "body.truncated", "send.complete", "The body stops after 1000 bytes"
    ),
    "ReferenceFlushed": Found(
        "sequences/replies/ok", "fail", "call.raised", "request.sent", "request() raised BrokenPipeError although"
    ),
}

CORRECT = (
    "faithful:Scratch",
    "correct:OnePiece",
    "correct:HeadWithFirstPiece",
    "correct:StridesCopied",
    "correct:Vectored",
    "correct:ThroughFile",
    "correct:FromThread",
    "correct:WholeRequestInThread",
    "correct:NagleOn",
    "correct:WithTimeout",
    "correct:InheritedReference",
    "correct:Composed",
    "correct:Delegating",
    "correct:Scope.make",
)

ALIKE = (
    "faithful:Hooked",
    "correct:SmallSteps",
    "correct:ThroughDescriptor",
    "correct:NonBlocking",
    "correct:Corked",
    "correct:SmallSendBuffer",
    "correct:PoliteClose",
    "correct:partial",
    "correct:factory",
)
"""Clients that are much like others: they are held against the cases in which theirs could show."""

LARGE = {"more-than-a-mebibyte", "above-one-mebibyte", "two-threads-large-bodies"}
"""Cases with bodies of a mebibyte, which takes seconds byte by byte; they pass, too."""


@functools.cache
def bundled() -> CaseSet:
    """Return the bundled cases, read once."""
    return load()


def verdicts(candidate: str, *globs: str, timeout: float = 30.0) -> list[Verdict]:
    """Run the bundled cases that match, and return the verdicts."""
    events = run([candidate], select(bundled().cases, globs), Options(timeout, jobs=2))
    return [event.verdict for event in events if isinstance(event, Judged)]


def classes(module: str) -> set[str]:
    """Return the names of the public classes of a module of clients."""
    tree = ast.parse((CLIENTS / f"{module}.py").read_text())
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}


@pytest.fixture(autouse=True)
def python_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let workers find the clients."""
    path = os.pathsep.join([str(CLIENTS), str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    return path


# faulty clients ---------------------------------------------------------------------------------------------------


def test_every_faulty_client_is_in_the_table() -> None:
    """No faulty client is forgotten, and none is expected that does not exist."""
    assert set(FAULTS) == classes("faulty")


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_named(name: str) -> None:
    """A faulty client fails a case, and the first line of the explanation names its fault."""
    found = FAULTS[name]
    (verdict,) = verdicts(f"faulty:{name}", found.case)
    assert verdict.reason is not None
    reason = verdict.reason
    seen = Found(verdict.id, verdict.verdict, reason.code, reason.clause, reason.text)
    assert seen == found._replace(words=seen.words)
    assert found.words in seen.words
    assert verdict.blame == "candidate"


@pytest.mark.parametrize("name", ["LowerCaseSizes", "AcceptEncodingFirst"])
def test_what_the_contract_leaves_free_fails_the_gate_bytes_only(name: str) -> None:
    """Lower-case chunk sizes and another order of headers are non-strict in every case that they touch."""
    judged = verdicts(f"faulty:{name}")
    assert {verdict.verdict for verdict in judged} == {"pass", "nonstrict"}
    assert {verdict.layers["contract"] for verdict in judged} == {"pass"}


# correct clients --------------------------------------------------------------------------------------------------


def test_a_client_that_sends_byte_by_byte_passes() -> None:
    """The size of the pieces that a client sends does not matter."""
    cases = [case for case in bundled().cases if case.id.rpartition("/")[2] not in LARGE]
    events = run(["correct:ByteByByte"], cases, Options(30.0, jobs=2))
    judged = [event.verdict for event in events if isinstance(event, Judged)]
    assert len(judged) == len(cases) > 850
    assert [(v.id, v.verdict, v.reason) for v in judged if v.verdict != "pass"] == []


@pytest.mark.parametrize("candidate", CORRECT)
def test_a_correct_client_passes_every_case(candidate: str) -> None:
    """However a client gets the right bytes onto the wire, it passes every case."""
    assert [(v.id, v.verdict, v.reason) for v in verdicts(candidate) if v.verdict != "pass"] == []


@pytest.mark.parametrize("candidate", ALIKE)
def test_a_correct_client_like_another_passes_where_it_could_differ(candidate: str) -> None:
    """Sequences, large bodies, bodies that fail and odd shapes pass, however the client sends."""
    globs = ("sequences/*", "*/late-server/*", "body-iterable/*", "body-bytes-like/shape/*", "automatic-headers/*")
    assert [(v.id, v.verdict, v.reason) for v in verdicts(candidate, *globs) if v.verdict != "pass"] == []


# the command line -------------------------------------------------------------------------------------------------


def wireproof(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    command = [sys.executable, "-m", "wireproof", *arguments]
    environment = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize(
    "name",
    [
        "TextAsUtf8",
        "HeadersSorted",
        "NoZeroForPatch",
        "FileRewound",
        "ItemsAsLength",
        "DecimalSizes",
        "LowerCaseSizes",
        "AcceptEncodingFirst",
    ],
)
def test_a_faulty_client_exits_1_and_the_first_line_names_the_fault(name: str) -> None:
    """The exit code of a faulty client is 1, and the first line below the rule of its explanation names the fault."""
    found = FAULTS[name]
    done = wireproof("run", f"faulty:{name}", "--select", found.case)
    lines = done.stdout.splitlines()
    rule = next(number for number, line in enumerate(lines) if line.startswith(f"faulty:{name}: {found.case}"))
    assert (done.returncode, found.words in lines[rule + 1]) == (1, True), done.stdout


@pytest.mark.parametrize("name", ["LowerCaseSizes", "AcceptEncodingFirst"])
def test_what_the_contract_leaves_free_exits_0_at_the_gate_contract(name: str) -> None:
    """Lower-case chunk sizes and another order of headers pass the gate contract."""
    done = wireproof(
        "run", f"faulty:{name}", "--gate", "contract", "-s", "body-iterable/buffers/*", "-s", "sequences/*"
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["ByteByByte", "OnePiece"])
def test_a_correct_client_exits_0(name: str) -> None:
    """A client that sends byte by byte, or all in one piece, exits 0."""
    done = wireproof("run", f"correct:{name}", "-s", "body-str/*", "-s", "framing/*", "-s", "body-iterable/raises/*")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
