import { describe, expect, it } from "vitest";
import type { Message } from "../../src/domain/message/message.js";
import {
  type RecipientReference,
  splitRecipientKey,
  toRecipientKey,
  USERS,
} from "../../src/domain/recipient/recipient.js";
import type { RecipientOutcome, StepOutcome, TriggerOutcome } from "../../src/domain/run/outcome.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { EngineHarness, type HarnessOptions } from "./engine-harness.js";

/** The expected state at a moment. Each given field is compared as a whole. */
export interface Expected {
  /** Each recipient (`ana`, `projects/p1`) with its run in words; see {@link formatRun}. */
  runs?: Record<string, string>;
  /** All messages, oldest first; see {@link formatMessage}. */
  messages?: string[];
  check?: (harness: EngineHarness, outcome: TriggerOutcome) => unknown;
}

export interface Moment extends Expected {
  /** Milliseconds after T0. Time moves there, and due work runs on the way. */
  at: number;
  /** An action at that time, before the state is compared. */
  action?: (harness: EngineHarness, outcome: TriggerOutcome) => unknown;
}

/** A row of the case catalog that runs through the engine. */
export interface EngineCase extends Expected {
  /** The case ID, its rules, and the behavior that it shows. */
  title: string;
  given?: (harness: EngineHarness) => unknown;
  /** The workflow's steps, or its whole definition. Its key is `digest`. */
  workflow: JsonObject[] | JsonObject;
  /** The trigger; its default recipient is ana. */
  payload?: JsonObject;
  moments?: Moment[];
}

/** Formats a run as `completed: email_1 sent, sms_1 skipped preference (channel_types.sms = false)` or `paused: delay_1 waiting 2025-06-04T11:00:00Z`. */
export function formatRun(outcome: RecipientOutcome): string {
  const head = `${outcome.status ?? "no run"}${outcome.reason ? ` ${outcome.reason.code}` : ""}`;
  return `${head}: ${outcome.steps.map(formatStep).join(", ") || "no steps"}`;
}

function formatStep({ ref, outcome, reason, until }: StepOutcome): string {
  const words = [ref, outcome];
  if (reason) words.push(reason.code);
  if (reason?.code === "preference") words.push(`(${reason.detail})`);
  if (until) words.push(until.replace(".000Z", "Z"));
  return words.join(" ");
}

/** Formats a message as `ana mail sent: <text>`: recipient, channel, status, body. */
export function formatMessage(message: Message): string {
  return `${formatRecipient(message.recipient)} ${message.channel.key} ${message.status}: ${getBodyText(message)}`;
}

function formatRecipient(key: Message["recipient"]): string {
  const { collection, id } = splitRecipientKey(key);
  return collection === USERS ? id : `${collection}/${id}`;
}

/** Returns the text that a reader of the message sees. */
export function getBodyText({ content }: Message): string {
  const { html_body, body, blocks, template, url } = content as Record<string, Json | undefined>;
  const [block] = (blocks ?? (template as JsonObject | undefined)?.blocks ?? []) as JsonObject[];
  return String(html_body ?? block?.rendered ?? block?.content ?? url ?? body);
}

/** Formats a message's events as `queued +0s`, with times since its creation. */
export function formatEvents(message: Message): string[] {
  return message.events.map(({ type, at }) => `${type} +${(at - message.inserted_at) / 1_000}s`);
}

export function formatRuns(outcome: TriggerOutcome): Record<string, string> {
  return Object.fromEntries(
    (outcome.recipients ?? []).map((one) => [formatRecipient(toRecipientKey(one.recipient)), formatRun(one)]),
  );
}

async function checkExpected({ runs, messages, check }: Expected, harness: EngineHarness, outcome: TriggerOutcome) {
  if (runs) expect(formatRuns(outcome)).toEqual(runs);
  if (messages) expect((await harness.listMessages()).map(formatMessage)).toEqual(messages);
  await check?.(harness, outcome);
}

export function describeEngineCases(name: string, cases: EngineCase[]): void {
  describe(name, () => {
    it.each(cases.map((row) => [row.title, row] as const))("%s", async (_title, row) => {
      const harness = await EngineHarness.open();
      try {
        await row.given?.(harness);
        harness.define("digest", Array.isArray(row.workflow) ? { steps: row.workflow } : row.workflow);
        const started = await harness.trigger("digest", { recipients: ["ana"], ...row.payload });
        await checkExpected(row, harness, started);
        for (const moment of row.moments ?? []) {
          await harness.at(moment.at);
          await moment.action?.(harness, started);
          await checkExpected(moment, harness, await harness.readOutcome(started));
        }
      } finally {
        await harness.close();
      }
    });
  });
}

/** Runs `body` with a new harness, and closes it. */
export const withHarness = (body: (harness: EngineHarness) => Promise<void>): Promise<void> => withOptions({}, body);

/** Runs `body` with a new harness that has these options, and closes it. */
export async function withOptions(
  options: HarnessOptions,
  body: (harness: EngineHarness) => Promise<void>,
): Promise<void> {
  const harness = await EngineHarness.open(options);
  try {
    await body(harness);
  } finally {
    await harness.close();
  }
}

/** Returns a recipient's entry of an outcome. Throws if the recipient is missing. */
export function getRecipientOutcome(outcome: TriggerOutcome, recipient: RecipientReference): RecipientOutcome {
  const found = outcome.recipients?.find((one) => toRecipientKey(one.recipient) === toRecipientKey(recipient));
  if (!found) throw new Error(`${JSON.stringify(recipient)} is not in the outcome`);
  return found;
}

/** Formats a run's steps as `email_1 sent`, `sms_1 skipped preference`. */
export function formatSteps(outcome: RecipientOutcome): string[] {
  return outcome.steps.map((step) => `${step.ref} ${step.outcome}${step.reason ? ` ${step.reason.code}` : ""}`);
}
