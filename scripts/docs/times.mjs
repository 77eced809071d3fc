// Generates docs/reference/times.md from the constants of the source.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatTable, joinParts } from "../documentation/markdown.mjs";
import { ROOT } from "../load-source.mjs";

const UNITS = [
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
  ["millisecond", 1],
];

const paths = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });

/** Returns the value of a constant, which is a number or a list of numbers. Files are found by the end of their path, because they may move. */
function readConstant(file, name) {
  const path = paths.find((candidate) => `/${candidate}`.endsWith(`/${file}`));
  const text = path === undefined ? "" : readFileSync(join(ROOT, "src", path), "utf8");
  const [, expression = ""] = new RegExp(`^(?:export )?const ${name}(?:: [^=]+)? = ([^;]+);`, "m").exec(text) ?? [];
  if (!/^[\d_\s.*+()[\],]+$/.test(expression))
    throw new Error(`scripts/docs/times.mjs: ${file} has no constant ${name} that consists of numbers`);
  return new Function(`return ${expression}`)();
}

function formatDuration(milliseconds) {
  const [unit, size] = UNITS.find(([, length]) => milliseconds % length === 0 && milliseconds >= length);
  const count = milliseconds / size;
  return `${count.toLocaleString("en-US")} ${unit}${count === 1 ? "" : "s"}`;
}

/** Returns the sum of durations, rounded to a unit of which it has at least two. */
function formatTotal(durations) {
  const total = durations.reduce((sum, duration) => sum + duration, 0);
  const [, size] = UNITS.find(([, length]) => total >= 2 * length);
  return formatDuration(Math.round(total / size) * size);
}

const listSeconds = (durations) => `${durations.map((duration) => duration / 1_000).join(", ")} seconds`;

/** Returns the pauses between attempts, each twice as long as the one before. */
const listPauses = (attempts, first) => Array.from({ length: attempts - 1 }, (_, index) => first * 2 ** index);

const duration = (file, name) => formatDuration(readConstant(file, name));

function listLeases() {
  return [
    ["Due runs, fan-outs and schedules", duration("continue-fan-out.ts", "DUE_WORK_LEASE_MS"), ""],
    ["Due messages", duration("deliver-due-messages.ts", "DELIVERY_LEASE_MS"), ""],
    ["A move of the clock", duration("move-clock.ts", "CLOCK_LEASE_MS"), duration("move-clock.ts", "LEASE_RENEWAL_MS")],
    ["Sending webhooks of a store", duration("webhooks.ts", "LEASE_MS"), duration("webhooks.ts", "RENEW_LEASE_MS")],
    ["A source's event in progress", duration("source-receipt.ts", "SOURCE_LEASE_MS"), ""],
  ];
}

function listRetries() {
  const attempts = readConstant("attempt-delivery.ts", "MAX_ATTEMPTS");
  const pauses = listPauses(attempts, readConstant("attempt-delivery.ts", "FIRST_RETRY_DELAY_MS"));
  const jitter = readConstant("attempt-delivery.ts", "JITTER") * 100;
  const retryAfter = duration("attempt-delivery.ts", "MAX_RETRY_AFTER_MS");
  const fetchPauses = readConstant("http-fetch-handler.ts", "RETRY_DELAYS_MS");
  const webhookAttempts = readConstant("webhook-delivery.ts", "MAX_ATTEMPTS");
  const webhookPauses = listPauses(webhookAttempts, readConstant("webhook-delivery.ts", "FIRST_RETRY_DELAY_MS"));
  return [
    [
      "Delivery of a message",
      String(attempts),
      `${listSeconds(pauses)}, each ±${jitter} % (about ${formatTotal(pauses)} in total), or up to ${retryAfter} if the provider asks for it`,
      `${duration("call-api.ts", "DEFAULT_TIMEOUT_MS")}; webhook steps ${duration("knock-webhook/send.ts", "TIMEOUT_MS")}`,
    ],
    [
      "Fetch step, after a timeout or a status of 500 and above",
      String(fetchPauses.length + 1),
      listSeconds(fetchPauses),
      duration("http-fetch-handler.ts", "TIMEOUT_MS"),
    ],
    [
      "Agent step",
      String(readConstant("resolve-outbound-queries.ts", "MAX_AGENT_ATTEMPTS")),
      "none",
      duration("resolve-outbound-queries.ts", "AGENT_TIMEOUT_MS"),
    ],
    [
      "Webhook of an event",
      String(webhookAttempts),
      `${listSeconds(webhookPauses)} (about ${formatTotal(webhookPauses)} in total)`,
      duration("webhook-delivery.ts", "TIMEOUT_MS"),
    ],
  ];
}

function listLimits() {
  const entries = readConstant("sqlite-outbound-log.ts", "MAX_ENTRIES").toLocaleString("en-US");
  return [
    ["The idempotency key of a trigger", duration("trigger-workflow.ts", "IDEMPOTENCY_WINDOW_MS")],
    ["The key of a source's event", duration("source-receipt.ts", "SOURCE_KEY_LIFETIME_MS")],
    ["Changes that no webhook has received", `${duration("sqlite-outbound-log.ts", "MAX_AGE_MS")}, up to ${entries}`],
    ["A wait for the lock of the SQLite store, before an error", duration("driver.ts", "BUSY_TIMEOUT_MS")],
  ];
}

export function buildPages() {
  return {
    "docs/reference/times.md": `${joinParts(
      "# Lease and retry times",
      "[Reliability](../reliability.md) says what these times mean.",
      "## Leases",
      "A process holds a lease while it works. If it dies, another process of the same machine takes over at once. Processes of other machines and containers take over at the end of the lease. Leases are in real time, whatever the clock of the store shows.",
      formatTable(["Work", "Lease", "Renewed after"], listLeases()),
      "## Attempts",
      "Pauses of messages and fetch steps are in the time of the store's clock. Pauses of webhooks are in real time.",
      formatTable(["Request", "Attempts", "Pauses", "Timeout"], listRetries()),
      "## Other limits",
      formatTable(["What", "Limit"], listLimits()),
    )}\n`,
  };
}
