import type { BaseUrl } from "../domain/request/parse-base-url.js";
import { type ApiRequest, redactRequest } from "../domain/trigger/api-request.js";
import type { Redact } from "./create-redact.js";
import type { ConnectionFailure } from "./http/connection-failure.js";
import type { ApiResponse } from "./response-reader.js";

/** Response headers that help to find a request again or explain a retry. */
const SHOWN_HEADERS = ["x-request-id", "retry-after", "retry-after-ms", "idempotent-replayed", "location"];

/** Describes requests and responses for `--verbose`, without secrets. A body has up to 2,000 characters. */
export class VerboseLog {
  constructor(
    private readonly write: (line: string) => void,
    private readonly base: BaseUrl,
    private readonly redact: Redact,
  ) {}

  logRequest(request: ApiRequest, attempt: number): void {
    const { method, path, headers, body } = redactRequest(request);
    this.write(
      `> ${method} ${this.base.origin}${this.base.prefix}${path}${attempt > 1 ? ` (attempt ${attempt})` : ""}`,
    );
    for (const [name, value] of Object.entries(headers)) this.write(`> ${name.toLowerCase()}: ${this.redact(value)}`);
    if (body !== null) this.write(`> ${this.redact(JSON.stringify(body))}`);
  }

  logOutcome(outcome: ApiResponse | ConnectionFailure, milliseconds: number): void {
    const duration = `${Math.round(milliseconds)} ms`;
    if ("kind" in outcome) {
      this.write(`< no complete response after ${duration}: ${this.redact(outcome.message)}`);
      return;
    }
    this.write(`< HTTP ${outcome.status} in ${duration}`);
    for (const name of SHOWN_HEADERS) {
      const value = outcome.headers[name];
      if (value !== undefined) this.write(`< ${name}: ${this.redact(value)}`);
    }
    if (outcome.text !== "") this.write(`< ${this.redact(outcome.text)}`);
  }

  logRetry(milliseconds: number): void {
    this.write(`* trying again in ${milliseconds} ms`);
  }
}
