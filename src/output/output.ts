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

  /** A line of the result. */
  line(text = ""): void {
    this.options.stdout.write(`${renderStyles(text)}\n`);
  }

  /** A text of several lines as it is, such as help, without a line break of ours. */
  text(text: string): void {
    this.options.stdout.write(renderStyles(text));
  }

  /** A document byte by byte for a file or another program; a terminal gets it escaped. */
  raw(text: string): void {
    this.options.stdout.write(this.isTerminal ? escapeControls(text) : text);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** A JSON document: indented for a person to read, on one line where documents follow each other. */
  json(document: unknown, isOneLine = false): void {
    this.options.stdout.write(`${escapeJson(JSON.stringify(document, null, isOneLine ? undefined : 2))}\n`);
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
