import { setTimeout as sleep } from "node:timers/promises";
import { createLocalEngine } from "../../../src/context/create-local-engine.js";
import { openProjectStore } from "../../../src/context/open-project-store.js";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { LocalOperations } from "../../../src/ports/operations.js";
import { findProject } from "../../../src/project/find-project.js";
import { openProject } from "../../../src/project/open-project.js";
import type { JsonObject } from "../../../src/util/json.js";
import type { Sample } from "../../helpers/run-knock.js";
import { type SmtpReceiver, startSmtpReceiver } from "../../helpers/smtp-receiver.js";

/** How much is triggered. Each round has recipients of its own, so what it leads to does not depend on when it is triggered. */
export interface WorkloadSize {
  /** The fewest rounds. More follow until enough has failed. */
  rounds: number;
  /** The recipients of each round. Every tenth one gets emails. */
  recipients: number;
  /** The window of batches. A round must join its batches within it, whatever fails in the meantime. */
  windowSeconds: number;
  /** The pause between two rounds in milliseconds. */
  pauseMs: number;
}

const ACTIVITIES = 3;
const THROTTLED_TRIGGERS = 2;
const EMAILS_EVERY = 10;
/** The server refuses the first attempt for every second recipient with emails, and two for every tenth of these. */
const REFUSED_EVERY = 20;
const REFUSED_TWICE_EVERY = 200;

const seconds = (value: number) => ({ unit: "seconds", value });
const feed = (ref: string, text: string): JsonObject => ({
  ref,
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "feed",
  template: { markdown_body: text },
});
const email = (subject: string): JsonObject => ({
  ref: "email_1",
  type: "channel",
  channel_type: "email",
  channel_key: "mail",
  template: { subject, html_body: "<p>{{ recipient.name }}</p>", settings: {} },
});
const delay = (ref: string, value: number): JsonObject => ({
  ref,
  type: "delay",
  settings: { delay_for: seconds(value) },
});
const waitForUpdate = (settings: JsonObject): JsonObject => ({
  ref: "wait_1",
  type: "wait_for_event",
  settings: { event: { event_type: "recipient", event_key: "updated" }, ...settings },
});

function buildWorkflows({ windowSeconds }: WorkloadSize): Record<string, JsonObject[]> {
  const batch = {
    batch_window: seconds(windowSeconds),
    batch_window_type: "sliding",
    batch_window_extension_limit: { unit: "minutes", value: 30 },
  };
  const pages = "{{ total_activities }}:{% for activity in activities %} {{ activity.page }}{% endfor %}";
  return {
    remind: [delay("delay_1", 1), feed("feed_1", "{{ page }}"), delay("delay_2", 2), email("{{ page }}")],
    digest: [{ ref: "batch_1", type: "batch", settings: batch }, feed("feed_1", pages), email(pages)],
    limited: [
      delay("delay_1", 1),
      { ref: "throttle_1", type: "throttle", settings: { throttle_window: { unit: "days", value: 1 } } },
      feed("feed_1", "{{ recipient.name }}"),
    ],
    confirm: [
      delay("delay_1", 1),
      waitForUpdate({ expires_after: { unit: "hours", value: 1 } }),
      feed("feed_1", "{{ refs.wait_1.matched }}"),
    ],
    expire: [
      waitForUpdate({ expires_after: seconds(windowSeconds), on_timeout: "continue" }),
      feed("feed_1", "{{ refs.wait_1.matched }}"),
    ],
    touch: [feed("feed_1", "touched")],
    planned: [feed("feed_1", "{{ page }}"), email("{{ page }}")],
  };
}

/** Writes the project of the workload, whose emails are delivered to an SMTP server on this port. */
export function writeFaultProject(sample: Sample, size: WorkloadSize, smtpPort: number): void {
  sample.write("knock.json", { knockDir: "./knock" });
  for (const [key, steps] of Object.entries(buildWorkflows(size)))
    sample.write(`knock/workflows/${key}/workflow.json`, { name: key, steps });
  const settings = { from_address: "hi@faults.test", host: "127.0.0.1", port: smtpPort, tls: "none" };
  sample.write("knock/environment.json", {
    channels: {
      mail: { type: "email", provider: "smtp", deliver: true, settings },
      feed: { type: "in_app_feed", provider: "knock" },
    },
  });
}

/** Returns the round that a text about a recipient of the workload belongs to. */
export const findRound = (text: string): number => Number(/[ /:][rx](\d+)-\d+/.exec(` ${text}`)?.[1]);

/** Returns how many attempts for an address the SMTP server refuses for now. */
function countRefusals(address: string): number {
  const number = Number(/-(\d+)@/.exec(address)?.[1]);
  if (number % REFUSED_EVERY !== 0) return 0;
  return number % REFUSED_TWICE_EVERY === REFUSED_TWICE_EVERY / 2 ? 2 : 1;
}

/** Starts the SMTP server of the workload, which refuses the first attempts for some addresses. */
export function startRefusingReceiver(): Promise<SmtpReceiver> {
  const refused = new Map<string, number>();
  return startSmtpReceiver({
    refuse: (address) => {
      const count = (refused.get(address) ?? 0) + 1;
      refused.set(address, count);
      return count > countRefusals(address) ? undefined : { code: 451, message: "Try again later" };
    },
  });
}

/** Opens an engine that triggers workflows of a project in this process. */
export async function openEngine(sample: Sample, location: string): Promise<LocalOperations> {
  const found = await findProject({ cwd: sample.dir, project: null, knockDir: null });
  if (found === null) throw new Error("the project is not found");
  const project = openProject(found, sample.dir);
  const store = await openProjectStore(project, location, { maxConnections: 4 });
  return createLocalEngine(project, store, { sleep: (ms) => sleep(ms), env: {} });
}

/** Triggers a workflow. While the database cannot be reached, it is tried again with the same idempotency key. */
async function trigger(
  engine: LocalOperations,
  workflow: string,
  recipients: JsonObject[],
  key: string,
  data: JsonObject = {},
): Promise<void> {
  const payload = { recipients, data };
  for (let attempts = 1; ; attempts++) {
    try {
      await engine.triggerWorkflow(parseTrigger(payload, workflow).trigger, { idempotency_key: key });
      return;
    } catch (error) {
      if (!(error instanceof KnockError && error.code === "unreachable") || attempts === 30) throw error;
      await sleep(200);
    }
  }
}

function listRecipients(prefix: string, round: number, count: number): JsonObject[] {
  return Array.from({ length: count }, (_, number) => {
    const id = `${prefix}${round}-${number}`;
    return {
      id,
      name: `Reader ${id}`,
      ...(number % EMAILS_EVERY === 0 ? { email: `${id}@faults.test` } : {}),
    };
  });
}

/** Schedules a workflow for every tenth recipient, some seconds after `from`. */
export async function scheduleWorkload(engine: LocalOperations, size: WorkloadSize, from: number): Promise<void> {
  for (let round = 0; round < size.rounds; round++) {
    const recipients = listRecipients("r", round, size.recipients).filter((recipient) => "email" in recipient);
    const scheduled_at = new Date(from + 3_000 + round * size.pauseMs).toISOString();
    await engine.resources.schedules.create({
      workflow: "planned",
      recipients,
      scheduled_at,
      data: { page: `planned-${round}` },
    });
  }
}

/** Ends a workload in which nothing fails any more. */
const MAX_ROUNDS = 200;

/** Triggers everything up to the events that runs wait for, until enough has failed. Returns the number of rounds. */
export async function sendWorkload(
  engine: LocalOperations,
  size: WorkloadSize,
  isEnough: () => boolean,
): Promise<number> {
  for (let round = 0; ; round++) {
    if (round >= size.rounds && (isEnough() || round >= MAX_ROUNDS)) return round;
    const recipients = listRecipients("r", round, size.recipients);
    const send = (workflow: string, count = 0) =>
      trigger(engine, workflow, recipients, `${workflow}-${round}-${count}`, { page: `page-${count}` });
    for (let count = 0; count < ACTIVITIES; count++) await send("digest", count);
    await send("remind");
    for (let count = 0; count < THROTTLED_TRIGGERS; count++) await send("limited", count);
    await send("confirm");
    await trigger(engine, "expire", listRecipients("x", round, size.recipients), `expire-${round}`);
    await sleep(size.pauseMs);
  }
}

/** Updates the recipients that runs wait for. */
export async function touchRecipients(
  engine: LocalOperations,
  size: Pick<WorkloadSize, "rounds" | "recipients">,
): Promise<void> {
  for (let round = 0; round < size.rounds; round++) {
    const recipients = listRecipients("r", round, size.recipients).map((recipient) => ({
      ...recipient,
      touched: true,
    }));
    await trigger(engine, "touch", recipients, `touch-${round}`);
  }
}
