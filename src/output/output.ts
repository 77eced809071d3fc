import { type Colors, createColors, renderStyles } from "./colors.js";
import { escapeControls, escapeJson, escapeToOneLine } from "./escape-controls.js";
import type { Zone } from "./format-time.js";
import type { OutputStream } from "./output-stream.js";

interface OutputOptions {
  stdout: OutputStream;
  stderr: OutputStream;
  env: Record<string, string | undefined>;
}

/** Different warnings that are remembered. */
const MAX_REMEMBERED_WARNINGS = 1_000;

/** A reader that is slow rather than stopped gets this long after an interruption. */
const FINAL_WRITE_TIMEOUT_MS = 1_000;

/** How much to say. */
export interface Verbosity {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
}

/**
 * The only way out: the result to standard output, everything else to standard error. Control characters in data are escaped
 * here, so that data cannot control the terminal.
 */
export class Output {
  verbosity: Verbosity = { json: false, quiet: false, verbose: false };
  private readonly printedNotes = new Set<string>();
  private buffered: string[] | null = null;
  /** Whether the reader of standard output has stopped reading, so that a write still waits for it. */
  isBlocked = false;
  private readonly printedWarnings = new Set<string>();
  /** Colours for standard output and for standard error are apart: either may be a terminal alone. */
  private constructor(
    private readonly options: OutputOptions,
    readonly colors: Colors,
    readonly errorColors: Colors,
  ) {}

  static async open(options: OutputOptions): Promise<Output> {
    const { stdout, stderr, env } = options;
    return new Output(options, createColors(stdout, env), createColors(stderr, env));
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
    return this.options.stdout.columns || 100; // a terminal may report 0
  }

  /** From now on, results wait for `release`: for commands that print without end. */
  startBuffering(): void {
    this.buffered ??= [];
  }

  /**
   * Writes the results that wait. A slow reader is waited for while signals are handled; once the signal is aborted, only for
   * a moment longer.
   */
  async flush(signal: AbortSignal): Promise<void> {
    const { stdout } = this.options;
    const text = (this.buffered ?? []).join("");
    if (text === "" || this.isBlocked) return;
    this.buffered = [];
    if (stdout.writeAsync === undefined) return void stdout.write(text);
    const written = stdout.writeAsync(text).then(() => true);
    let timer: NodeJS.Timeout | undefined;
    let startTimeout = (): void => {};
    const timeout = new Promise<false>((resolve) => {
      startTimeout = () => {
        timer = setTimeout(resolve, FINAL_WRITE_TIMEOUT_MS, false);
      };
    });
    if (signal.aborted) startTimeout();
    else signal.addEventListener("abort", startTimeout, { once: true });
    try {
      this.isBlocked = !(await Promise.race([written, timeout]));
    } finally {
      signal.removeEventListener("abort", startTimeout);
      clearTimeout(timer);
    }
  }

  private write(text: string): void {
    if (this.buffered === null) this.options.stdout.write(text);
    else if (!this.isBlocked) this.buffered.push(text);
  }

  /** A line of the result. */
  line(text = ""): void {
    this.write(`${renderStyles(text)}\n`);
  }

  /** A text of several lines as it is, such as help, without a line break of ours. */
  text(text: string): void {
    this.write(renderStyles(text));
  }

  /** A document byte by byte for a file or another program; a terminal gets it escaped. */
  raw(text: string): void {
    this.write(this.isTerminal ? escapeControls(text) : text);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** A JSON document: indented for a person to read, on one line where documents follow each other. */
  json(document: unknown, isOneLine = false): void {
    this.write(`${escapeJson(JSON.stringify(document, null, isOneLine ? undefined : 2))}\n`);
  }

  /** Something worth knowing that is no result. */
  note(text: string): void {
    if (!this.verbosity.quiet) this.options.stderr.write(`${renderStyles(text)}\n`);
  }

  /** A note that is worth saying only the first time. */
  noteOnce(text: string): void {
    if (this.printedNotes.has(text)) return;
    this.printedNotes.add(text);
    this.note(text);
  }

  warn(text: string): void {
    this.options.stderr.write(renderStyles(`${this.errorColors.yellow("warning:")} ${escapeToOneLine(text)}\n`));
  }

  /** A warning that many triggers of a stream share. Memory stays bounded: beyond many different ones it repeats. */
  warnOnce(text: string): void {
    if (this.printedWarnings.has(text)) return;
    if (this.printedWarnings.size >= MAX_REMEMBERED_WARNINGS) this.printedWarnings.clear();
    this.printedWarnings.add(text);
    this.warn(text);
  }

  errorLine(text: string): void {
    this.options.stderr.write(`${renderStyles(text)}\n`);
  }

  /** A JSON document on standard error, on one line. */
  errorJson(document: unknown): void {
    this.options.stderr.write(`${escapeJson(JSON.stringify(document))}\n`);
  }

  /** A spinner on a terminal's standard error while `work` goes on; nothing anywhere else. `tell` changes its text. */
  async showProgress<T>(text: string, work: (setText: (text: string) => void) => Promise<T>): Promise<T> {
    // A terminal of no known width (as CI and containers have them) would have ora count its lines for ever.
    if (!this.isErrorTerminal || !this.options.stderr.columns || this.verbosity.quiet) return work(() => {});
    const { default: ora } = await import("ora");
    // With discardStdin ora would read the terminal itself, and Ctrl-C would be lost.
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
