import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";
import { checkAbsentRecipients } from "./check-absent-recipients.js";
import { type MessageFilter, NOT_REACHED } from "./expectation-schema.js";
import { listScenarioWorkflows } from "./list-scenario-workflows.js";
import type { Scenario } from "./parse-scenarios.js";
import type { ScenarioNames } from "./scenario-target.js";

type Path = (string | number)[];

/** Returns the filters of a scenario's expectations with their paths below the scenario. */
function listFilters({ steps }: Scenario): { path: Path; filter: MessageFilter }[] {
  return steps.flatMap(({ expect }, index) => {
    if (expect === undefined || Array.isArray(expect)) return [];
    const expected = expect;
    const filters = { messages: expected.messages, no_messages: expected.no_messages, sequence: expected.sequence };
    return Object.entries(filters).flatMap(([name, list]) =>
      Array.isArray(list)
        ? list.map((filter, at) => ({ path: ["steps", index, "expect", name, at], filter: filter }))
        : [],
    );
  });
}

/** Returns the steps of workflows whose outcomes a scenario expects, with their paths. */
function listExpectedSteps({ steps }: Scenario): { path: Path; step: string; isReached: boolean }[] {
  return steps.flatMap(({ expect }, index) => {
    if (expect === undefined || Array.isArray(expect)) return [];
    return Object.entries(expect.outcomes ?? {}).flatMap(([recipient, expected]) =>
      Object.entries(expected).map(([step, wanted]) => ({
        path: ["steps", index, "expect", "outcomes", recipient, step],
        step,
        isReached: wanted !== NOT_REACHED && (wanted as { outcome?: string }).outcome !== NOT_REACHED,
      })),
    );
  });
}

/** Returns the workflows that a scenario starts, with the paths of the steps. A step may expect an unknown workflow's error. */
function listStartedWorkflows({ workflow, steps }: Scenario): { path: Path; key: string }[] {
  return steps.flatMap(({ notify, schedule, expect }, index) => {
    if (expect !== undefined && !Array.isArray(expect) && expect.error) return [];
    const key = notify
      ? (notify.workflow ?? notify.key ?? workflow)
      : schedule
        ? (schedule.workflow ?? workflow)
        : null;
    return typeof key === "string" ? [{ path: ["steps", index, notify ? "notify" : "schedule"], key }] : [];
  });
}

function createError(message: string, name: string, known: readonly string[], label: string): KnockError {
  return new KnockError("scenario_invalid", message, { hint: didYouMean(name, known, label) });
}

async function checkWorkflowName(names: ScenarioNames, workflow: string): Promise<void> {
  if ((await names.listStepNames(workflow)) !== null) return;
  throw createError(`there is no workflow "${workflow}"`, workflow, await names.listWorkflowKeys(), "Workflows");
}

/** Reads the refs of all steps of workflows. A workflow that cannot be read has none here; a run of it fails. */
async function listRefs(names: ScenarioNames, workflows: readonly string[]): Promise<string[]> {
  const refs = await Promise.all(workflows.map((key) => names.listStepNames(key).catch(() => null)));
  return refs.flatMap((found) => found ?? []);
}

async function checkStepName(names: ScenarioNames, step: string, workflows: readonly string[]): Promise<void> {
  const own = await listRefs(names, workflows);
  if (own.includes(step)) return;
  // Another workflow may send the message, because workflows trigger each other.
  if ((await listRefs(names, await names.listWorkflowKeys())).includes(step)) return;
  throw createError(`no workflow has the step "${step}"`, step, own, "Steps");
}

/** Throws `scenario_invalid` for a filter with a step that sends no messages, or none through the filter's channel. */
async function checkChannelStep(
  names: ScenarioNames,
  { workflow, step, channel }: MessageFilter,
  locate: (key: string) => void,
): Promise<void> {
  const steps = (await names.listChannelSteps()).filter(
    (found) => found.ref === step && (!workflow || found.workflow === workflow),
  );
  if (steps.length === 0) {
    locate("step");
    throw new KnockError("scenario_invalid", `step "${step}" sends no messages`, {
      hint: "Use a channel step, or check the step with outcomes.",
    });
  }
  if (!channel || steps.some(({ channels }) => channels === null || channels.includes(channel))) return;
  const known = [...new Set(steps.flatMap(({ channels }) => channels ?? []))];
  locate("channel");
  throw new KnockError("scenario_invalid", `step "${step}" does not send through the channel "${channel}"`, {
    hint: `Channel of the step: ${known.join(", ")}. Remove channel, or name another step.`,
  });
}

/** Returns whether a scenario changes files, which can add names. */
const changesFiles = ({ steps }: Scenario): boolean => steps.some(({ write }) => write !== undefined);

/**
 * Throws `scenario_invalid` for a name that a scenario refers to and that does not exist. A run of the scenario finds some of them
 * only when it reaches their step. `locate` receives the path below the scenario.
 */
export async function checkScenarioNames(
  scenario: Scenario,
  names: ScenarioNames,
  locate: (path: Path) => void,
): Promise<void> {
  if (changesFiles(scenario)) return;
  for (const { path, key } of listStartedWorkflows(scenario)) {
    locate(path);
    await checkWorkflowName(names, key);
  }
  for (const { path, step } of listExpectedSteps(scenario)) {
    locate(path);
    await checkStepName(names, step, listScenarioWorkflows(scenario) ?? []);
  }
  await checkExpectationNames(scenario, names, locate);
}

/**
 * Throws `scenario_invalid` for a filter, or a step that must not be reached, with a workflow, step or channel that does not exist,
 * because it selects nothing: the expectation could never fail, or never be met. `locate` receives the path below the scenario.
 */
export async function checkExpectationNames(
  scenario: Scenario,
  names: ScenarioNames,
  locate: (path: Path) => void,
): Promise<void> {
  if (changesFiles(scenario)) return;
  const own = listScenarioWorkflows(scenario) ?? [];
  for (const { path, step, isReached } of listExpectedSteps(scenario)) {
    if (isReached) continue;
    locate(path);
    await checkStepName(names, step, own);
  }
  for (const { path, filter } of listFilters(scenario)) {
    const { workflow, step, channel } = filter;
    if (workflow) {
      locate([...path, "workflow"]);
      await checkWorkflowName(names, workflow);
    }
    if (step) {
      locate([...path, "step"]);
      if (!workflow) await checkStepName(names, step, own);
      else if (!(await listRefs(names, [workflow])).includes(step))
        throw createError(
          `workflow "${workflow}" has no step "${step}"`,
          step,
          await listRefs(names, [workflow]),
          "Steps",
        );
    }
    if (channel && !(await names.hasChannelName(channel))) {
      locate([...path, "channel"]);
      throw createError(`there is no channel "${channel}"`, channel, await names.listChannelNames(), "Channels");
    }
    if (step) await checkChannelStep(names, filter, (key) => locate([...path, key]));
  }
  await checkAbsentRecipients(scenario, names, locate);
}
