import { type Expected, type MessageFilter, NOT_REACHED } from "../domain/scenario/expectation-schema.js";
import { listScenarioWorkflows } from "../domain/scenario/list-scenario-workflows.js";
import type { Scenario } from "../domain/scenario/parse-scenarios.js";
import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";
import type { ScenarioTarget } from "./scenario-target.js";

type Path = (string | number)[];

/** Returns the filters of a scenario's expectations with their paths below the scenario. */
function listFilters({ steps }: Scenario): { path: Path; filter: MessageFilter }[] {
  return steps.flatMap(({ expect }, index) => {
    if (expect === undefined || Array.isArray(expect)) return [];
    const expected = expect as Expected;
    const filters = { messages: expected.messages, no_messages: expected.no_messages, sequence: expected.sequence };
    return Object.entries(filters).flatMap(([name, list]) =>
      Array.isArray(list)
        ? list.map((filter, at) => ({ path: ["steps", index, "expect", name, at], filter: filter as MessageFilter }))
        : [],
    );
  });
}

/** Returns the steps that scenarios expect not to be reached, with their paths. A step that does not exist is never reached. */
function listUnreachedSteps({ steps }: Scenario): { path: Path; step: string }[] {
  return steps.flatMap(({ expect }, index) => {
    if (expect === undefined || Array.isArray(expect)) return [];
    return Object.entries((expect as Expected).outcomes ?? {}).flatMap(([recipient, expected]) =>
      Object.entries(expected)
        .filter(([, wanted]) => wanted === NOT_REACHED || (wanted as { outcome?: string }).outcome === NOT_REACHED)
        .map(([step]) => ({ path: ["steps", index, "expect", "outcomes", recipient, step], step })),
    );
  });
}

function createError(message: string, name: string, known: readonly string[], label: string): KnockError {
  return new KnockError("scenario_invalid", message, { hint: didYouMean(name, known, label) });
}

async function checkWorkflowName(target: ScenarioTarget, workflow: string): Promise<void> {
  if ((await target.listStepNames(workflow)) !== null) return;
  throw createError(`there is no workflow "${workflow}"`, workflow, await target.listWorkflowKeys(), "Workflows");
}

/** Reads the refs of all steps of workflows. A workflow that cannot be read has none here; a run of it fails. */
async function listRefs(target: ScenarioTarget, workflows: readonly string[]): Promise<string[]> {
  const refs = await Promise.all(workflows.map((key) => target.listStepNames(key).catch(() => null)));
  return refs.flatMap((found) => found ?? []);
}

async function checkStepName(target: ScenarioTarget, step: string, workflows: readonly string[]): Promise<void> {
  const own = await listRefs(target, workflows);
  if (own.includes(step)) return;
  // Another workflow may send the message, because workflows trigger each other.
  if ((await listRefs(target, await target.listWorkflowKeys())).includes(step)) return;
  throw createError(`no workflow has the step "${step}"`, step, own, "Steps");
}

/**
 * Throws `scenario_invalid` for a filter, or a step that must not be reached, with a workflow, step or channel that does not exist, because it selects
 * nothing: the expectation could never fail, or never be met. `locate` receives the path below the scenario.
 */
export async function checkExpectationNames(
  scenario: Scenario,
  target: ScenarioTarget,
  locate: (path: Path) => void,
): Promise<void> {
  // A step that changes files can add names.
  if (scenario.steps.some(({ write }) => write !== undefined)) return;
  const own = listScenarioWorkflows(scenario) ?? [];
  for (const { path, step } of listUnreachedSteps(scenario)) {
    locate(path);
    await checkStepName(target, step, own);
  }
  for (const { path, filter } of listFilters(scenario)) {
    const { workflow, step, channel } = filter;
    if (workflow) {
      locate([...path, "workflow"]);
      await checkWorkflowName(target, workflow);
    }
    if (step) {
      locate([...path, "step"]);
      if (!workflow) await checkStepName(target, step, own);
      else if (!(await listRefs(target, [workflow])).includes(step))
        throw createError(
          `workflow "${workflow}" has no step "${step}"`,
          step,
          await listRefs(target, [workflow]),
          "Steps",
        );
    }
    if (channel && !(await target.hasChannelName(channel))) {
      locate([...path, "channel"]);
      throw createError(`there is no channel "${channel}"`, channel, await target.listChannelNames(), "Channels");
    }
  }
}
