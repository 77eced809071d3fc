import { describeUnidentifiedRecipients } from "../../commands/shared/unidentified-recipients.js";
import { openReplayEngine } from "../../comparison/open-replay-engine.js";
import type { TimedTrigger } from "../../comparison/parse-timed-trigger.js";
import { NO_HISTORY } from "../../comparison/recorded-history.js";
import { runTriggers } from "../../comparison/run-triggers.js";
import { applyRecipientsFiles } from "../../context/open-project-store.js";
import type { ProcessIO } from "../../context/process-io.js";
import type { Prices } from "../../domain/pricing/prices-schema.js";
import { type RecipientKey, toRecipientReference } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Store } from "../../ports/store.js";
import type { Project } from "../../project/open-project.js";
import { didYouMean } from "../../util/find-nearest.js";
import { ForecastBuilder, type ForecastLimits } from "./forecast-builder.js";
import { ForecastCosts } from "./forecast-costs.js";
import type { ForecastReport } from "./forecast-report-schema.js";

const PAGE_SIZE = 500;

/** The triggers of `knock forecast`, and the limits that are checked. */
interface ForecastOptions {
  /** Sorted by time. */
  triggers: readonly TimedTrigger[];
  /** Milliseconds after the first trigger. */
  durationMs: number;
  limits: ForecastLimits;
  prices: Prices | null;
}

interface ForecastContext {
  project: Project;
  io: ProcessIO;
  warn(text: string, hint?: string): void;
  setProgress(text: string): void;
}

/**
 * Reads the workflows of the triggers. Throws `workflow_missing` for the first trigger of a workflow that the project does
 * not have, and the error of an invalid workflow.
 */
async function checkWorkflows(triggers: readonly TimedTrigger[], project: Project): Promise<void> {
  const keys = await project.workflowKeys();
  const known = new Set(keys);
  for (const { name, trigger } of triggers)
    if (!known.has(trigger.workflow))
      throw new KnockError("workflow_missing", `${name}: there is no workflow "${trigger.workflow}"`, {
        hint: didYouMean(trigger.workflow, keys, "Workflows"),
      });
  for (const key of new Set(triggers.map(({ trigger }) => trigger.workflow))) await project.workflow(key);
}

/** Adds all messages of a store, a page at a time. */
async function addMessages(
  store: Store,
  { builder, costs }: { builder: ForecastBuilder; costs: ForecastCosts | null },
  defaultZone: string,
): Promise<void> {
  const zones = new Map<RecipientKey, string>();
  for (let after: string | undefined; ; ) {
    const { items, page_info } = await store.listMessages({}, { limit: PAGE_SIZE, after });
    const unknown = [...new Set(items.map(({ recipient }) => recipient))].filter((key) => !zones.has(key));
    for (const [key, { properties }] of await store.readRecipients(unknown))
      zones.set(key, typeof properties.timezone === "string" ? properties.timezone : defaultZone);
    // The message of a guide is not sent.
    for (const message of items) {
      if (message.source === "guide") continue;
      builder.add(message, zones.get(message.recipient) ?? defaultZone);
      costs?.add(message);
    }
    if (page_info.after === null) return;
    after = page_info.after;
  }
}

/** Warns about messages that are not counted because steps have failed. */
async function warnAboutFailedSteps(store: Store, warn: ForecastContext["warn"]): Promise<void> {
  const { items } = await store.listRecipientRuns({ has_errors: true }, { limit: PAGE_SIZE });
  const failed = items.flatMap(({ run: { workflow }, recipientRun: { steps } }) =>
    steps.filter(({ outcome }) => outcome === "failed").map((step) => ({ ...step, workflow })),
  );
  const [first] = failed;
  if (first === undefined) return;
  const more = items.length === PAGE_SIZE ? " or more" : "";
  const count = `${failed.length}${more} step${failed.length === 1 ? "" : "s"}`;
  warn(
    `${count} failed, so their messages are missing: workflow "${first.workflow}", step ${first.ref}: ${first.reason?.detail ?? first.reason?.code}`,
  );
}

/** Runs triggers at their times, in a new store in memory, and counts the messages. Nothing is sent. */
export async function runForecast(options: ForecastOptions, context: ForecastContext): Promise<ForecastReport> {
  const { triggers, durationMs, limits, prices } = options;
  const { project, io, warn, setProgress } = context;
  await checkWorkflows(triggers, project);
  const from = triggers[0]?.at ?? 0;
  const until = Math.max(from + durationMs, triggers.at(-1)?.at ?? 0);
  const { operations, store } = await openReplayEngine(project, io, {
    hasResponses: false,
    async prepareStore(created) {
      await applyRecipientsFiles(project, created);
      return created;
    },
    warn,
  });
  try {
    const recorded = triggers.map((trigger) => ({ ...trigger, branch: null }));
    const history = { ...NO_HISTORY, triggers: recorded, until };
    const { failures, unidentified } = await runTriggers(operations, history, {
      store,
      signal: io.signal,
      onProgress: (done, total) => setProgress(`forecasting: ${done} of ${total} triggers done`),
    });
    if (unidentified.size > 0) {
      const unknown = [...unidentified].map(toRecipientReference);
      const { message } = await describeUnidentifiedRecipients(unknown, operations.resources, "would receive nothing");
      warn(
        message,
        'Add them to a file in recipients/, or give their properties in a trigger: {"id":"…","email":"…"}.',
      );
    }
    await warnAboutFailedSteps(store, warn);
    const builder = new ForecastBuilder(limits);
    const costs = prices === null ? null : new ForecastCosts(prices, from);
    await addMessages(store, { builder, costs }, (await project.environment()).timezone ?? "Etc/UTC");
    const rejected = failures.map(({ trigger: { name }, error: { code, message } }) => ({
      trigger: name,
      code,
      message,
    }));
    return {
      ...builder.build({ from, until, triggers: triggers.length }, rejected),
      cost: costs?.build() ?? null,
    };
  } finally {
    await operations.close();
  }
}
