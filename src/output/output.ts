import { escapeControls, escapeJson, oneLine } from "./escape-controls.js";
import type { OutStream } from "./out-stream.js";
import { openPaint, type Paint, renderStyles } from "./paint.js";
import type { Zone } from "./time-text.js";

export interface OutputOptions {
  stdout: OutStream;
  stderr: OutStream;
  env: Record<string, string | undefined>;
}

/** Different warnings that are remembered. */
const MOST_REMEMBERED = 1_000;

/** A reader that is slow rather than stopped gets this long after an interruption. */
const LAST_WRITE_MS = 1_000;

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
  private readonly noted = new Set<string>();
  private held: string[] | null = null;
  /** Whether the reader of standard output has stopped reading, so that a write still waits for it. */
  isStuck = false;
  private readonly warned = new Set<string>();
  /** Colours for standard output and for standard error are apart: either may be a terminal alone. */
  private constructor(
    private readonly options: OutputOptions,
    readonly paint: Paint,
    readonly paintError: Paint,
  ) {}

  static async open(options: OutputOptions): Promise<Output> {
    const { stdout, stderr, env } = options;
    return new Output(options, openPaint(stdout, env), openPaint(stderr, env));
  }

  get isTerminal(): boolean {
    return this.options.stdout.isTTY === true;
  }

  get errorIsTerminal(): boolean {
    return this.options.stderr.isTTY === true;
  }

  /** The zone of times on standard output. */
  get zone(): Zone {
    return this.isTerminal ? "local" : "utc";
  }

  /** The zone of times on standard error. */
  get zoneError(): Zone {
    return this.errorIsTerminal ? "local" : "utc";
  }

  get width(): number {
    return this.options.stdout.columns || 100; // a terminal may report 0
  }

  /** From now on, results wait for `release`: for commands that print without end. */
  hold(): void {
    this.held ??= [];
  }

  /**
   * Writes the results that wait. A slow reader is waited for while signals are handled; once the signal is aborted, only for
   * a moment longer.
   */
  async release(signal: AbortSignal): Promise<void> {
    const { stdout } = this.options;
    const text = (this.held ?? []).join("");
    if (text === "" || this.isStuck) return;
    this.held = [];
    if (stdout.writeAsync === undefined) return void stdout.write(text);
    const written = stdout.writeAsync(text).then(() => true);
    let timer: NodeJS.Timeout | undefined;
    let giveUpSoon = (): void => {};
    const givenUp = new Promise<false>((resolve) => {
      giveUpSoon = () => {
        timer = setTimeout(resolve, LAST_WRITE_MS, false);
      };
    });
    if (signal.aborted) giveUpSoon();
    else signal.addEventListener("abort", giveUpSoon, { once: true });
    try {
      this.isStuck = !(await Promise.race([written, givenUp]));
    } finally {
      signal.removeEventListener("abort", giveUpSoon);
      clearTimeout(timer);
    }
  }

  private write(text: string): void {
    if (this.held === null) this.options.stdout.write(text);
    else if (!this.isStuck) this.held.push(text);
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
    if (this.noted.has(text)) return;
    this.noted.add(text);
    this.note(text);
  }

  warn(text: string): void {
    this.options.stderr.write(renderStyles(`${this.paintError.yellow("warning:")} ${oneLine(text)}\n`));
  }

  /** A warning that many triggers of a stream share. Memory stays bounded: beyond many different ones it repeats. */
  warnOnce(text: string): void {
    if (this.warned.has(text)) return;
    if (this.warned.size >= MOST_REMEMBERED) this.warned.clear();
    this.warned.add(text);
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
  async progress<T>(text: string, work: (tell: (text: string) => void) => Promise<T>): Promise<T> {
    // A terminal of no known width (as CI and containers have them) would have ora count its lines for ever.
    if (!this.errorIsTerminal || !this.options.stderr.columns || this.verbosity.quiet) return work(() => {});
    const { default: ora } = await import("ora");
    // With discardStdin ora would read the terminal itself, and Ctrl-C would be lost.
    const stream = this.options.stderr as NodeJS.WriteStream;
    const spinner = ora({ text: oneLine(text), stream, discardStdin: false }).start();
    try {
      return await work((next) => {
        spinner.text = oneLine(next);
      });
    } finally {
      spinner.stop();
    }
  }
}
