import { resolve } from "node:path";
import { KnockError } from "../errors/knock-error.js";
import { correctWord, type Hint } from "../util/find-nearest.js";
import { isDeeperThan, type Json } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import { decodeUtf8, readTextFile } from "../util/text-file.js";
import { looksUnquoted, suggestQuotes } from "./restore-quotes.js";

/**
 * Limits the text of a file or of standard input. A payload may have up to 10 MB; the limit is higher so that the
 * payload's own error can state its size.
 */
const MAX_INPUT_BYTES = 64 * 1024 * 1024;

/** Limits the nesting of a flag's JSON, as the check of a payload does. */
const MAX_DEPTH = 200;

/** The source of the `@file` and `-` values of flags. */
export interface InputSource {
  cwd: string;
  /** Yields standard input as it arrives. It can be read only once, and ends early when the command is interrupted. */
  readStdin(): AsyncIterable<Uint8Array>;
  /** Whether standard input is a pipe or a file, which the user may have meant as input. */
  isPiped(): boolean;
  /** Whether the command was interrupted, so that the text that was read may be incomplete. */
  isInterrupted(): boolean;
  /** Yields the chunks of a file of any size, and ends early when the command is interrupted. Throws Node's errors. */
  readFile(path: string): AsyncIterable<Uint8Array>;
}

/**
 * Reads all of standard input. `flag` names the reader in errors. Throws `payload_too_large` above 64 MB, so that an
 * endless stream ends with an error instead of exhausting memory.
 */
export async function readAllStdin(source: InputSource, flag: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source.readStdin()) {
    size += chunk.length;
    if (size > MAX_INPUT_BYTES)
      throw new KnockError(
        "payload_too_large",
        `${flag}: standard input is larger than ${MAX_INPUT_BYTES / (1024 * 1024)} MB`,
        {
          hint: "Send less, or use `knock notify --file - --format jsonl`, which reads any number of triggers, one per line.",
        },
      );
    chunks.push(chunk);
  }
  if (source.isInterrupted())
    throw new KnockError("interrupted", "interrupted while reading standard input", { hint: "Nothing was changed." });
  const read = decodeUtf8(Buffer.concat(chunks));
  if ("error" in read)
    throw new KnockError("usage", `${flag}: standard input ${read.error}`, { hint: "Pipe UTF-8 text." });
  return read.text;
}

/**
 * Reads the values of flags: plain text, `@file` and `@-`. Each command has one reader, because standard input can be
 * read only once.
 */
export class InputReader {
  private stdinUsedBy: string | null = null;

  constructor(private readonly source: InputSource) {}

  /** Returns the text of a file, or of standard input for `-`. `flag` names the flag in errors. Throws `usage`. */
  async readText(path: string, flag: string): Promise<string> {
    if (path === "")
      throw new KnockError("usage", `${flag}: a file name is missing after @`, {
        hint: `For example ${flag} @data.json, or ${flag} @- for standard input.`,
      });
    if (path !== "-") {
      const read = readTextFile(resolve(this.source.cwd, path), MAX_INPUT_BYTES);
      if ("error" in read)
        throw new KnockError("usage", `${flag}: ${path} ${read.error}`, {
          hint: "Give the path of a readable UTF-8 text file. Paths are relative to the working directory.",
        });
      return read.text;
    }
    this.claimStdin(flag);
    return readAllStdin(this.source, flag);
  }

  /** Yields the bytes of a file, or of standard input for `-`, as they arrive and without a size limit. */
  readChunks(path: string, flag: string): AsyncIterable<Uint8Array> {
    if (path !== "-") return this.source.readFile(path);
    this.claimStdin(flag);
    return this.source.readStdin();
  }

  private claimStdin(flag: string): void {
    if (this.stdinUsedBy !== null) {
      throw new KnockError("usage", `${flag}: standard input was already read for ${this.stdinUsedBy}`, {
        hint: "Only one flag can read standard input; put the other value in a file.",
      });
    }
    this.stdinUsedBy = flag;
  }

  /**
   * Returns a flag's value: the content for `@file` and `@-`, otherwise the text itself. `name` names the text in
   * errors.
   */
  async readValue(raw: string, flag: string): Promise<{ text: string; name: string }> {
    if (!raw.startsWith("@")) return { text: raw, name: flag };
    const path = raw.slice(1);
    return { text: await this.readText(path, flag), name: `${flag} ${path === "-" ? "standard input" : path}` };
  }
}

/** Returns a hint for a flag's value that is invalid JSON. */
function suggestFlagFix(flag: string, text: string, hint: string | undefined): Hint {
  if (flag === "--data" && /^[\w.[\]-]+:?=/.test(text))
    return { hint: `Did you mean --set ${text}?`, typed: ["--data", text], meant: ["--set", text] };
  if (text.trim() === "-") return correctWord("-", "@-", `Did you mean ${flag} @-, which reads standard input?`);
  if (looksUnquoted(text)) return suggestQuotes(flag, [text]);
  if (/^\S+\.json$/.test(text)) return correctWord(text, `@${text}`, `Did you mean ${flag} @${text}?`);
  if (/[“”„‘’]/.test(text)) return "The quotes are typographic: replace them with plain quotes.";
  if (hint !== undefined && /^\s*[[{]/.test(text)) return hint;
  return "Put the JSON in single quotes, or in a file and use @file.";
}

/**
 * Returns the value. Throws `invalid_params` if it is nested too deep, because flags are merged recursively before the
 * whole payload is checked.
 */
export function checkDepth(value: Json, name: string): Json {
  if (!isDeeperThan(value, MAX_DEPTH)) return value;
  throw new KnockError("invalid_params", `${name} is nested too deep`, { hint: `The limit is ${MAX_DEPTH} levels.` });
}

/**
 * Parses the JSON of a flag or file. Throws `invalid_json` with line and column. `firstLine` is the line of the file on
 * which the text starts.
 */
export async function parseJsonInput(text: string, name: string, firstLine = 1): Promise<Json> {
  const parsed = await parseJson(text);
  if ("value" in parsed) return checkDepth(parsed.value, name);
  const line = firstLine - 1 + parsed.line;
  throw new KnockError(
    "invalid_json",
    `${name}: invalid JSON: ${parsed.error} (line ${line}, column ${parsed.column})`,
    {
      details: [{ pointer: "", message: `${parsed.error} at line ${line}, column ${parsed.column}` }],
      hint: name.startsWith("--") && !name.includes(" ") ? suggestFlagFix(name, text, parsed.hint) : parsed.hint,
    },
  );
}
