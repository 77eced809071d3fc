import type { EXIT } from "./error-codes.js";

/** The meaning of each exit code, for help and documentation. Backquotes mark code. */
export const EXIT_CODE_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  success: "success, including when preferences or conditions prevented sending",
  failure:
    "completed, but the outcome was a failure: every recipient failed, an `--expect` rule is not met, nothing matched `--fail-if-none`, a preview cannot be rendered, a scenario failed, a check found errors or differences, or the result cannot be written",
  invalid_input: "wrong usage or invalid input: flags, JSON, payload, trigger data",
  configuration:
    "configuration: no project, an invalid `knock.json`, workflow, template or profile, an unusable store, a command that the target does not support, or a warning with `--strict` (1 from `knock validate` and `knock test`)",
  not_allowed: "not authenticated or not allowed: no API key, or HTTP 401 or 403",
  not_found: "not found: workflow, branch, run, message, actor or another resource",
  conflict:
    "conflict: an idempotency key used with another payload, an inactive workflow, a missing confirmation, a broadcast that was already sent",
  unreachable:
    "the API or the database of the store is unreachable, the API returned 5xx after retries, or sent an unexpected response; the port of `knock dev` is already in use",
  rate_limited: "rate-limited after retries, or too many runs are due in a PostgreSQL store",
  partial: "partial success: some recipients, triggers or rows succeeded and some failed",
  timed_out:
    "timed out: the time given to `--wait` passed before every run had ended; takes precedence over 1, 9 and `--expect`",
  internal: "internal error: a bug in knock",
  hung_up: "ended by SIGHUP, because the terminal was closed",
  interrupted: "interrupted by SIGINT (Ctrl-C)",
  terminated: "terminated by SIGTERM",
};
