"""Deliberately faulty and oddly built clients: each fault is found and named, and nothing else is blamed.

The clients lie in ``clients``: one class, one fault. ``FAULTS`` says of each fault by which case it must be found,
how, and what the first line of the explanation must say.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from wireproof._cases import CaseSet, load
from wireproof._codec import decode
from wireproof._model import Verdict
from wireproof._run import Judged, Options, run
from wireproof._selection import select

CLIENTS = Path(__file__).parent / "clients"


class Found(NamedTuple):
    """How a fault is found: the case, the verdict, the reason's code and clause, and words of its first line.

    ``also``: clauses that are named elsewhere in the verdict, or that the case is about (``UNNAMED``).
    """

    case: str
    verdict: str
    code: str
    clause: str
    words: str
    also: tuple[str, ...] = ()


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
    "NumbersAsText": Found(
        "framing/other-types/int",
        "nonstrict",
        "call.not-raised",
        "body.other-type",
        "TypeError expected",
        ("chunked.field",),
    ),
    "StrReadAsFile": Found(
        "body-str/kinds/with-read", "nonstrict", "body.other-side", "body.str-read", "what its read() gives was sent"
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
        (
            "body.buffer.as-is",
            "rfc.content-short",
        ),
    ),
    "BufferConsumed": Found(
        "effects/body/bytearray", "nonstrict", "effect.content", "body.unchanged", "the content of the caller's body"
    ),
    "BufferBeforeFile": Found(
        "body-file/kinds/mmap",
        "fail",
        "framing.length-instead-of-chunked",
        "length.file-wins",
        "for a file",
        ("chunked.file",),
    ),
    # files
    "FileRewound": Found(
        "body-file/position/binary-file", "fail", "body.rewound", "file.position", "sent from its start"
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
    "FileNeedsDescriptor": Found(
        "body-file/kinds/bytesio",
        "fail",
        "call.raised",
        "body.file.accepted",
        "UnsupportedOperation although the request is to be sent",
    ),
    "BinaryFileNewlines": Found(
        "body-file/lines/binary",
        "fail",
        "body.newlines",
        "body.file.contents",
        "LF became CRLF",
        ("body.file.binary-as-is",),
    ),
    "TextFileReplaced": Found(
        "body-file/not-encodable/at-once",
        "fail",
        "call.not-raised",
        "body.late-encoding",
        "the text with ? in place of",
    ),
    "FileFromItsStart": Found(
        "body-file/position/unbuffered-file",
        "fail",
        "body.rewound",
        "file.position",
        "from its start instead of from where it stood",
    ),
    # iterables
    "EmptyPieceSent": Found(
        "body-iterable/empty-elements/middle",
        "fail",
        "chunk.empty",
        "chunked.empty-skipped",
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
        "body-str/methods/delete",
        "fail",
        "body.missing",
        "body.str.latin-1",
        "missing altogether",
        ("length.any-method",),
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
    "IterableNeedsLength": Found(
        "body-iterable/one-shot/generator", "fail", "call.raised", "body.iterable.accepted", "has no len()"
    ),
    "NoneElementRefused": Found(
        "body-iterable/empty-elements/none-element", "fail", "call.raised", "request.sent", "'NoneType' has no len()"
    ),
    # chunks
    "DecimalSizes": Found(
        "body-iterable/sizes/9-and-10",
        "fail",
        "chunk.decimal",
        "chunked.body",
        "Chunk sizes are written in decimal",
        ("rfc.chunk-syntax",),
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
        "body-iterable/sizes/9-and-10",
        "fail",
        "chunk.last-missing",
        "chunked.body",
        "is missing: the server waits",
        ("rfc.chunk-last",),
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
        ("chunked.empty",),
    ),
    "TrailerLength": Found(
        "body-iterable/sizes/9-and-10",
        "nonstrict",
        "chunk.trailers",
        "chunked.body",
        "'Content-Length: 19'",
        ("rfc.trailer-field",),
    ),
    "WholeInBlocks": Found(
        "encode-chunked/true/bytes-longer-than-a-block", "nonstrict", "chunk.boundaries", "chunked.whole", "in 9 chunks"
    ),
    # framing
    "NoZeroForPatch": Found(
        "framing/no-body/patch",
        "fail",
        "framing.zero-missing",
        "length.zero-patch",
        "Content-Length: 0 is missing: PATCH without a body",
    ),
    "NoZeroForPut": Found(
        "framing/no-body/put", "fail", "framing.zero-missing", "length.zero-put", "PUT without a body"
    ),
    "NoZeroForPost": Found(
        "framing/no-body/post-with-none", "fail", "framing.zero-missing", "length.zero-post", "POST without a body"
    ),
    "ZeroForGet": Found(
        "framing/no-body/get", "fail", "framing.length-added", "length.zero-only", "although there is no body"
    ),
    "ZeroInUpperCase": Found(
        "framing/method-case/put-lower", "nonstrict", "framing.zero-missing", "method.any-case", "put without a body"
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
        "length.any-method",
        "Transfer-Encoding: chunked is sent instead of Content-Length",
    ),
    "NeitherField": Found(
        "body-file/kinds/bytesio",
        "fail",
        "framing.missing",
        "framing.automatic",
        "nothing else frames the body",
        ("rfc.unframed-body",),
    ),
    "BothFields": Found(
        "body-iterable/collections/list",
        "fail",
        "framing.both",
        "framing.one-only",
        "is there already",
        ("rfc.length-and-coding",),
    ),
    "LengthTwice": Found(
        "automatic-headers/order/own-length-not-moved",
        "fail",
        "field.repeated",
        "framing.one-only",
        "is sent 2 times instead of 1",
        ("rfc.length-repeated",),
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
        ("rfc.coding-final",),
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
    "LengthWithSeparators": Found(
        "body-str/sizes/more-than-a-block",
        "fail",
        "length.not-a-number",
        "length.str",
        "'8,193', no number",
        ("rfc.length-syntax",),
    ),
    "CodingUnfinished": Found(
        "automatic-headers/order/coding-third",
        "fail",
        "field.value",
        "headers.sent",
        "'chunked;', expected 'chunked'",
        ("rfc.coding-syntax",),
    ),
    "CodingDroppedBesideLength": Found(
        "framing/both/str",
        "fail",
        "framing.given-dropped",
        "coding.with-length",
        "The caller's Transfer-Encoding is not sent",
    ),
    "NoBodyEnded": Found(
        "encode-chunked/empty/none",
        "nonstrict",
        "body.chunked",
        "body.none",
        "although there is none",
        ("coding.no-body",),
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
        "chunked.flag-truthy",
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
        "flag.with-length",
        "chunk-encoded although the caller gave Content-Length",
    ),
    "CodingInspected": Found(
        "encode-chunked/coding/gzip-true",
        "fail",
        "body.not-chunked",
        "coding.value-free",
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
        "headers.only-items",
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
    "BoolAsNumber": Found(
        "headers/values/true", "nonstrict", "field.value", "headers.value-int", "'1', expected 'True'"
    ),
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
    "HostGoneWithHeaders": Found(
        "headers/values/text",
        "fail",
        "field.missing",
        "auto.host",
        "The automatic field line 'Host: <host>:<port>' is missing",
        (
            "headers.extra",
            "rfc.host-once",
        ),
    ),
    "AcceptEncodingForgotten": Found(
        "request-line/arguments/returns-none",
        "nonstrict",
        "field.missing",
        "auto.accept-encoding",
        "'Accept-Encoding: identity' is missing",
    ),
    "NamesAsLatin1": Found(
        "errors/header-names/latin-1",
        "nonstrict",
        "call.not-raised",
        "headers.name-ascii",
        "UnicodeEncodeError expected",
        ("rfc.field-name",),
    ),
    "NamesAreTokens": Found(
        "headers/names/inner-space",
        "nonstrict",
        "call.raised",
        "headers.name-lenient",
        "request() raised ValueError although",
    ),
    "NamesAsText": Found(
        "errors/header-names/int", "nonstrict", "call.not-raised", "headers.name-type", "AttributeError expected"
    ),
    "ValuesAsText": Found(
        "errors/header-values/float", "nonstrict", "call.not-raised", "headers.value-type", "TypeError expected"
    ),
    "BytesNamesKnown": Found(
        "headers/bytes-names/content-length",
        "nonstrict",
        "field.missing",
        "headers.bytes-name",
        "is missing beside the caller's, whose name is bytes",
    ),
    "IntAsBytes": Found(
        "headers/values/int", "fail", "field.value", "headers.value-int", "expected '10'", ("rfc.field-value",)
    ),
    "LongValuesFolded": Found(
        "headers/many/16-of-4-kib", "fail", "field.value", "headers.sent", "The value of X-0", ("rfc.obs-fold",)
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
        "request-line/empty-target/empty", "nonstrict", "target.changed", "target.empty", "'' instead of '/'"
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
    "UrlOptional": Found(
        "errors/call/without-url", "nonstrict", "call.not-raised", "call.wrong-arguments", "TypeError expected"
    ),
    "HeadersByNameOnly": Found(
        "request-line/arguments/four-by-position", "fail", "call.raised", "call.signature", "positional arguments"
    ),
    "MethodAsLatin1": Found(
        "errors/method/latin-1", "nonstrict", "call.not-raised", "method.non-ascii", "UnicodeEncodeError expected"
    ),
    "BytesMethodDecoded": Found(
        "errors/method/bytes", "nonstrict", "call.not-raised", "method.type", "TypeError expected"
    ),
    "BytesUrlDecoded": Found("errors/url/bytes", "nonstrict", "call.not-raised", "target.type", "TypeError expected"),
    "NoneUrlAsText": Found(
        "request-line/empty-target/none",
        "nonstrict",
        "target.changed",
        "target.empty",
        "'None' instead of '/'",
        ("rfc.target-form",),
    ),
    "AuthorityNotParsed": Found(
        "errors/authority/bracket-not-closed", "nonstrict", "call.not-raised", "target.authority", "ValueError expected"
    ),
    "HostOfAnyScheme": Found(
        "automatic-headers/other-urls/ftp",
        "nonstrict",
        "field.value",
        "host.other-scheme",
        "'example.test', expected '<host>:<port>'",
    ),
    "PortFromStr": Found(
        "automatic-headers/addresses/name-port-80-as-str",
        "nonstrict",
        "host.port-missing",
        "auto.host",
        "lacks the port",
        ("host.port-str",),
    ),
    "ZoneQuoted": Found(
        "automatic-headers/addresses/ipv6-zone",
        "nonstrict",
        "host.zone",
        "host.ipv6-zone",
        "differs in the zone of the address",
    ),
    "HostAsUtf8": Found(
        "automatic-headers/addresses/idna",
        "nonstrict",
        "host.idna",
        "host.idna",
        "is not IDNA-encoded",
        ("rfc.host-syntax",),
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
        "body-str/latin-1/ascii",
        "fail",
        "body.extended",
        "body.str.latin-1",
        "2 bytes too many at the end of the body",
        ("rfc.content-long",),
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
        ("rfc.empty",),
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
        ("state.separate",),
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
        "state.after-failure",
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
    "CloseKeepsSocket": Found(
        "sequences/close/after-a-response",
        "nonstrict",
        "connection.reused",
        "state.close",
        "on the old connection although a new one",
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
    # one combination of arguments
    "HeadNotChunked": Found(
        "encode-chunked/true/bytes-on-head",
        "fail",
        "body.not-chunked",
        "flag.true-chunked",
        "although encode_chunked is true",
    ),
    "OptionsIteratorJoined": Found(
        "framing/automatic/options-with-iterator",
        "fail",
        "framing.length-instead-of-chunked",
        "chunked.any-method",
        "for an iterable",
    ),
    "ZeroForUnknown": Found(
        "framing/no-body/custom-method", "fail", "framing.length-added", "length.zero-only", "PROPFIND expects none"
    ),
    "PatchByItsName": Found(
        "framing/method-case/patch-title",
        "nonstrict",
        "framing.zero-missing",
        "method.any-case",
        "Patch without a body",
    ),
    "EmptyTextNotEnded": Found(
        "encode-chunked/empty/str", "fail", "chunk.last-missing", "chunked.body", "the server waits"
    ),
    "FlagNoneIsTrue": Found(
        "encode-chunked/truth/none",
        "nonstrict",
        "body.chunked",
        "chunked.flag-truthy",
        "is chunk-encoded although encode_chunked",
    ),
    "FlagEqualsTrue": Found(
        "encode-chunked/truth/str-no",
        "nonstrict",
        "body.not-chunked",
        "chunked.flag-truthy",
        "although encode_chunked is true",
    ),
    "FlagInWords": Found(
        "encode-chunked/truth/str-no",
        "nonstrict",
        "body.not-chunked",
        "chunked.flag-truthy",
        "although encode_chunked is true",
    ),
    "PutWithFlagRewound": Found(
        "body-file/caller-coding/mmap-with-flag",
        "fail",
        "body.rewound",
        "file.position",
        "from its start instead of from where it stood",
    ),
    "LowerCodingTwice": Found(
        "framing/caller-coding/lower",
        "fail",
        "field.repeated",
        "framing.one-only",
        "'Transfer-Encoding: chunked' is one too many",
    ),
    "NamesStrippedFirst": Found(
        "automatic-headers/host-override/not-trailing-space",
        "fail",
        "field.missing",
        "auto.host",
        "'Host: <host>:<port>' is missing",
    ),
    "TeIsCoding": Found(
        "encode-chunked/without-coding/te-is-not-transfer-encoding",
        "fail",
        "framing.missing",
        "framing.automatic",
        "nothing else frames the body",
    ),
    "LengthTidied": Found(
        "framing/caller-length-values/plus-sign", "fail", "field.value", "framing.caller-length", "'3', expected '+3'"
    ),
    "TabsStripped": Found(
        "headers/values/tabs-kept", "nonstrict", "field.value-stripped", "headers.sent", "lost the white space"
    ),
    "UnicodeStripped": Found(
        "headers/values/white-space-beyond-ascii-kept",
        "fail",
        "field.value",
        "headers.sent",
        "'a', expected '\\xa0a\\x85'",
    ),
    "CodingValueLowered": Found(
        "framing/caller-coding/value-in-capitals",
        "fail",
        "field.value-case",
        "framing.caller-coding",
        "changed in case",
    ),
    "HopByHopDropped": Found(
        "headers/well-known/hop-by-hop", "fail", "field.missing", "headers.sent", "'Keep-Alive: timeout=5' is missing"
    ),
    "ExpectHonoured": Found(
        "headers/well-known/expect-does-not-hold-the-body-back",
        "fail",
        "body.missing",
        "body.buffer.as-is",
        "missing altogether",
    ),
    "CharsetHonoured": Found(
        "headers/well-known/charset-does-not-encode",
        "fail",
        "body.utf-8",
        "body.str.latin-1",
        "as UTF-8 instead of ISO-8859-1",
    ),
    "CredentialsKept": Found(
        "headers/well-known/credentials-go-to-any-authority",
        "fail",
        "field.missing",
        "headers.sent",
        "'Authorization: Basic bWU6' is missing",
    ),
    "QueryWithoutFragment": Found(
        "request-line/targets/nothing-behind-its-marks",
        "fail",
        "target.fragment-dropped",
        "request.target",
        "lost its fragment",
    ),
    "SlashesCut": Found(
        "automatic-headers/other-urls/no-scheme",
        "fail",
        "target.dots-removed",
        "request.target",
        "The url was normalised",
    ),
    "AbsoluteUrlEnded": Found(
        "request-line/targets/absolute-form-without-path", "fail", "target.slash-added", "request.target", "got a slash"
    ),
    "BodyPadded": Found(
        "framing/caller-length-values/too-large-for-bytes",
        "fail",
        "body.extended",
        "body.buffer.as-is",
        "6 bytes too many",
    ),
    "EofErrorEnds": Found(
        "body-file/errors/eof-error", "nonstrict", "call.not-raised", "body.propagates", "EOFError expected"
    ),
    "FileClosedOnError": Found(
        "body-file/not-encodable/after-a-block",
        "nonstrict",
        "effect.closed",
        "file.left-open",
        "closed the caller's file",
    ),
    "HeadersClearedOnError": Found(
        "effects/headers/after-a-header-error",
        "nonstrict",
        "effect.headers",
        "headers.unchanged",
        "changed the caller's mapping of headers",
    ),
    "HostTakenOut": Found(
        "headers/mappings/dict-unchanged-by-host",
        "nonstrict",
        "effect.headers",
        "headers.unchanged",
        "changed the caller's mapping of headers",
    ),
    # sizes
    "ChunkOf64KiBCut": Found(
        "body-iterable/sizes/65535-65536-65537", "fail", "body.changed", "body.iterable.as-is", "byte 131070"
    ),
    "SixthDigitLost": Found(
        "body-file/chunk-sizes/more-than-a-mebibyte",
        "fail",
        "chunk.size-wrong",
        "chunked.body",
        "'10000' for 1048577 bytes, expected '100001'",
    ),
    "LargeChunksSplit": Found(
        "body-iterable/sizes/65535-65536-65537",
        "nonstrict",
        "chunk.boundaries",
        "chunked.per-piece",
        "in 4 chunks (65535, 65536, 65536, 1 bytes)",
    ),
    "LongTextInBlocks": Found(
        "encode-chunked/true/str-longer-than-a-block",
        "nonstrict",
        "chunk.boundaries",
        "chunked.whole",
        "in 2 chunks (8192, 1 bytes)",
    ),
    "ThirdBlockLost": Found(
        "body-file/blocksize/sixteen", "fail", "body.truncated", "file.short-reads", "stops after 32 bytes of 33"
    ),
    "ReadsCounted": Found(
        "body-file/blocks/three-hundred-reads",
        "fail",
        "body.truncated",
        "file.short-reads",
        "stops after 256 bytes of 300",
    ),
    "ElementsCounted": Found(
        "body-iterable/many/chunks-257",
        "fail",
        "body.truncated",
        "body.iterable.exhausted",
        "stops after 256 bytes of 257",
    ),
    "HeadersCounted": Found("headers/many/300", "fail", "field.missing", "headers.sent", "'X-100: 100' is missing"),
    "LongHeadCut": Found("headers/many/read-late", "fail", "field.value", "headers.sent", "The value of X-2"),
    "HeadSentOnce": Found("headers/many/read-late", "fail", "field.value", "headers.sent", "The value of X-"),
    "LongUrlRefused": Found(
        "request-line/targets/64-kib-and-one",
        "fail",
        "call.raised",
        "request.sent",
        "request() raised InvalidURL although",
    ),
    # sequences
    "ThirdNotEnded": Found(
        "sequences/framing/chunked-raw", "fail", "chunk.last-missing", "chunked.body", "the server waits"
    ),
    "TenOnEach": Found(
        "sequences/many/twenty-in-a-row",
        "nonstrict",
        "connection.not-reused",
        "state.reuse",
        "A new connection was opened",
    ),
    "MarkedAfterFailure": Found(
        "sequences/after-failure/text-file",
        "nonstrict",
        "field.extra",
        "auto.nothing-else",
        "'X-Retry: 1' is sent although nobody asked",
    ),
    "HostCached": Found(
        "sequences/two-connections/interleaved",
        "nonstrict",
        "field.value",
        "auto.host",
        "The value of Host is another one",
    ),
    "NoContentCloses": Found(
        "sequences/replies/no-content",
        "nonstrict",
        "connection.not-reused",
        "state.reuse",
        "A new connection was opened",
    ),
    "OldServerGivenUp": Found(
        "sequences/replies/http-1.0", "fail", "call.raised", "request.sent", "request() raised NotConnected"
    ),
    "BusyButForGet": Found(
        "sequences/busy/get-get", "nonstrict", "call.not-raised", "state.busy", "CannotSendRequest expected"
    ),
    "OsErrorForgiven": Found(
        "sequences/after-failure/reader-raises",
        "nonstrict",
        "call.not-raised",
        "state.after-failure",
        "CannotSendRequest expected",
    ),
    "BodyOfAnother": Found(
        "sequences/two-connections/everything-then-nothing",
        "fail",
        "body.unexpected",
        "body.none",
        "3 bytes follow the head",
        ("length.zero-post",),
    ),
}

UNNAMED = frozenset(("coding.no-body", "host.port-str", "state.separate"))
"""Clauses whose breach no explanation can tell from that of a more general one: the case says that they are broken."""

SUBTLE = frozenset(
    (
        # sizes
        "BufferClipped",
        "ChunkOf64KiBCut",
        "ElementsCounted",
        "ExpectAdded",
        "HeadSentOnce",
        "HeadersCounted",
        "LargeChunksSplit",
        "LengthWithSeparators",
        "LongHeadCut",
        "LongTextInBlocks",
        "LongUrlRefused",
        "LongValuesFolded",
        "ReadsCounted",
        "SendOnce",
        "SixthDigitLost",
        "ThirdBlockLost",
        "WholeInBlocks",
        # a method, a body, headers and a flag, or two of them
        "AbsoluteUrlEnded",
        "AcceptEncodingCaseSensitive",
        "BodyPadded",
        "CharsetHonoured",
        "CodingCaseSensitive",
        "CodingDroppedBesideLength",
        "CodingInspected",
        "CodingValueLowered",
        "CredentialsKept",
        "DeleteTextLengthInBytes",
        "EmptyIsNone",
        "EmptyTextNotEnded",
        "EofErrorEnds",
        "ExpectHonoured",
        "FileClosedOnError",
        "FileCutToLength",
        "FileFromItsStart",
        "FlagEqualsTrue",
        "FlagInWords",
        "FlagIsTrue",
        "FlagNoneIsTrue",
        "FlagWithLength",
        "GetTextFileWithCoding",
        "HeadNotChunked",
        "HeadersClearedOnError",
        "HopByHopDropped",
        "HostCaseSensitive",
        "HostTakenOut",
        "LengthCaseSensitive",
        "LengthTidied",
        "LowerCodingTwice",
        "NamesStrippedFirst",
        "NoBodyEnded",
        "NoneElementRefused",
        "OptionsIteratorJoined",
        "PatchByItsName",
        "PatchStreamLowerLength",
        "PortFromStr",
        "PutWithFlagRewound",
        "QueryWithoutFragment",
        "ShortReadEnds",
        "SlashesCut",
        "StrReadAsFile",
        "StreamOfGetLost",
        "TabsStripped",
        "TeIsCoding",
        "UnicodeStripped",
        "ZeroForUnknown",
        "ZeroInUpperCase",
        # what was before, or is at the same time
        "AlwaysReconnects",
        "BodyKept",
        "BodyOfAnother",
        "BufferShared",
        "BusyButForGet",
        "CloseKeepsSocket",
        "DefaultMutated",
        "FailureForgiven",
        "FlagSticks",
        "HeadersKept",
        "HostCached",
        "HostKept",
        "IgnoresConnectionClose",
        "MarkedAfterFailure",
        "NeverReconnects",
        "NoContentCloses",
        "OldServerGivenUp",
        "OsErrorForgiven",
        "RetriedOnError",
        "TenOnEach",
        "ThirdNotEnded",
    )
)
"""Faults that show in one combination of arguments, sizes or calls only."""

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


@functools.cache
def everyone() -> dict[str, Verdict]:
    """Return the verdict on each faulty client in the case that must find it, all played in one process."""
    asked = {name: found.case for name, found in FAULTS.items()}
    slot = 100 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    command = [sys.executable, str(CLIENTS / "every.py"), str(slot)]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return {name: decode(verdict) for name, verdict in json.loads(done.stdout).items()}


def classes(module: str) -> set[str]:
    """Return the names of the public classes of the modules of clients that match."""
    trees = [ast.parse(path.read_text()) for path in CLIENTS.glob(f"{module}.py")]
    nodes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    assert len(nodes) == len({node.name for node in nodes})
    return {node.name for node in nodes if not node.name.startswith("_")}


def named(verdict: Verdict) -> set[str]:
    """Return the clauses that a verdict names, in any of its differences or among the RFC's rules that are broken."""
    codes = {note.removeprefix("not valid HTTP/1.1: ") for note in verdict.notes}
    return {difference.clause for difference in verdict.differences} | codes


@pytest.fixture(autouse=True)
def python_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let workers find the clients."""
    path = os.pathsep.join([str(CLIENTS), str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    return path


# faulty clients ---------------------------------------------------------------------------------------------------


def test_every_faulty_client_is_in_the_table() -> None:
    """No faulty client is forgotten, and none is expected that does not exist."""
    assert set(FAULTS) == classes("faulty_*")


def test_every_clause_is_broken_by_a_fault() -> None:
    """Every clause that is not excluded is the reason of one faulty client's failure, or named beside that."""
    broken = {clause for found in FAULTS.values() for clause in (found.clause, *found.also)}
    assert {clause.id for clause in bundled().clauses.values() if not clause.excluded} == broken


def test_a_third_of_the_faults_is_subtle() -> None:
    """At least a third of the faults shows in one combination of arguments, sizes or calls only."""
    assert set(FAULTS) >= SUBTLE
    assert 3 * len(SUBTLE) >= len(FAULTS) > 200


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_named(name: str) -> None:
    """A faulty client fails a case, and the first line of the explanation names its fault."""
    found, verdict = FAULTS[name], everyone()[name]
    assert verdict.reason is not None
    reason = verdict.reason
    seen = Found(verdict.id, verdict.verdict, reason.code, reason.clause, reason.text, found.also)
    assert seen == found._replace(words=seen.words)
    assert found.words in seen.words
    assert set(found.also) <= named(verdict) | (UNNAMED & {*verdict.clauses})
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
