import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import type { JsonObject } from "../../src/util/json.js";
import type { Sample } from "../helpers/run-knock.js";

/** The time at which the clock of each case is frozen. */
export const START = "2026-03-02T09:00:00Z";

/** Where each case moves the clock to at its end, which is after all of its work. */
const END = "2026-03-20T09:00:00Z";

const EMAIL_STEP = {
  ref: "email_1",
  type: "channel",
  channel_type: "email",
  channel_key: "mail",
  template: {
    subject: "{{ total_activities | default: 1 }} for {{ recipient.name }}",
    html_body: "<p>{{ page }}</p>",
    settings: {},
  },
};
const FEED_STEP = {
  ref: "feed_1",
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "feed",
  template: { markdown_body: "{{ page }}" },
};
const DELAY_STEP = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
const BATCH_STEP = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 2 } } };
const THROTTLE_STEP = {
  ref: "throttle_1",
  type: "throttle",
  settings: { throttle_limit: 1, throttle_window: { unit: "days", value: 1 } },
};

const WORKFLOWS: Record<string, JsonObject[]> = {
  reminder: [FEED_STEP, DELAY_STEP, EMAIL_STEP],
  digest: [FEED_STEP, BATCH_STEP, EMAIL_STEP],
  alert: [THROTTLE_STEP, EMAIL_STEP],
};

const PEOPLE = ["ada", "grace", "alan", "lin"];
const RECIPIENTS = JSON.stringify(PEOPLE.map((id) => ({ id, name: id, email: `${id}@crash.test` })));

const notify = (workflow: string, page: string, more: string[] = []): string[] => [
  ...["notify", workflow, "--recipients", RECIPIENTS, "--set", `page=${page}`],
  ...["--idempotency-key", `${workflow}-${page}`, ...more],
];

/** A command that is killed. Running it again must be safe, because that is what a user does. */
export interface CrashCase {
  name: string;
  /** The commands before it. */
  before: string[][];
  killed: string[];
}

export const CASES: readonly CrashCase[] = [
  { name: "a trigger", before: [], killed: notify("reminder", "one") },
  { name: "a trigger with throttles and deliveries", before: [], killed: notify("alert", "one") },
  { name: "a trigger that joins batches", before: [notify("digest", "one")], killed: notify("digest", "two") },
  {
    name: "a move of the clock that advances runs and sends emails",
    before: [notify("reminder", "one"), notify("digest", "one"), notify("digest", "two")],
    killed: ["clock", "set", "2026-03-02T12:00:00Z"],
  },
  {
    name: "a cancellation",
    before: [notify("reminder", "one", ["--cancellation-key", "c1"]), notify("digest", "one")],
    killed: ["cancel", "reminder", "c1"],
  },
  { name: "triggers from a file", before: [], killed: ["notify", "--file", "triggers.jsonl", "--resume"] },
];

/** Writes the project of the cases, with emails that are delivered to an SMTP server on this port. */
export function writeCrashProject(sample: Sample, smtpPort: number, webhooks: readonly string[] = []): void {
  sample.write("knock.json", { knockDir: "./knock" });
  for (const [key, steps] of Object.entries(WORKFLOWS))
    sample.write(`knock/workflows/${key}/workflow.json`, { name: key, steps });
  const settings = { from_address: "hi@crash.test", host: "127.0.0.1", port: smtpPort, tls: "none" };
  sample.write("knock/environment.json", {
    webhooks: webhooks.map((url) => ({ url })),
    channels: {
      mail: { type: "email", provider: "smtp", deliver: true, settings },
      feed: { type: "in_app_feed", provider: "knock" },
    },
  });
  const line = (index: number) => {
    const recipients = [{ id: `u${index}`, name: `u${index}`, email: `u${index}@crash.test` }];
    return JSON.stringify({ key: index % 2 === 0 ? "reminder" : "digest", recipients, data: { page: `p${index}` } });
  };
  sample.write("triggers.jsonl", `${Array.from({ length: 12 }, (_, index) => line(index)).join("\n")}\n`);
}

/** The end of a case. Each run with its steps and each message with its state must be the same with and without a crash. */
export interface FinalState {
  runs: string[];
  messages: string[];
}

const ALL = { limit: 1_000 };

/** Runs the rest of a case's work, and returns the state at its end. */
export async function finish(sample: Sample): Promise<FinalState> {
  const moved = await sample.knock(["clock", "set", END, "--json"]);
  if (moved.exitCode !== 0) throw new Error(`the clock did not move: ${moved.stderr}`);
  const store = await openSqliteStore(sample.path(".knock-local/store.db"), { readOnly: true });
  try {
    const runs = (await store.listRecipientRuns({}, ALL)).items.map(({ run, recipientRun }) => {
      const { recipient, status, data, due_at, steps } = recipientRun;
      const path = steps.map(({ ref, outcome, reason }) => ({ ref, outcome, reason }));
      return JSON.stringify({ workflow: run.workflow, recipient, status, data: data ?? run.data, due_at, path });
    });
    const messages = (await store.listMessages({}, ALL)).items.map(
      ({ recipient, workflow, step_ref, status, due_at, content }) =>
        JSON.stringify({ recipient, workflow, step_ref, status, due_at, content: toComparable(content) }),
    );
    return { runs: runs.sort(), messages: messages.sort() };
  } finally {
    await store.close();
  }
}

/** Replaces IDs, which differ between executions. */
const toComparable = (content: unknown): string =>
  JSON.stringify(content).replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-Za-z]{27}/g, "<id>");
