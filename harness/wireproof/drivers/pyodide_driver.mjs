/**
 * The Pyodide driver of wireproof: calls Python clients in CPython compiled to WebAssembly.
 *
 * Run as `node pyodide_driver.mjs` by Node 18 or newer, with the npm package `pyodide`. It speaks docs/driver-protocol.md
 * over standard input and output.
 *
 * Nearly everything is done inside, by python_driver.py and pyodide_capture.py, which are loaded into Pyodide's own file
 * system. This file brings them lines, one after the other and without ever leaving the call, and takes lines back.
 *
 * - The package is looked for in the option `pyodide` of the candidate's description, in the current directory, in the
 *   folders of `path`, each with those above it, and in NODE_PATH.
 * - The folders of `path` are mounted, so that a client of one's own is found there.
 * - Whatever is printed, in Python or in JavaScript, goes to standard error.
 * - node:process is not imported: that would open Node's own streams over the descriptors, after which a read does not
 *   wait any more.
 */

import { Console } from "node:console";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const LIBRARY = "/wireproof-driver";
const PARTS = ["python_driver.py", "pyodide_capture.py"];
const HINT = "npm install pyodide";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const READ = 1 << 18;
const LF = 10;

/** Pyodide cannot be used; the message says why. */
class Broken extends Error {}

// lines ------------------------------------------------------------------------------------------------------------

/** Write all of it now. */
function write(descriptor, data) {
  for (let rest = data; rest.length > 0; ) rest = rest.subarray(fs.writeSync(descriptor, rest));
}

const send = (line) => write(STDOUT, Buffer.from(line, "utf8"));

/** Return a function that waits for the next line and returns it, or undefined at the end. */
function lineReader() {
  const buffer = Buffer.alloc(READ);
  const lines = [];
  let rest = [];
  return () => {
    while (lines.length === 0) {
      const count = fs.readSync(STDIN, buffer);
      if (count === 0) return undefined;
      let start = 0;
      for (let end; (end = buffer.subarray(0, count).indexOf(LF, start)) >= 0; start = end + 1) {
        rest.push(Buffer.from(buffer.subarray(start, end)));
        lines.push(Buffer.concat(rest).toString("utf8"));
        rest = [];
      }
      rest.push(Buffer.from(buffer.subarray(start, count)));
    }
    return lines.shift();
  };
}

/**
 * Take the streams of the protocol away from everybody else: what is printed must not get between the messages, and
 * nothing that is printed is lost because the other end is slow.
 */
function redirect() {
  const printed = new Writable({ write: (data, encoding, done) => done(write(STDERR, Buffer.from(data, encoding))) });
  globalThis.console = new Console(printed, printed);
  const streams = { stdin: Readable.from([]), stdout: printed, stderr: printed };
  for (const [name, value] of Object.entries(streams)) Object.defineProperty(process, name, { value });
}

// Pyodide ----------------------------------------------------------------------------------------------------------

const isFolder = (folder) => fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Return the folder of the package, or null where it is not in `folder` nor in one that Node looks in from there. */
function packageFrom(folder) {
  if (fs.existsSync(path.join(folder, "pyodide.mjs"))) return folder;
  try {
    return path.dirname(createRequire(path.join(folder, "_")).resolve("pyodide/package.json"));
  } catch {
    return null;
  }
}

/** Return Pyodide, running, and its version. */
async function load(order) {
  const given = order.options?.pyodide;
  const places = given === undefined ? [process.cwd(), ...order.path] : [given];
  const found = places.map((place) => packageFrom(path.resolve(place))).find((folder) => folder !== null);
  if (found === undefined) {
    throw new Broken(`the npm package pyodide is not there${given === undefined ? "" : `: ${given}`}`);
  }
  try {
    const { loadPyodide, version } = await import(pathToFileURL(path.join(found, "pyodide.mjs")).href);
    const printed = { write: (data) => (write(STDERR, data), data.length) };
    const python = await loadPyodide({ indexURL: `${found}${path.sep}` });
    python.setStdout(printed);
    python.setStderr(printed);
    python.setStdin({ stdin: () => null });
    return { python, version };
  } catch (error) {
    throw new Broken(`the npm package pyodide cannot be loaded: ${error?.message ?? error}`);
  }
}

/** Put the Python half where Pyodide can import it; return its `serve`. */
function pythonHalf(python) {
  const folder = `${LIBRARY}/wireproof/drivers`;
  python.FS.mkdirTree(folder);
  for (const name of PARTS) python.FS.writeFile(`${folder}/${name}`, fs.readFileSync(path.join(HERE, name)));
  return python.runPython(`
import sys
sys.path.insert(0, ${JSON.stringify(LIBRARY)})
from wireproof.drivers.pyodide_capture import serve
sys.path.remove(${JSON.stringify(LIBRARY)})
serve
`);
}

/** Mount the folders of `path`; return what they are called inside. */
function mounted(python, folders) {
  return folders.filter(isFolder).map((folder, number) => {
    const inside = `${LIBRARY}-path/${number}`;
    python.FS.mkdirTree(inside);
    python.mountNodeFS(inside, folder);
    return inside;
  });
}

async function main() {
  redirect();
  const receive = lineReader();
  const first = receive();
  if (first === undefined) return;
  const order = JSON.parse(first);
  order.path ??= [];
  try {
    const { python, version } = await load(order);
    const waiting = [JSON.stringify({ ...order, path: mounted(python, order.path) })];
    pythonHalf(python)(send, () => waiting.shift() ?? receive(), `Pyodide ${version}`);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    send(`${JSON.stringify({ type: "broken", why: error.message, hint: HINT })}\n`);
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error("wireproof-pyodide: the driver has failed:", error);
    process.exit(1);
  },
);
