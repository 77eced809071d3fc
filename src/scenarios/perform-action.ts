import { parseTimestamp } from "../domain/condition/parse-timestamp.js";
import { buildCancellation, buildTrigger, parseCancellation } from "../domain/trigger/parse-trigger.js";
import { KnockError } from "../errors/knock-error.js";
import { parseDuration } from "../util/duration.js";
import { getKeys, type JsonObject } from "../util/json.js";
import { readAllMessages } from "./observe.js";
import type { ObservedMessage } from "./observed.js";
import type { Scenario } from "./parse-scenarios.js";
import type { ScenarioStep } from "./scenario-schema.js";
import type { ScenarioTarget } from "./scenario-target.js";
import { isSelected } from "./select-messages.js";

/** Limits `until_idle`, because a schedule that repeats is never idle. */
const MAX_CLOCK_MOVES = 1_000;

/** The result of a step that cannot be read from the store afterwards. */
export interface ActionResult {
  /** The workflow runs that the step started. Undefined if its action starts none. */
  workflow_run_ids?: string[];
  cancelled?: number;
}

interface ActionContext {
  scenario: Scenario;
  signal: AbortSignal;
  /** Returns whether the scenario must end, because its time limit has passed. */
  isOver(): boolean;
}

function requireWorkflow(step: string | null | undefined, scenario: Scenario, action: string): string {
  const workflow = step ?? scenario.workflow;
  if (workflow !== null) return workflow;
  throw new KnockError("scenario_invalid", `${action} names no workflow`, {
    hint: 'Add "workflow" to the step or to the file.',
  });
}

async function moveUntilIdle({ operations }: ScenarioTarget, { signal, isOver }: ActionContext): Promise<void> {
  for (let moves = 0; ; moves++) {
    const next = await operations.readNextDueAt();
    if (next === null || isOver()) return;
    if (moves === MAX_CLOCK_MOVES)
      throw new KnockError("scenario_invalid", `work is still pending after ${MAX_CLOCK_MOVES} moves of the clock`, {
        hint: "Use advance with a duration: a schedule that repeats is never idle.",
      });
    await operations.moveClock((now) => Math.max(now, next), { force: false, signal });
  }
}

async function findMessages(
  { operations }: ScenarioTarget,
  filter: Parameters<typeof isSelected>[1],
): Promise<ObservedMessage[]> {
  const messages = await readAllMessages(operations);
  return messages.filter((message) => isSelected(message, filter));
}

/** Returns the reference of a name in scenarios: a user ID, or "<collection>/<id>". */
export function parseRecipientName(name: string): string | { collection: string; id: string } {
  const [collection = "", id] = name.split("/");
  return id === undefined ? name : { collection, id };
}

/** Replaces the preferences of recipients. */
export async function setPreferences(
  { operations }: ScenarioTarget,
  preferences: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const [name, set] of Object.entries(preferences))
    await operations.resources.preferences.set(parseRecipientName(name), "default", set as JsonObject);
}

type Action = Exclude<keyof ScenarioStep, "expect" | "repeat">;
type Perform<A extends Action> = (
  value: NonNullable<ScenarioStep[A]>,
  target: ScenarioTarget,
  context: ActionContext,
) => Promise<ActionResult | undefined>;

const ACTIONS: { [A in Action]: Perform<A> } = {
  async notify({ workflow, ...payload }, { operations }, { scenario }) {
    const key = requireWorkflow(workflow ?? payload.key, scenario, "notify");
    const { trigger, idempotency_key } = buildTrigger(payload, key);
    const { branch } = scenario.given;
    const options = { idempotency_key, ...(branch ? { branch } : {}) };
    const { workflow_run_id } = await operations.triggerWorkflow(trigger, options);
    return { workflow_run_ids: [workflow_run_id] };
  },
  async schedule({ workflow, ...body }, { operations }, { scenario }) {
    const key = requireWorkflow(workflow, scenario, "schedule");
    await operations.resources.schedules.create({ ...(body as JsonObject), workflow: key }, "the schedule");
    return undefined;
  },
  async cancel(value, { operations }, { scenario }) {
    const step: Exclude<typeof value, string> = typeof value === "string" ? { cancellation_key: value } : value;
    const { workflow = null, cancellation_key, recipients } = step;
    const key = requireWorkflow(workflow, scenario, "cancel");
    const cancellation =
      recipients === undefined
        ? buildCancellation({ cancellation_key }, key)
        : parseCancellation({ cancellation_key, recipients }, key); // The step's schema does not check recipients.
    const { summary } = await operations.cancelWorkflow(cancellation);
    return { cancelled: summary?.cancelled ?? 0 };
  },
  async advance(value, { operations }, { signal }) {
    const duration = parseDuration(value) ?? 0;
    const to = (now: number, next: number | null): number => {
      if (value !== "next") return now + duration;
      if (next !== null) return Math.max(now, next);
      throw new KnockError("usage", "advance next: no work is pending");
    };
    await operations.moveClock(to, { force: false, signal });
  },
  async set_time(value, { operations }, { signal }) {
    const time = parseTimestamp(value) as number;
    const { now } = await operations.readClock();
    if (time < Date.parse(now))
      throw new KnockError("scenario_invalid", `set_time: ${value} is before the clock, which is at ${now}`, {
        hint: "Set the first time with given.time. Within a scenario, time only moves forward.",
      });
    await operations.moveClock(time, { force: false, signal });
  },
  async until_idle(_, target, context) {
    await moveUntilIdle(target, context);
  },
  async recipients(value, { operations }) {
    await operations.seedRecipients(value);
  },
  async preferences(value, target) {
    await setPreferences(target, value);
  },
  async mark({ status, ...filter }, target) {
    const messages = await findMessages(target, filter);
    if (messages.length === 0)
      throw new KnockError("resource_missing", "mark: there is no such message", {
        hint: "Check the filter, and whether the message is created before this step.",
      });
    await target.operations.markMessages(
      messages.map(({ id }) => id),
      status,
    );
  },
  async source_event({ source, body, headers }, { sources }) {
    await sources.receive(source, { body: (body ?? {}) as JsonObject, headers: headers ?? {} });
  },
  async event({ source, event, user, data }, { operations }) {
    await operations.deliverSourceEvent({
      source_key: source,
      event_key: event,
      user_id: user ?? null,
      at: null,
      data: data ?? {},
    });
  },
  async failures(value, target) {
    for (const failure of value) await target.addFailure(failure);
  },
  async write(value, target) {
    for (const [path, content] of Object.entries(value)) await target.writeFile(path, content);
  },
};

/** Returns the action of a step, or null if it only expects something. */
export function getAction(step: ScenarioStep): Action | null {
  return getKeys(ACTIONS).find((name) => step[name] !== undefined) ?? null;
}

/** Adds the results of two repetitions of an action. */
function addResults(a: ActionResult, b: ActionResult): ActionResult {
  return {
    ...(b.workflow_run_ids && { workflow_run_ids: [...(a.workflow_run_ids ?? []), ...b.workflow_run_ids] }),
    ...(b.cancelled !== undefined && { cancelled: (a.cancelled ?? 0) + b.cancelled }),
  };
}

/** Performs the action of a step as often as the step says, each time with the work that is due. */
export async function performAction(
  step: ScenarioStep,
  target: ScenarioTarget,
  context: ActionContext,
): Promise<ActionResult> {
  const action = getAction(step);
  if (action === null) return {};
  const perform = ACTIONS[action];
  let total: ActionResult = {};
  for (let count = 0; count < (step.repeat ?? 1) && (count === 0 || !context.isOver()); count++) {
    const result = await perform(step[action] as never, target, context);
    await target.operations.runDue({ signal: context.signal });
    target.checkRequests();
    total = addResults(total, result ?? {});
  }
  return total;
}
