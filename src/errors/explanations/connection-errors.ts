import type { ErrorExplanation } from "./error-explanation.js";

/** Errors of connections and access (exit codes 4, 7 and 8), and errors of the process itself. */
export const CONNECTION_ERRORS = {
  authentication: {
    meaning: "There's no API key, the API doesn't accept it, or a source event has no valid signature.",
    causes: [
      "No key is set for the remote target.",
      "The key was revoked, belongs to another environment, or contains stray characters.",
      "The base URL belongs to another server.",
      "The secret in the source's `settings.verification` isn't the one that signed the event.",
    ],
    fix: [
      "Run `knock auth login`, or set `KNOCK_API_KEY`.",
      "Run `knock config list` to see where the key and the base URL come from. Keys are shortened.",
      "Add `--local` to use the embedded engine, which needs no key.",
    ],
  },
  not_allowed: {
    meaning: "The API accepts the key, but doesn't allow the operation (HTTP 403).",
    causes: [
      "The key is a public key (`pk_…`), which can read only the data of its user.",
      "The key doesn't have the required permission.",
      "A proxy or firewall rejected the request.",
    ],
    fix: [
      "Use a secret key (`sk_…`) of the environment.",
      "Run `knock auth status` to see the stored keys, shortened.",
    ],
  },
  unreachable: {
    meaning: "There's no connection to the API or to the database of the store, or it didn't respond in time.",
    causes: [
      "The base URL is wrong, or no server is running at that address.",
      "The network, a firewall or a proxy blocks the connection.",
      "The server's TLS certificate isn't trusted.",
      "The server needs longer than `--timeout`.",
      "The PostgreSQL server is stopped, or has no connection left.",
    ],
    fix: [
      "Run `knock config list` to see the base URL and where it comes from.",
      "Start `knock dev` if the URL is a local one.",
      "Set `HTTPS_PROXY` if the network needs a proxy, and `NO_PROXY` for hosts that don't.",
      "Set `KNOCK_CA_FILE` or `NODE_EXTRA_CA_CERTS` to the file of your organization's certificate.",
      "Run the command again with the same `--idempotency-key`. A trigger is then not executed twice.",
    ],
  },
  port_in_use: {
    meaning: "`knock dev` can't listen, because another process uses the port.",
    causes: ["Another `knock dev` is running.", "Another program listens on the same port."],
    fix: [
      "Use a free port: `knock dev --port 0`. Read the URL from the output or from `--ready-file`.",
      "Stop the other process. `lsof -i :8484` shows it.",
    ],
  },
  remote_failed: {
    meaning: "The server failed (HTTP 5xx), or sent an unexpected response.",
    causes: [
      "The service has a temporary problem.",
      "The base URL belongs to another server, or to a page of a proxy.",
      "The server redirects. Redirects aren't followed.",
    ],
    fix: [
      "Run the command again later.",
      "Run `knock config get base_url` to check the URL. It mustn't end with `/v1`.",
      "Contact the service, and include the request ID from the error message.",
    ],
  },
  rate_limited: {
    meaning: "The API still limits the number of requests after retries (HTTP 429).",
    causes: ["Many triggers are sent in a short time.", "Another process uses the same key."],
    fix: [
      "Wait for the time in the hint and run the command again.",
      "Trigger one workflow for many recipients instead of one trigger per recipient.",
      "For `knock dev`, omit `--rate-limits`.",
    ],
  },
  too_much_due_work: {
    meaning:
      "The workers of the PostgreSQL store are behind, so triggers with more than 50 recipients are rejected. The API answers HTTP 429 with `Retry-After`.",
    causes: [
      "No worker runs, or too few of them for the load.",
      "More than 100,000 runs have fallen due at the same time, for example after a delay.",
    ],
    fix: [
      "Start more workers with `knock worker`.",
      "Trigger again later, or for up to 50 recipients at a time.",
      "Set `KNOCK_MAX_DUE_RUNS` to another limit.",
    ],
  },
  output_failed: {
    meaning: "The command has completed, but its result could not be written to standard output.",
    causes: ["The disk is full.", "Standard output is closed or not writable."],
    fix: ["Free disk space, or write to another place.", "Don't repeat a trigger: `knock runs list` shows its runs."],
  },
  interrupted: {
    meaning: "The command was stopped by Ctrl-C or a signal.",
    causes: [
      "SIGINT (Ctrl-C), SIGTERM (exit code 143) or SIGHUP (exit code 129) was received, for example from a CI job's time limit or a terminal that was closed.",
    ],
    fix: [
      "Read the hint. It says what was completed.",
      "Run the command again with the same `--idempotency-key`, if a trigger may have been sent.",
    ],
  },
  internal: {
    meaning: "An unexpected error occurred, which is a bug in knock.",
    causes: ["The program reached a state that it doesn't handle."],
    fix: [
      "Report the message, the stack trace, the command and the output of `knock --version`.",
      "Try another store: `--store :memory:`. If this works, keep the old store for the report.",
    ],
  },
} as const satisfies Record<string, ErrorExplanation>;
