import { relative } from "node:path";
import type { SentMessage } from "../../comparison/recorded-history.js";
import type { ReplayedRun } from "../../comparison/replay-triggers.js";
import type { ProcessIO } from "../../context/process-io.js";
import { type RecipientReference, toRecipientKey } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { LocalOperations } from "../../ports/operations.js";
import { toSlashes } from "../../project/format-display-path.js";
import type { ProjectFile } from "../../project/read-project-text.js";
import { listScenarioFiles } from "../../scenarios/list-scenario-files.js";
import { listScenarioWorkflows } from "../../scenarios/list-scenario-workflows.js";
import { readObservedRuns } from "../../scenarios/observe.js";
import type { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import type { Scenario } from "../../scenarios/parse-scenarios.js";
import { getAction, performAction } from "../../scenarios/perform-action.js";
import { readScenarios } from "../../scenarios/read-scenarios.js";
import { prepareTarget } from "../../scenarios/run-scenario.js";
import { Snapshots } from "../../scenarios/snapshots.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { monotonicClock } from "../../util/monotonic-clock.js";
import { formatSidePath, type ReviewSide } from "./sides.js";

/** A trigger that one version did not accept. */
export interface RejectedSample {
  trigger: string;
  workflow: string | null;
  code: string;
  message: string;
}

/** The messages and runs of the triggers of a source on one side. */
export interface SampleRun {
  messages: SentMessage[];
  runs: ReplayedRun[];
  rejected: RejectedSample[];
}

/** Adds a part of a sample to it. */
export function appendSample(to: SampleRun, { messages = [], runs = [], rejected = [] }: Partial<SampleRun>): void {
  // As arguments of one call, many items would exceed the stack.
  for (const message of messages) to.messages.push(message);
  for (const run of runs) to.runs.push(run);
  for (const sample of rejected) to.rejected.push(sample);
}

/** A file of scenarios of one side. `id` is its path in the folder of the workflows, or in the project. */
export interface ScenarioFile {
  id: string;
  file: ProjectFile;
  /** Empty if the file cannot be read, which its scenarios report when they run. */
  scenarios: readonly Scenario[];
}

/** The seed of random values, which is the same for both sides. */
export const SCENARIO_SEED = "knock";
const TIME_LIMIT_MS = 10_000;
/** Limits the moves of the clock after a scenario, because a workflow can start itself again and again. */
const MAX_CLOCK_MOVES = 100;
/** The number of schedules that one request can delete. */
const MAX_SCHEDULES = 100;

/** Lists the files of scenarios of a side. */
export async function readScenarioFiles(side: ReviewSide): Promise<ScenarioFile[]> {
  const { root, knockDir } = side.project;
  const files = listScenarioFiles([], { root, cwd: root, displayPath: (path) => formatSidePath(side, path) });
  return Promise.all(
    files.map(async (file) => {
      // The folder of the workflows can have another name in the other version.
      const own = toSlashes(relative(knockDir, file.path));
      const id = own.startsWith("../") ? toSlashes(relative(root, file.path)) : `(workflows)/${own}`;
      try {
        return { id, file, scenarios: (await readScenarios(file)).scenarios };
      } catch (error) {
        if (error instanceof KnockError) return { id, file, scenarios: [] };
        throw error;
      }
    }),
  );
}

/** Returns the name of a scenario in reports. */
export const nameScenario = ({ displayPath }: ProjectFile, { name }: Scenario): string => `${displayPath} › ${name}`;

/** Returns a scenario whose workflows have other keys. */
export function renameWorkflows(scenario: Scenario, keys: ReadonlyMap<string, string>): Scenario {
  const own = listScenarioWorkflows(scenario);
  if (own?.every((key) => !keys.has(key))) return scenario;
  const rename = <T>(key: T): T => (keys.get(String(key)) as T | undefined) ?? key;
  return {
    ...scenario,
    workflow: rename(scenario.workflow),
    steps: scenario.steps.map(({ notify, schedule, ...step }) => ({
      ...step,
      ...(notify ? { notify: { ...notify, workflow: rename(notify.workflow), key: rename(notify.key) } } : {}),
      ...(schedule ? { schedule: { ...schedule, workflow: rename(schedule.workflow) } } : {}),
    })),
  };
}

const asObject = (value: unknown): JsonObject => (isJsonObject(value as never) ? (value as JsonObject) : {});

function toSentMessage(message: JsonObject, trigger: string): SentMessage {
  const [source, channel, content] = [message.source, message.channel, message.content].map(asObject) as [
    JsonObject,
    JsonObject,
    JsonObject,
  ];
  const { id, collection } = asObject(message.recipient);
  const recipient: RecipientReference =
    typeof message.recipient === "string" ? message.recipient : { id: String(id), collection: String(collection) };
  return {
    id: String(message.id),
    workflowRunId: String(source.workflow_run_id),
    recipientRunId: String(source.workflow_recipient_run_id),
    trigger,
    recipient,
    workflow: String(message.workflow),
    step: String(source.step_ref),
    channel: { key: String(channel.key), type: String(channel.type) },
    tenant: message.tenant == null ? null : String(message.tenant),
    status: String(message.status),
    at: Date.parse(String(message.inserted_at)),
    content: asObject(content.data),
  };
}

async function deleteSchedules({ resources: { schedules } }: LocalOperations): Promise<void> {
  const { items } = await schedules.list({}, { limit: MAX_SCHEDULES });
  if (items.length > 0) await schedules.delete({ schedule_ids: items.map(({ id }) => String(id)) });
}

/** Moves the clock until no run waits, so that a longer delay is not taken for a lost message. */
async function finishRuns(operations: LocalOperations, signal: AbortSignal): Promise<void> {
  for (let moves = 0; moves < MAX_CLOCK_MOVES && !signal.aborted; moves++) {
    const next = await operations.readNextDueAt();
    if (next === null) return;
    const runs = await readObservedRuns(operations);
    if (!runs.some(({ steps }) => steps.some(({ outcome }) => outcome === "waiting"))) return;
    // A schedule that repeats would start runs again and again.
    if (moves === 0) await deleteSchedules(operations);
    await operations.moveClock((now) => Math.max(now, next), { force: false, signal });
  }
}

/** Reads what a scenario led to, and finishes its runs before. */
export async function readSample(
  operations: LocalOperations,
  trigger: string,
  signal: AbortSignal,
): Promise<SampleRun> {
  await finishRuns(operations, signal);
  const messages = await operations.readMessages(await operations.listMessageIds(null));
  const runs = await readObservedRuns(operations);
  return {
    messages: messages.map((message) => toSentMessage(message, trigger)),
    runs: runs.map(({ workflow, recipient, reason = null, steps }) => ({
      trigger,
      workflow,
      recipient: toRecipientKey(recipient),
      reason,
      steps,
    })),
    rejected: [],
  };
}

/**
 * Performs the actions of a scenario without its expectations, so that a failed expectation does not hide what follows. An action
 * that fails is a rejected trigger.
 */
export async function runScenarioSample(
  targets: ScenarioTargets,
  scenario: Scenario,
  trigger: string,
  { signal }: Pick<ProcessIO, "signal">,
): Promise<SampleRun> {
  const result: SampleRun = { messages: [], runs: [], rejected: [] };
  const reject = (error: unknown): void => {
    if (!(error instanceof KnockError)) throw error;
    const { code, message } = error;
    result.rejected.push({ trigger, workflow: scenario.workflow, code, message });
  };
  const deadline = monotonicClock.now() + TIME_LIMIT_MS;
  const isOver = (): boolean => signal.aborted || monotonicClock.now() > deadline;
  try {
    const snapshots = new Snapshots({}, "compare");
    const target = await targets.open(scenario.given, { scenario: scenario.name, seed: SCENARIO_SEED, snapshots });
    try {
      await prepareTarget(target, scenario.given);
      for (const step of scenario.steps) {
        if (isOver()) break;
        if (getAction(step) !== null) await performAction(step, target, { scenario, signal, isOver }).catch(reject);
      }
      const { messages, runs } = await readSample(target.operations, trigger, signal);
      result.messages = messages;
      result.runs = runs;
    } finally {
      await target.close();
    }
  } catch (error) {
    reject(error);
  }
  return result;
}
