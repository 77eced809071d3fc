import { escapeToOneLine } from "./escape-controls.js";
import type { Output } from "./output.js";

export interface LoggedRequest {
  method: string;
  /** With its query. */
  path: string;
  status: number;
  /** From its arrival to its answer, in milliseconds. */
  took_ms: number;
  /** The workflow run that it started. */
  workflow_run_id: string | null;
  /** Why it was refused, and what would help. */
  error: string | null;
  /** What in an accepted request is probably a mistake; absent where nothing is. */
  warnings?: readonly string[];
}

/** Lines a second: who sends thousands of requests reads none of them, and would wait for the terminal. */
const MAX_LINES_PER_PERIOD = 20;
const PERIOD_MS = 1_000;
const MAX_PATH_LENGTH = 160;

/** Requests as they are answered, a line each on standard error; with `--json` a document each. */
export class RequestLog {
  private printed = 0;
  private omitted = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly output: Output) {}

  /** What only reads is shown where it fails, or with `--verbose`. */
  readonly add = (request: LoggedRequest): void => {
    const { verbose, quiet } = this.output.verbosity;
    if (quiet || !(verbose || shouldPrint(request))) return;
    this.timer ??= setTimeout(() => this.endPeriod(), PERIOD_MS).unref();
    if (!verbose && this.printed >= MAX_LINES_PER_PERIOD) this.omitted++;
    else {
      this.printed++;
      this.print(request);
    }
  };

  private endPeriod(): void {
    if (this.omitted > 0) this.output.note(`… and ${this.omitted} more requests (--verbose shows all)`);
    this.timer = undefined;
    this.printed = 0;
    this.omitted = 0;
  }

  private print(request: LoggedRequest): void {
    const { output } = this;
    if (output.verbosity.json) return output.errorJson({ request });
    const { method, path, status, took_ms, workflow_run_id, error, warnings = [] } = request;
    const paint = output.errorColors;
    const color = status < 400 ? paint.green : status < 500 ? paint.yellow : paint.red;
    const requestText = `${method} ${path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}…` : path}`;
    const result = escapeToOneLine(error ?? (workflow_run_id === null ? "" : `run ${workflow_run_id}`));
    output.note(
      `${color(String(status))} ${escapeToOneLine(requestText)}  ${paint.dim(`${Math.round(took_ms)} ms`)}${result && `  ${result}`}`,
    );
    for (const warning of warnings) output.warn(warning);
  }
}

const API_PREFIXES = ["/v1/", "/__knock/", "/ws/"];

function shouldPrint({ method, path, status }: LoggedRequest): boolean {
  // A channel that is joined is shown where it is refused, and only then.
  if (method === "JOIN") return true;
  const isRead = method === "GET" || method === "HEAD" || method === "OPTIONS";
  return (!isRead || status >= 400) && API_PREFIXES.some((start) => path.startsWith(start));
}
