import { DEFAULT_NAME, renameCommand } from "../util/command-name.js";
import { endsWithin } from "../util/ends-within.js";
import { stringifyStorable } from "../util/json.js";
import { type Colors, createColors, NO_COLORS, renderStyles } from "./colors.js";
import { escapeControls, escapeJson, escapeToOneLine } from "./escape-controls.js";
import type { Zone } from "./format-time.js";
import type { OutputStream } from "./output-stream.js";

interface OutputOptions {
  /** The words with which the user started the command. */
  name?: string;
  stdout: OutputStream;
  stderr: OutputStream;
  env: Record<string, string | undefined>;
  /** Receives the progress in place of a spinner. */
  onProgress?: ((text: string) => void) | undefined;
}

/** The number of different warnings that are remembered. */
const MAX_REMEMBERED_WARNINGS = 1_000;

/** Milliseconds that a slow reader has after an interruption. */
const FINAL_WRITE_TIMEOUT_MS = 1_000;

/** The amount of output. */
export interface Verbosity {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
}

/**
 * Writes all output: the result to standard output, everything else to standard error. Control characters in data are
 * escaped here, so that data cannot control the terminal.
 */
export class Output {
  verbosity: Verbosity = { json: false, quiet: false, verbose: false };
  private readonly printedNotes = new Set<string>();
  private buffered: string[] | null = null;
  /** Whether the reader of standard output has stopped reading, so that a write is still pending. */
  isBlocked = false;
  private readonly printedWarnings = new Set<string>();
  /** Standard output and standard error have separate colors, because only one of them may be a terminal. */
  private constructor(
    private readonly options: OutputOptions,
    readonly colors: Colors,
    readonly errorColors: Colors,
  ) {}

  static async open(options: OutputOptions): Promise<Output> {
    const { stdout, stderr, env } = options;
    return new Output(options, createColors(stdout, env), createColors(stderr, env));
  }

  /** Returns an output without colors, whose results are written to another stream or to the same one. */
  redirect(stdout: OutputStream = this.options.stdout): Output {
    const redirected = new Output({ ...this.options, stdout }, NO_COLORS, NO_COLORS);
    redirected.verbosity = { ...this.verbosity, json: false };
    return redirected;
  }

  get isTerminal(): boolean {
    return this.options.stdout.isTTY === true;
  }

  get isErrorTerminal(): boolean {
    return this.options.stderr.isTTY === true;
  }

  /** The zone of times on standard output. */
  get zone(): Zone {
    return this.isTerminal ? "local" : "utc";
  }

  /** The zone of times on standard error. */
  get errorZone(): Zone {
    return this.isErrorTerminal ? "local" : "utc";
  }

  get width(): number {
    return this.options.stdout.columns || 100; // A terminal may report 0 columns.
  }

  /** Buffers results until `flush` from now on. It is used by commands that print without end. */
  startBuffering(): void {
    this.buffered ??= [];
  }

  /**
   * Writes the buffered results. While the reader is slow, signals are still handled. After the signal is aborted, the
   * write may take only a moment longer.
   */
  async flush(signal: AbortSignal): Promise<void> {
    const { stdout } = this.options;
    const text = (this.buffered ?? []).join("");
    if (text === "" || this.isBlocked) return;
    this.buffered = [];
    if (stdout.writeAsync === undefined) return void stdout.write(text);
    this.isBlocked = !(await endsWithin(stdout.writeAsync(text), FINAL_WRITE_TIMEOUT_MS, signal));
  }

  /** The words with which the user started the command. */
  get commandName(): string {
    return this.options.name ?? DEFAULT_NAME;
  }

  /** Returns a text of the program in which the command has the name that the user knows. */
  nameCommand(text: string): string {
    return renameCommand(text, this.commandName);
  }

  /** Returns items whose hints have the name that the user knows. */
  nameHints<T extends { hint?: string | null | undefined }>(items: readonly T[]): T[] {
    return items.map((item) => (item.hint == null ? item : { ...item, hint: this.nameCommand(item.hint) }));
  }

  private writeError(text: string): void {
    this.options.stderr.write(renderStyles(this.nameCommand(text)));
  }

  private write(text: string): void {
    if (this.buffered === null) this.options.stdout.write(text);
    else if (!this.isBlocked) this.buffered.push(text);
  }

  /** Writes one line of the result. */
  line(text = ""): void {
    this.write(`${renderStyles(text)}\n`);
  }

  /** Writes a text of several lines, such as help, without adding a line break. */
  text(text: string): void {
    this.write(renderStyles(this.nameCommand(text)));
  }

  /** Writes a document byte for byte to a file or another program; on a terminal, it is escaped. */
  raw(text: string): void {
    this.write(this.isTerminal ? escapeControls(text) : text);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** Writes a JSON document: indented, or on one line if several documents follow each other. */
  json(document: unknown, isOneLine = false): void {
    this.write(`${escapeJson(stringifyStorable(document, isOneLine ? undefined : 2))}\n`);
  }

  /** Writes a note to standard error, unless `--quiet` is set. */
  note(text: string): void {
    if (!this.verbosity.quiet) this.writeError(`${text}\n`);
  }

  /** Writes a note only the first time. */
  noteOnce(text: string): void {
    if (this.printedNotes.has(text)) return;
    this.printedNotes.add(text);
    this.note(text);
  }

  warn(text: string, hint?: string): void {
    const { errorColors: paint } = this;
    const hintLine = hint === undefined ? "" : `${paint.dim("hint:")} ${escapeToOneLine(hint)}\n`;
    this.writeError(`${paint.yellow("warning:")} ${escapeToOneLine(text)}\n${hintLine}`);
  }

  /**
   * Writes a warning only the first time, for warnings that many triggers of a stream share. To limit memory, warnings
   * may repeat after many different ones.
   */
  warnOnce(text: string, hint?: string): void {
    if (this.printedWarnings.has(text)) return;
    if (this.printedWarnings.size >= MAX_REMEMBERED_WARNINGS) this.printedWarnings.clear();
    this.printedWarnings.add(text);
    this.warn(text, hint);
  }

  errorLine(text: string): void {
    this.writeError(`${text}\n`);
  }

  /** Writes a JSON document on one line to standard error. */
  errorJson(document: unknown): void {
    this.options.stderr.write(`${escapeJson(stringifyStorable(document))}\n`);
  }

  /** Shows a spinner on standard error while `work` runs, if it is a terminal. `setText` changes the spinner's text. */
  async showProgress<T>(text: string, work: (setText: (text: string) => void) => Promise<T>): Promise<T> {
    if (this.options.onProgress !== undefined) return work(this.options.onProgress);
    // If the width of a terminal is unknown, as in CI and containers, ora would count its lines forever.
    if (!this.isErrorTerminal || !this.options.stderr.columns || this.verbosity.quiet) return work(() => {});
    const { default: ora } = await import("ora");
    // With discardStdin, ora would read the terminal itself, and Ctrl-C would be lost.
    const stream = this.options.stderr as NodeJS.WriteStream;
    const spinner = ora({ text: escapeToOneLine(text), stream, discardStdin: false }).start();
    try {
      return await work((next) => {
        spinner.text = escapeToOneLine(next);
      });
    } finally {
      spinner.stop();
    }
  }
}
