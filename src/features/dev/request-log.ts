import { escapeToOneLine } from "../../output/escape-controls.js";
import type { Output } from "../../output/output.js";
import type { LoggedRequest } from "./dev-schemas.js";

/**
 * The maximum number of lines per period. A client that sends thousands of requests would otherwise have to wait for
 * the terminal.
 */
const MAX_LINES_PER_PERIOD = 20;
const PERIOD_MS = 1_000;
const MAX_PATH_LENGTH = 160;

/** Prints each request after its response: one line on standard error, or with `--json` a document. */
export class RequestLog {
  private printed = 0;
  private omitted = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly output: Output) {}

  /** Adds a request. Successful reads are printed only with `--verbose`. */
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
    if (this.omitted > 0) this.output.note(`… and ${this.omitted} more requests (use --verbose to show all)`);
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
  // The emulator reports a channel join only if it was rejected.
  if (method === "JOIN") return true;
  const isRead = method === "GET" || method === "HEAD" || method === "OPTIONS";
  return (!isRead || status >= 400) && API_PREFIXES.some((start) => path.startsWith(start));
}
