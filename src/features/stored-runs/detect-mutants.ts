import { listProjectChannels } from "../../domain/project/list-project-channels.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { mutateWorkflow } from "../../scenarios/mutate-workflow.js";
import type { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../util/json.js";
import { monotonicClock } from "../../util/monotonic-clock.js";
import { findContentDifference } from "./find-difference.js";
import type { SimulatedStep } from "./simulate-scenario.js";

/** Limits the time that mutants may take, in milliseconds. */
const TIME_LIMIT_MS = 3_000;

interface DetectionOptions {
  /** The workflow of the run. */
  workflow: Workflow;
  /** Whether its files are those of the project, so that the conditions of its templates can be found. */
  isCurrent: boolean;
  /** The effects of each step, and those with other IDs. */
  effects: readonly SimulatedStep[];
  others: readonly SimulatedStep[];
  simulate(replaced: Workflow): Promise<SimulatedStep[]>;
  /** Returns whether the scenario with its expectations so far passes with another workflow. */
  passes(replaced: Workflow): Promise<boolean>;
  /** Called when an expectation was added. */
  onChange(): void;
}

/** Returns whether an expectation selects a message by its recipient, step and channel. */
const selects = ({ to, step, channel }: JsonObject, { message }: SimulatedStep["messages"][number]): boolean =>
  to === message.to && step === message.step && channel === message.channel.key;

/** Adds what a content contains to the expectation of a message. */
function addContent(expect: JsonObject, message: SimulatedStep["messages"][number], content: JsonObject): void {
  const entries = filterObjects(expect.messages);
  const entry = entries.find((candidate) => selects(candidate, message));
  if (entry === undefined) return;
  const known = isJsonObject(entry.content) ? entry.content : {};
  const [path = ""] = Object.keys(content);
  if (!Object.hasOwn(known, path)) entry.content = { ...known, ...content };
  else {
    const { to = null, step = null, channel = null } = entry;
    expect.messages = [...entries, { to, step, channel, content }];
  }
}

/**
 * Adds to the expectations of steps what tells the workflow's mutants apart that change only contents: those that the expectations
 * so far do not notice.
 */
export async function detectMutants(
  expectations: readonly (JsonObject | null)[],
  targets: ScenarioTargets,
  { workflow, isCurrent, effects, others, simulate, passes, onChange }: DetectionOptions,
): Promise<void> {
  const channels = listProjectChannels(await targets.readEnvironment(), await targets.readWorkflows());
  const conditions = isCurrent ? await targets.listStepConditions(workflow) : [];
  const end = monotonicClock.now() + TIME_LIMIT_MS;
  for (const mutant of mutateWorkflow(workflow, channels, conditions)) {
    if (monotonicClock.now() > end) return;
    if (!(await passes(mutant.workflow))) continue;
    const changed = await simulate(mutant.workflow);
    for (const [at, { messages }] of effects.entries()) {
      const expect = expectations[at];
      if (!expect) continue;
      for (const [index, message] of messages.entries()) {
        const mutated = changed[at]?.messages[index]?.message.content;
        const stable = others[at]?.messages[index]?.message.content;
        if (mutated === undefined || stable === undefined) continue;
        const difference = findContentDifference(message.message.content, mutated, stable);
        if (difference === null) continue;
        addContent(expect, message, { [difference.path]: difference.matcher });
        onChange();
      }
    }
  }
}
