// Runs example commands in a copy of a sample project, in this process, with the same output on every machine.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { ROOT } from "../load-source.mjs";
import { loadProgram, restartIds } from "./load-program.mjs";

/** The time of all examples: a Monday, one day before the times in the examples of the help. */
const NOW = Date.UTC(2030, 5, 3, 9);
/** A UUID of a counter (see load-program.mjs), or a KSUID. */
/** The commit that examples show. */
const COMMIT = "8d3c1f0be64a7d52f19a0c4be8357d6a2f90c1e4";
const ID = /\b[0-9a-f]{8}-[0-9a-f]{4}-4000-8000-0{4}[0-9a-f]{8}\b|\b4[0-9A-Za-z]{26}\b/g;
/** The value of $KNOCK_API_KEY in examples. */
const API_KEY = "sk_test_0123456789";
/** The reason with which a command is stopped. */
const INTERRUPTION = Object.assign(new Error("interrupted"), { signal: "SIGINT" });
const UUID_LENGTH = 36;

function readFiles(root) {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(".knock-local"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [relative(root, file), readFileSync(file)]);
}

/** Returns an ID in the format of `id` that depends only on the number of IDs before it. */
function createStableId(id, number) {
  const digest = createHash("sha256").update(`id ${number}`).digest();
  if (id.length === UUID_LENGTH) {
    const hex = digest.toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }
  // A KSUID begins with its time.
  const letters = digest.toString("base64").replaceAll(/[^0-9A-Za-z]/g, "");
  return id.slice(0, 6) + letters.slice(0, 21);
}

/** Splits a line at a separator that is not in quotes. */
function splitOutsideQuotes(line, separator) {
  const parts = [""];
  let quote = null;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (quote === null && line.startsWith(separator, at)) {
      parts.push("");
      at += separator.length - 1;
      continue;
    }
    if (quote === null && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = null;
    parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

/** Returns the words of a command. Quotes are removed; a backslash at the end of a line continues it. */
function splitWords(command) {
  return [...command.replaceAll(/\\(?:\n|$)/g, " ").matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"]+)+/g)].map(
    ([word]) =>
      word.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"/g, (_, single, double) =>
        single === undefined ? double.replaceAll(/\\(["\\$`])/g, "$1") : single,
      ),
  );
}

/** A copy of a sample project in a temporary folder. */
export class ExampleProject {
  #root = realpathSync(mkdtempSync(join(tmpdir(), "knock-docs-")));
  #ids = new Map();
  /** Environment variables of the commands, in addition to those of every example. */
  env = {};

  /** `name` is a folder of fixtures/, or null for an empty folder. */
  constructor(name) {
    restartIds();
    this.dir = join(this.#root, "ada", name ?? "my-app");
    mkdirSync(this.dir, { recursive: true });
    for (const [path, content] of name === null ? [] : readFiles(join(ROOT, "fixtures", name))) {
      mkdirSync(dirname(join(this.dir, path)), { recursive: true });
      writeFileSync(join(this.dir, path), content);
    }
  }

  remove() {
    rmSync(this.#root, { recursive: true });
  }

  /** Replaces the store's file by a copy, which this process has not opened. */
  releaseStore() {
    const file = join(this.dir, ".knock-local/store.db");
    if (!existsSync(file)) return;
    cpSync(file, `${file}.copy`);
    for (const ending of ["-wal", "-shm"]) rmSync(file + ending, { force: true });
    renameSync(`${file}.copy`, file);
  }

  /** Replaces random IDs, in order of their appearance, measured times, and the temporary folder. */
  #makeStable(text) {
    return (
      text
        .replaceAll(this.#root, "/home")
        .replaceAll(/(?<=127\.0\.0\.1:|"port":)\d+/g, "8484")
        .replaceAll(/\b[\d.]+ (?:ms|s)\b/g, "4 ms")
        .replaceAll(/(?<="duration_ms": ?)[\d.]+/g, "4")
        // The commits of an example change with every file of its project.
        .replaceAll(/\b[0-9a-f]{40}\b/g, COMMIT)
        .replaceAll(/(?<=main \()[0-9a-f]{8}(?=\))/g, COMMIT.slice(0, 8))
        .replaceAll(ID, (id) => {
          const known = this.#ids.get(id) ?? createStableId(id, this.#ids.size);
          this.#ids.set(id, known);
          return known;
        })
    );
  }

  /**
   * Runs a line of a shell: commands joined by `&&`, a file or a text piped into a command, and `$(knock …)`. Returns
   * both outputs as on a terminal, and the exit code of the last command.
   */
  async run(line, { isStopped = false } = {}) {
    const { text, exitCode } = await this.#runLine(line, isStopped);
    return { text: this.#makeStable(text), exitCode };
  }

  /**
   * Runs `work` with the URL of the local API, and returns its result. The API uses the project's store and stops
   * afterwards.
   */
  async serve(work) {
    const { PROGRAM, run } = await loadProgram();
    const abort = new AbortController();
    let reportUrl;
    const url = new Promise((resolve) => {
      reportUrl = resolve;
    });
    const write = (text) => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
      if (found !== null) reportUrl(found[0]);
    };
    const stream = { isTTY: false, write, writeAsync: async (text) => write(text) };
    const realNow = Date.now;
    Date.now = () => NOW;
    try {
      const served = run(PROGRAM, this.#createIO(["dev", "--port", "0"], stream, abort.signal));
      try {
        return await work(await url);
      } finally {
        abort.abort(INTERRUPTION);
        await served;
      }
    } finally {
      Date.now = realNow;
    }
  }

  /** Returns a JSON value with stable IDs. */
  stabilize = (value) => JSON.parse(this.#makeStable(JSON.stringify(value)));

  async #runLine(line, isStopped) {
    let text = "";
    let exitCode = 0;
    for (const part of splitOutsideQuotes(await this.#substitute(line), "&&")) {
      const pipeline = splitOutsideQuotes(part, "|");
      const [command] = splitOutsideQuotes(pipeline.at(-1), ">");
      const input = pipeline.length === 1 ? undefined : this.#readInput(splitWords(pipeline[0]));
      const result = await this.#runCommand(splitWords(command), input, isStopped);
      text += result.text;
      exitCode = result.exitCode;
      if (exitCode !== 0) break;
    }
    return { text, exitCode };
  }

  /** Replaces each `$(knock …)` by the output of its command. */
  async #substitute(line) {
    let result = line;
    for (const [whole, command] of line.matchAll(/\$\((knock [^)]*)\)/g))
      result = result.replace(whole, (await this.#runLine(command, false)).text.trim().replaceAll("\n", " "));
    return result;
  }

  #readInput([program, ...words]) {
    if (program === "cat") return words.map((file) => readFileSync(resolve(this.dir, file), "utf8")).join("");
    if (program === "echo") return `${words.join(" ").replaceAll("$KNOCK_API_KEY", API_KEY)}\n`;
    throw new Error(`an example starts ${program}, which is not supported`);
  }

  async #runCommand([program, ...argv], input, isStopped) {
    if (program === "git") return { text: this.#runGit(argv), exitCode: 0 };
    if (program !== "knock") throw new Error(`an example starts ${program}, which is not supported`);
    const { PROGRAM, run } = await loadProgram();
    let text = "";
    const write = (written) => {
      text += written;
    };
    const stream = { isTTY: false, write, writeAsync: async (written) => write(written) };
    const abort = new AbortController();
    if (isStopped) abort.abort(INTERRUPTION);
    const realNow = Date.now;
    Date.now = () => NOW;
    try {
      const { code } = await run(PROGRAM, this.#createIO(argv, stream, abort.signal, input));
      return { text, exitCode: code };
    } finally {
      Date.now = realNow;
    }
  }

  /** Runs git with fixed times and names, so that commits have the same IDs in each run. */
  #runGit(argv) {
    const times = { GIT_AUTHOR_DATE: new Date(NOW).toISOString(), GIT_COMMITTER_DATE: new Date(NOW).toISOString() };
    const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    const env = { PATH: process.env.PATH, HOME: this.#root, ...times };
    return execFileSync("git", [...identity, ...argv], { cwd: this.dir, encoding: "utf8", env, timeout: 60_000 });
  }

  #createIO(argv, stream, signal, input) {
    return {
      argv,
      env: {
        HOME: join(this.#root, "ada"),
        XDG_CONFIG_HOME: join(this.#root, "ada/.config"),
        TZ: "UTC",
        ...this.env,
      },
      cwd: this.dir,
      version: "0.0.0",
      cachePrefix: null,
      name: "knock",
      threadFile: null,
      stdout: stream,
      stderr: stream,
      stdinIsTerminal: false,
      stdinIsPiped: input !== undefined,
      signal,
      readStdin: async function* () {
        yield Buffer.from(input ?? "");
      },
      sleep: async () => {},
      confirm: async () => false,
      askSecret: async () => null,
    };
  }
}
