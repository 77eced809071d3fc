import { oneLine } from "./escape-controls.js";
import type { Output } from "./output.js";

export interface AnsweredRequest {
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
const MOST = 20;
const PERIOD_MS = 1_000;
const LONGEST_PATH = 160;

/** Requests as they are answered, a line each on standard error; with `--json` a document each. */
export class RequestLog {
  private shown = 0;
  private left = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly output: Output) {}

  /** What only reads is shown where it fails, or with `--verbose`. */
  readonly add = (request: AnsweredRequest): void => {
    const { verbose, quiet } = this.output.verbosity;
    if (quiet || !(verbose || isOfInterest(request))) return;
    this.timer ??= setTimeout(() => this.endPeriod(), PERIOD_MS).unref();
    if (!verbose && this.shown >= MOST) this.left++;
    else {
      this.shown++;
      this.print(request);
    }
  };

  private endPeriod(): void {
    if (this.left > 0) this.output.note(`… and ${this.left} more requests (--verbose shows all)`);
    this.timer = undefined;
    this.shown = 0;
    this.left = 0;
  }

  private print(request: AnsweredRequest): void {
    const { output } = this;
    if (output.verbosity.json) return output.errorJson({ request });
    const { method, path, status, took_ms, workflow_run_id, error, warnings = [] } = request;
    const paint = output.paintError;
    const color = status < 400 ? paint.green : status < 500 ? paint.yellow : paint.red;
    const asked = `${method} ${path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path}`;
    const came = oneLine(error ?? (workflow_run_id === null ? "" : `run ${workflow_run_id}`));
    output.note(
      `${color(String(status))} ${oneLine(asked)}  ${paint.dim(`${Math.round(took_ms)} ms`)}${came && `  ${came}`}`,
    );
    for (const warning of warnings) output.warn(warning);
  }
}

const OWN = ["/v1/", "/__knock/", "/ws/"];

function isOfInterest({ method, path, status }: AnsweredRequest): boolean {
  // A channel that is joined is shown where it is refused, and only then.
  if (method === "JOIN") return true;
  const reads = method === "GET" || method === "HEAD" || method === "OPTIONS";
  return (!reads || status >= 400) && OWN.some((start) => path.startsWith(start));
}
