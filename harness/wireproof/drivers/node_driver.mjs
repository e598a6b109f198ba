/**
 * The Node driver of wireproof: drives http.request of node:http, or the fetch that is built in.
 *
 * Run as `node node_driver.mjs` by Node 18 or newer, without any package. It speaks docs/driver-protocol.md over
 * standard input and output. In five parts: errors in terms of Python; recipes → values; the two clients; the call; the
 * protocol.
 *
 * What a client is given, and what it is left to do by itself:
 *
 * - Every argument goes in as the type that JavaScript has for it. A str stays a string: both clients encode strings as
 *   UTF-8, where the contract says ISO-8859-1. Not one header field is added, dropped or renamed here.
 * - A url is the option `path` of http.request, which is the request-target. fetch has no such option: its url is put
 *   behind http://host:port as text, and a target that cannot stand there is unsupported.
 * - With a body at hand http.request is ended with it (`request.end(body)`). Streams and iterables are piped with
 *   stream.pipeline, which pulls one piece after the other; what fails in them destroys the request. fetch takes
 *   streams, and asynchronous iterables, which the others are wrapped in.
 * - Each connection object is a pool of its own, for one connection: an Agent. That is the only way to close, in Node,
 *   what one has used, and to know that it is closed. `keepAlive` has been the setting of the global agent since Node
 *   19, and with it `Connection: keep-alive` is sent; the older default cannot make two requests on one connection.
 * - The response is read to its end before the call is over (the feature `waits`): http.request tells of a failure only
 *   by events that may come as late as that, and a connection whose response is not read is not used again.
 * - Where a name, or port 80, has to lead to the server, only the making of the TCP connection is changed.
 *
 * `returned` is left out: both clients return something else than None by design.
 */

import { Buffer } from "node:buffer";
import { Console } from "node:console";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { Readable, pipeline } from "node:stream";
import { StringDecoder } from "node:string_decoder";

const PROTOCOL = 1;
const VERSION = "1";

/** After so many bytes an endless body ends, should nobody hang up. */
const ENDLESS = 8 * 1024 * 1024;

/** So many characters of an error's message are kept. */
const MESSAGE = 2000;

/** This cannot be built or expressed; the message says why. */
class Unsupported extends Error {}

// errors -----------------------------------------------------------------------------------------------------------

/** What a recipe raises in the place of a piece: an error that is called as in Python. */
class Raised extends Error {
  constructor(name) {
    super("raised by the body");
    this.name = name;
  }
}

const REFUSED = ["ValueError"];
// Python tells a character that cannot be encoded from one that must not be there, Node has one error for both
const REFUSED_CHARACTER = ["UnicodeEncodeError", "ValueError"];
const RESET = ["ConnectionResetError", "ConnectionError", "OSError"];
const TIMED_OUT = ["TimeoutError", "OSError"];
const NOT_RESOLVED = ["gaierror", "OSError"];
const NO_RESPONSE = ["BadStatusLine", "HTTPException"];

/** The codes of errors: what they are in Python. */
const BY_CODE = new Map(Object.entries({
  ERR_INVALID_ARG_TYPE: ["TypeError"],
  ERR_INVALID_ARG_VALUE: REFUSED,
  ERR_INVALID_CHAR: REFUSED_CHARACTER,
  ERR_INVALID_HTTP_TOKEN: REFUSED_CHARACTER,
  ERR_UNESCAPED_CHARACTERS: ["InvalidURL", ...REFUSED_CHARACTER],
  ERR_INVALID_URL: ["InvalidURL", "ValueError"],
  ERR_INVALID_PROTOCOL: REFUSED,
  ERR_HTTP_INVALID_HEADER_VALUE: ["TypeError"],
  ERR_HTTP_CONTENT_LENGTH_MISMATCH: REFUSED,
  ERR_SOCKET_BAD_PORT: REFUSED,
  ERR_STREAM_NULL_VALUES: ["TypeError"],
  ECONNREFUSED: ["ConnectionRefusedError", "ConnectionError", "OSError"],
  ECONNRESET: RESET,
  ECONNABORTED: ["ConnectionAbortedError", "ConnectionError", "OSError"],
  EPIPE: ["BrokenPipeError", "ConnectionError", "OSError"],
  ETIMEDOUT: TIMED_OUT,
  ENOTFOUND: NOT_RESOLVED,
  EAI_AGAIN: NOT_RESOLVED,
  UND_ERR_SOCKET: RESET,
  UND_ERR_CONNECT_TIMEOUT: TIMED_OUT,
  UND_ERR_HEADERS_TIMEOUT: TIMED_OUT,
  UND_ERR_BODY_TIMEOUT: TIMED_OUT,
  UND_ERR_INVALID_ARG: REFUSED,
  UND_ERR_NOT_SUPPORTED: REFUSED,
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: REFUSED,
}));

/**
 * Names of errors of JavaScript: what they are in Python.
 *
 * A TypeError without a code refuses a value as often as a type.
 */
const BY_NAME = new Map(Object.entries({
  TypeError: ["TypeError", "ValueError"],
  RangeError: ["ValueError"],
  SyntaxError: ["ValueError"],
  ReferenceError: ["NameError"],
  HTTPParserError: NO_RESPONSE,
}));

/** The bases of exceptions that a recipe may raise, but for Exception. */
const BASES = new Map(Object.entries({
  IndexError: ["LookupError"], KeyError: ["LookupError"], ZeroDivisionError: ["ArithmeticError"] }));

/** Return the names of the error's own classes, its code first; one that a recipe raises has none but Python's. */
function ownNames(error) {
  if (error instanceof Raised) return [];
  const names = typeof error.code === "string" ? [error.code] : [];
  for (let each = Object.getPrototypeOf(error); each && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    names.push(each.constructor.name);
  }
  return names;
}

/** Return what the error is called in Python: by its code, as a failed system call, or by its classes. */
function pythonNames(error, names) {
  if (error instanceof Raised) return [error.name, ...(BASES.get(error.name) ?? [])];
  if (BY_CODE.has(error.code)) return BY_CODE.get(error.code);
  if (String(error.code).startsWith("HPE_")) return NO_RESPONSE;
  if (typeof error.syscall === "string") return ["OSError"];
  return names.flatMap((name) => BY_NAME.get(name) ?? []);
}

/** Return the error that counts: fetch wraps whatever stops a request in a TypeError that means nothing by itself. */
function meant(error) {
  return error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
}

/** Return what the protocol says of an error, or of whatever else was thrown. */
function describe(thrown, phase) {
  const isError = thrown instanceof Error;
  const error = isError ? meant(thrown) : null;
  const names = isError ? ownNames(error) : [];
  const classes = isError ? [...names, ...pythonNames(error, names), "Exception"] : ["Exception"];
  const text = isError ? String(thrown.message) + (error === thrown ? "" : `: ${error.message}`) : String(thrown);
  return { classes: [...new Set(classes)], message: text.slice(0, MESSAGE), phase };
}

// recipes ----------------------------------------------------------------------------------------------------------

/** Return the bytes of a string in which each character is one. */
const bytes = (text) => Buffer.from(text, "latin1");

/** A value made from a recipe: how to look at it after the call, and how to release it. */
class Built {
  constructor(value, looks = {}, release = async () => {}) {
    this.value = value;
    this.looks = looks;
    this.release = release;
  }

  /** Return what can be seen now. */
  effects() {
    return Object.fromEntries(Object.entries(this.looks).map(([name, look]) => [name, look()]));
  }
}

/** Return a look that says whether what `snapshot` gives has changed since now. */
function unchanged(snapshot) {
  const before = snapshot();
  return () => (snapshot() === before ? "unchanged" : "changed");
}

/**
 * Pieces that are taken one by one: counts them, and throws where a recipe says so.
 *
 * After the exchange there are none left: fetch goes on and on pulling a body whose connection has failed.
 */
class Pieces {
  taken = 0;
  begun = 0;
  at = 0;

  constructor(values, count = values.length) {
    this.values = values;
    this.count = count;
  }

  /** Say whether there is another piece. */
  get isMore() {
    return this.at < this.count;
  }

  /** Return the next piece, from the first again where more are to be given; one that throws is not counted. */
  take() {
    const value = this.values[this.at % this.values.length];
    this.at += 1;
    if (value instanceof Raised) throw value;
    this.taken += 1;
    return value;
  }

  *generate() {
    while (this.isMore) yield this.take();
  }

  /** Let no piece be left. */
  stop() {
    this.count = 0;
  }
}

const piece = (recipe) => (recipe.kind === "raise" ? new Raised(recipe.name) : build(recipe, PIECES).value);
const pieces = (recipe) => (recipe.items ?? recipe.reads).map(piece);

/** Return the values of pieces that all stand in a container from the beginning: none can be raised. */
function elements(recipe) {
  const values = pieces(recipe);
  if (values.some((value) => value instanceof Raised)) throw new Unsupported(`a ${recipe.kind} cannot raise an error`);
  return values;
}

/** Return the recipe of a text that stands for itself. */
const asRecipe = (each) => (typeof each === "string" ? { kind: "str", text: each } : each);

/** Return the values of reads; a Readable has no empty read, which in Python is the end. */
function reads(recipe) {
  const values = pieces(recipe);
  const isEmpty = (value) => value === "" || value?.length === 0;
  if (values.some(isEmpty)) throw new Unsupported("an empty read says nothing in a Readable");
  return values;
}

const TYPED = new Map(Object.entries({
  B: Uint8Array, b: Int8Array, H: Uint16Array, h: Int16Array, I: Uint32Array, i: Int32Array,
  L: BigUint64Array, l: BigInt64Array, Q: BigUint64Array, q: BigInt64Array, f: Float32Array, d: Float64Array,
}));

/** Return a typed array over a copy of the data; `format` is a letter as in Python's struct, native sizes. */
function typed(data, format) {
  const class_ = TYPED.get(format);
  if (class_ === undefined) throw new Unsupported(`there is no typed array of format ${format}`);
  const copy = Uint8Array.from(bytes(data));
  if (copy.length % class_.BYTES_PER_ELEMENT) throw new Unsupported("the data are no whole number of items");
  return new class_(copy.buffer);
}

function memoryview({ data, format = "B", shape = null, slice = [null, null, null] }) {
  const [start, stop, step] = slice;
  if ((shape ?? [0]).length !== 1) throw new Unsupported("a typed array has one dimension");
  if ((step ?? 1) !== 1) throw new Unsupported("a typed array has no gaps");
  return new Built(typed(data, format).subarray(start ?? 0, stop ?? undefined));
}

/** Return a typed array whose content is looked at. */
function content(array) {
  const view = () => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("latin1");
  return new Built(array, { "body.content": unchanged(view) });
}

/** Return a Readable, which is destroyed after the exchange. */
function stream(readable) {
  readable.on("error", () => {}); // the pipeline tells of it; nobody else has to
  return new Built(readable, {}, () => closed(readable, () => readable.destroy()));
}

/** Return a stream of bytes that gives as many as are asked for. */
function fromBytes(data) {
  let at = 0;
  return new Readable({
    read(size) {
      const next = data.subarray(at, at + size);
      at += next.length;
      this.push(next.length ? next : null);
    },
  });
}

/** Return a stream that gives one of the pieces for each read. */
function fromReads(values) {
  const taken = new Pieces(values);
  return new Readable({
    read() {
      try {
        this.push(taken.isMore ? taken.take() : null);
      } catch (error) {
        this.destroy(error);
      }
    },
  });
}

/** Return a stream over a real file, which has lost its name already: nothing can be left behind. */
function fromFile(data, position) {
  const name = path.join(os.tmpdir(), `wireproof-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const fd = fs.openSync(name, "wx+", 0o600);
  try {
    fs.unlinkSync(name);
    fs.writeFileSync(fd, data);
    return fs.createReadStream(name, { fd, start: position });
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/** Return the characters after the first `position`, counted as in Python. */
const after = (text, position) => Array.from(text).slice(position).join("");

/** Return something lazy whose pieces are counted. */
function lazy(taken, value, looks = {}) {
  return new Built(value, { "body.pulled": () => taken.taken, ...looks }, async () => taken.stop());
}

function generator(recipe) {
  const taken = new Pieces(pieces(recipe));
  return lazy(taken, taken.generate());
}

/** Return an iterator that is no generator: it has nothing but next() and itself. */
function iterator(recipe) {
  const taken = new Pieces(pieces(recipe));
  return lazy(taken, {
    next: () => (taken.isMore ? { done: false, value: taken.take() } : { done: true, value: undefined }),
    [Symbol.iterator]() {
      return this;
    },
  });
}

/** Return an object that has nothing but what begins an iteration. */
function iterable(recipe) {
  const taken = new Pieces(pieces(recipe));
  const value = {
    [Symbol.iterator]() {
      taken.begun += 1;
      taken.at = 0;
      return taken.generate();
    },
  };
  return lazy(taken, value, { "body.iterated": () => taken.begun });
}

function repeated(data, times) {
  const taken = new Pieces([bytes(data)], times);
  return lazy(taken, taken.generate());
}

const scalar = (recipe) => new Built(recipe.value);

/** What can be a piece of a body: its value is one by itself. */
const PIECES = {
  none: () => new Built(null),
  str: (recipe) => new Built(recipe.text),
  int: scalar,
  bool: scalar,
  bytes: (recipe) => new Built(bytes(recipe.data)),
  bytearray: (recipe) => content(Uint8Array.from(bytes(recipe.data))),
  memoryview,
  array: (recipe) => content(typed(recipe.data, recipe.typecode ?? "B")),
};

/** What can be a body. */
const BODIES = {
  ...PIECES,
  float: (recipe) => new Built(Number(recipe.text)),
  object: () => new Built({}),
  buffer: (recipe) => new Built(Uint8Array.from(bytes(recipe.data)).buffer),
  bytesio: (recipe) => stream(fromBytes(bytes(recipe.data).subarray(recipe.position ?? 0))),
  "binary-file": (recipe) => stream(fromFile(bytes(recipe.data), recipe.position ?? 0)),
  "temporary-file": (recipe) => stream(fromFile(bytes(recipe.data), recipe.position ?? 0)),
  reader: (recipe) => stream(fromReads(reads(recipe))),
  "raw-reader": (recipe) => stream(fromReads(reads(recipe))),
  stringio: (recipe) => stream(Readable.from([after(recipe.text, recipe.position ?? 0)].filter(Boolean))),
  "text-reader": (recipe) => stream(Readable.from(new Pieces(reads({ reads: recipe.reads.map(asRecipe) })).generate())),
  list: (recipe) => {
    const value = elements(recipe);
    const before = [...value];
    const isSame = () => value.length === before.length && value.every((each, index) => each === before[index]);
    return new Built(value, { "body.content": () => (isSame() ? "unchanged" : "changed") });
  },
  tuple: (recipe) => new Built(Object.freeze(elements(recipe))),
  set: (recipe) => new Built(new Set(elements(recipe))),
  frozenset: (recipe) => new Built(new Set(elements(recipe))),
  "dict-keys": (recipe) => new Built(new Map(elements(recipe).map((value) => [value, null])).keys()),
  "dict-values": (recipe) => new Built(new Map(elements(recipe).map((value, index) => [index, value])).values()),
  generator,
  iterator,
  iterable,
  endless: (recipe) => repeated(recipe.data, Math.ceil(ENDLESS / Math.max(1, recipe.data.length))),
  blocks: (recipe) => repeated(recipe.data, recipe.count),
};

/** Say whether a body is a Readable, or something to iterate over; any other is given to the client whole. */
function isStreamed(value) {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  return value instanceof Readable || Symbol.iterator in value;
}

const FIELDS = { str: PIECES.str, int: PIECES.int };

/** Return the pairs of a recipe of headers: names are strings, whatever an object is given as one. */
function pairs(recipe) {
  return recipe.items.map(([name, value]) => {
    if (name.kind !== "str") throw new Unsupported(`a name of a header field is a string, not ${name.kind}`);
    return [name.text, build(value, FIELDS).value];
  });
}

/** Return what is passed as headers, and whether it has changed is looked at. */
const headers = (value) => new Built(value, { headers: unchanged(() => JSON.stringify(value)) });

/** Return an object with these members, in this order. */
function toObject(members) {
  const value = Object.fromEntries(members);
  const isInOrder = Object.keys(value).every((name, index) => name === members[index]?.[0]);
  if (!isInOrder || Object.keys(value).length !== members.length) {
    throw new Unsupported("an object has each name once, and names that are numbers first");
  }
  return value;
}

/** Return the pairs with the values of repeated names as one array, which is how Node is given them. */
function grouped(members) {
  const groups = [];
  for (const [name, value] of members) {
    const last = groups.at(-1);
    if (last?.[0] === name) last[1] = [last[1], value].flat();
    else groups.push([name, value]);
  }
  const names = groups.map(([name]) => name.toLowerCase());
  if (new Set(names).size !== names.length) throw new Unsupported("Node keeps the fields of one name together");
  return groups;
}

const MAPPINGS = {
  dict: (recipe) => headers(toObject(pairs(recipe))),
  "mapping-proxy": (recipe) => headers(Object.freeze(toObject(pairs(recipe)))),
};

/** Return the value of a recipe of one of the kinds of `table`. */
function build(recipe, table) {
  if (!Object.hasOwn(table, recipe.kind)) throw new Unsupported(`this driver has no ${recipe.kind} here`);
  return table[recipe.kind](recipe);
}

// clients ----------------------------------------------------------------------------------------------------------

/** Do something, and wait until what it ends has told that it is closed. */
function closed(emitter, end) {
  return new Promise((resolve) => {
    if (emitter.closed) {
      resolve();
      return;
    }
    emitter.once("close", resolve);
    end();
  });
}

/** http.request of node:http. */
class NodeHttp {
  static client = { name: "node:http", version: process.versions.node };

  static can = {
    method: { str: PIECES.str, int: PIECES.int },
    url: { str: PIECES.str, int: PIECES.int },
    body: BODIES,
    headers: { ...MAPPINGS, message: (recipe) => headers(toObject(grouped(pairs(recipe)))) },
  };

  static hosts = ["ipv4", "ipv6", "ipv6-zone", "localhost", "name"];

  /** Say why it cannot be driven, and what helps; null where it can. */
  static async unusable() {
    return null;
  }

  constructor(order) {
    this.order = order;
    this.sockets = new Set();
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    // as the agent's own, but for where the connection goes to, and that it is known when it is closed
    this.agent.createConnection = (options, connected) => {
      const [host, port] = order.address;
      const socket = net.createConnection(order.resolve ? { ...options, host, port } : options, connected);
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
      return socket;
    };
  }

  /** Check what cannot be said in a call: nothing. */
  prepare() {}

  /** Make a request, and read its response. */
  async request(given) {
    const request = this.begin(given);
    const over = this.end(request);
    let sent;
    try {
      sent = this.send(request, given.body);
    } catch (error) {
      request.destroy();
      await over;
      throw error;
    }
    const [own, piped] = await Promise.all([over, sent]);
    // a pipeline says why a body has failed; the request, why it was closed
    const failure = piped === null || piped.code === "ERR_STREAM_PREMATURE_CLOSE" ? (own ?? piped) : piped;
    if (failure !== null) throw failure;
  }

  /** Wait for the end of the request and of the response, in whatever order; return the first error, or null. */
  end(request) {
    return new Promise((resolve) => {
      let first = null;
      let read = null;
      const failed = (error) => {
        first ??= error;
      };
      request.on("error", failed);
      request.on("response", (response) => {
        read = closed(response.on("error", failed), () => response.resume());
      });
      // with CONNECT the socket is the caller's, who has nothing to say through it
      request.on("connect", (response, socket) => socket.destroy());
      request.on("close", async () => {
        await read;
        resolve(first);
      });
    });
  }

  begin({ method, url, headers: fields }) {
    const options = { agent: this.agent };
    if (method !== undefined) options.method = method;
    if (url !== undefined) options.path = url;
    if (fields !== undefined) options.headers = fields;
    const { host, port } = this.order;
    if (port === null && /:\d+$/.test(host) && !net.isIP(host)) return http.request(`http://${host}`, options);
    return http.request(port === null ? { ...options, host } : { ...options, host, port });
  }

  /** Send the content, if any; return what a pipeline says in the end. */
  send(request, body) {
    if (isStreamed(body)) return new Promise((resolve) => pipeline(body, request, (error) => resolve(error ?? null)));
    if (body === undefined || body === null) request.end();
    else request.end(body);
    return null;
  }

  /** Close what it holds. */
  async close() {
    const closing = [...this.sockets].map((socket) => closed(socket, () => socket.destroy()));
    this.agent.destroy();
    await Promise.all(closing);
  }
}

/** Give what a body gives: fetch takes what is iterated over asynchronously only. */
async function* asynchronous(body) {
  yield* body;
}

const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

/** The fetch that is built in, which is undici. */
class Fetch {
  static client = { name: "fetch", version: `${process.versions.node} (undici ${process.versions.undici})` };

  static can = {
    method: { str: PIECES.str },
    url: { str: PIECES.str },
    body: BODIES,
    headers: { ...MAPPINGS, message: (recipe) => headers(pairs(recipe)) },
  };

  static hosts = ["ipv4", "ipv6", "localhost", "name"];

  static async unusable() {
    Fetch.Agent = globalThis.Response && globalThis[DISPATCHER]?.constructor; // Response loads it
    if (typeof Fetch.Agent === "function") return null;
    return { why: "this Node does not show the dispatcher of its fetch", hint: "use Node 18 to 24" };
  }

  constructor(order) {
    this.order = order;
    this.pool = null;
  }

  /** Check what cannot be said in a call. */
  prepare({ url }) {
    const { port, address, resolve } = this.order;
    if (resolve && Number(port ?? 80) !== address[1] && !this.order.host.endsWith(`:${address[1]}`)) {
      throw new Unsupported("fetch cannot be led to another port");
    }
    if (url === undefined) throw new Unsupported("fetch has no default for a url");
    if (!/^([/?#]|$)/.test(url)) throw new Unsupported("a url of fetch cannot say this request-target");
  }

  /** Make a request, and read its response. */
  async request({ method, url, body, headers: fields }) {
    const init = { dispatcher: this.dispatcher() };
    if (method !== undefined) init.method = method;
    if (fields !== undefined) init.headers = fields;
    if (isStreamed(body)) {
      init.body = body instanceof Readable ? body : asynchronous(body);
      init.duplex = "half"; // without it, fetch takes no stream
    } else if (body !== undefined) {
      init.body = body;
    }
    const response = await fetch(this.base() + url, init);
    await response.arrayBuffer();
  }

  base() {
    const { host, port } = this.order;
    const shown = net.isIPv6(host) ? `[${host}]` : host;
    return `http://${shown}${port === null ? "" : `:${port}`}`;
  }

  /** Return a pool of its own, of the class that fetch uses by itself. */
  dispatcher() {
    if (this.pool === null) {
      const { address, resolve } = this.order;
      const family = net.isIP(address[0]);
      const lookup = (name, options, found) => {
        if (options.all) found(null, [{ address: address[0], family }]);
        else found(null, address[0], family);
      };
      this.pool = new Fetch.Agent(resolve ? { connections: 1, connect: { lookup } } : { connections: 1 });
    }
    return this.pool;
  }

  async close() {
    const { pool } = this;
    this.pool = null;
    await pool?.destroy();
  }
}

const CLIENTS = new Map([["node:http", NodeHttp], ["http", NodeHttp], ["fetch", Fetch]]);

/** Return what the client of this class can express. */
function abilities(Client) {
  return {
    arguments: Object.fromEntries(Object.entries(Client.can).map(([name, table]) => [name, Object.keys(table)])),
    pieces: [...Object.keys(PIECES), "raise"],
    fields: Object.keys(FIELDS),
    hosts: Client.hosts,
    ports: ["int", "str", "in-host", "default", "default-given", "default-as-str"],
    named: [],
    passed: ["usual"],
    effects: ["headers", "body.content", "body.pulled", "body.iterated"],
    features: ["sequences", "names", "waits"],
  };
}

// the call ---------------------------------------------------------------------------------------------------------

/** What an error means that nobody has caught: the call in progress has let it out. */
let uncaught = null;

process.on("uncaughtException", (error) => {
  if (uncaught === null) console.error("wireproof-node: after the call:", error);
  else uncaught(error);
});

/** Do something; return what it let out, by whatever way, or null. */
async function attempt(phase, act) {
  const escaped = new Promise((_, reject) => {
    uncaught = reject;
  });
  try {
    await Promise.race([act(), escaped]);
    return null;
  } catch (error) {
    return describe(error, phase);
  } finally {
    uncaught = null;
  }
}

/** The connection objects of an exchange, and what was built for them. */
class Exchange {
  constructor(Client) {
    this.Client = Client;
    this.connections = new Map();
    this.built = [];
  }

  /** Return the connection object that a message names, or what makes it. */
  async reach(message) {
    if (message.new === undefined) {
      const known = this.connections.get(message.on);
      if (known === undefined) throw new Unsupported(`there is no connection object ${message.on}`);
      return known;
    }
    if (Object.keys(message.new.named).length) throw new Unsupported("an agent has no such argument");
    await this.connections.get(message.on)?.close();
    const made = new this.Client(message.new);
    this.connections.set(message.on, made);
    return made;
  }

  /** Build the arguments of a request. */
  build(given) {
    const made = {};
    for (const [name, recipe] of Object.entries(given)) {
      const table = this.Client.can[name];
      if (table === undefined) throw new Unsupported(`a request has no ${name}`);
      made[name] = build(recipe, table);
      this.built.push(made[name]);
    }
    return made;
  }

  /** Make a request; return what `done` says of it. */
  async request(message, calling) {
    if (message.passed !== "usual") throw new Unsupported("arguments are passed in one way");
    const connection = await this.reach(message);
    const made = this.build(message.arguments);
    const given = Object.fromEntries(Object.entries(made).map(([name, each]) => [name, each.value]));
    connection.prepare(given);
    calling();
    const raised = await attempt("request", async () => connection.request(given));
    return { raised, effects: Object.assign({}, ...Object.values(made).map((each) => each.effects())) };
  }

  /** Close a connection object. */
  async close(message, calling) {
    const connection = await this.reach(message);
    calling();
    return { raised: await attempt("close", () => connection.close()) };
  }

  /** Close everything, and forget it. */
  async end(message, calling) {
    calling();
    await this.release();
    return { raised: null };
  }

  async response() {
    throw new Unsupported("the response has been read by the request");
  }

  async collect() {
    throw new Unsupported("Node collects its garbage when it likes");
  }

  /** Close all connection objects, whatever that raises, and what was built. */
  async release() {
    const closing = [...this.connections.values()].map((each) => each.close());
    await Promise.allSettled([...closing, ...this.built.map((each) => each.release())]);
    this.connections.clear();
    this.built = [];
  }
}

// the protocol -----------------------------------------------------------------------------------------------------

const write = process.stdout.write.bind(process.stdout);
const send = (message) => write(`${JSON.stringify(message)}\n`);

/** What is printed must not get between the messages. */
function redirectOutput() {
  globalThis.console = new Console(process.stderr, process.stderr);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  process.stdout.on("error", () => process.exit(1)); // nobody listens any more
}

/** Give the messages that come in, one by one; what is no message is skipped. */
async function* messages() {
  const decoder = new StringDecoder("utf8");
  let rest = [];
  for await (const data of process.stdin) {
    const lines = decoder.write(data).split("\n");
    rest.push(lines[0]);
    if (lines.length === 1) continue;
    lines[0] = rest.join("");
    rest = [lines.pop()];
    for (const line of lines) {
      const message = parsed(line);
      if (message !== null) yield message;
    }
  }
}

function parsed(line) {
  try {
    const message = JSON.parse(line);
    if (typeof message?.type === "string") return message;
  } catch {
    // told below, as any other line that is no message
  }
  console.error("wireproof-node: not a message:", JSON.stringify(line.slice(0, 200)));
  return null;
}

/** Answer the first message; return the class of the client, or null where it cannot be used. */
async function start(order) {
  const Client = CLIENTS.get(order.candidate ?? "node:http");
  const broken = (why, hint) => {
    send({ type: "broken", why, hint });
    return null;
  };
  if (order.protocol !== PROTOCOL) return broken(`version ${order.protocol} of the protocol is not known`, "use 1");
  if (Client === undefined) return broken(`there is no client ${order.candidate}`, "use node:http or fetch");
  const unusable = await Client.unusable();
  if (unusable !== null) return broken(unusable.why, unusable.hint);
  send({
    type: "hello",
    protocol: PROTOCOL,
    driver: { name: "wireproof-node", version: VERSION, language: "JavaScript" },
    client: Client.client,
    can: abilities(Client),
    probes: {},
  });
  return Client;
}

const ANSWERED = new Set(["request", "response", "close", "end", "collect"]);

/** Do what a message asks for, and answer it. */
async function answer(message, exchange) {
  const { type, id } = message;
  let said;
  try {
    said = { type: "done", id, ...(await exchange[type](message, () => send({ type: "calling", id }))) };
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    said = { type: "unsupported", id, why: error.message };
  }
  if (message.last) await exchange.release();
  send(said);
}

async function main() {
  redirectOutput();
  let exchange = null;
  for await (const message of messages()) {
    if (exchange !== null) {
      if (ANSWERED.has(message.type)) await answer(message, exchange);
    } else if (message.type === "start") {
      const Client = await start(message);
      if (Client === null) break;
      exchange = new Exchange(Client);
    }
  }
}

main().then(
  () => write("", () => process.exit(0)),
  (error) => {
    console.error("wireproof-node: the driver has failed:", error);
    process.exit(1);
  },
);
