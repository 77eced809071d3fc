import { listProjectChannels } from "../../domain/project/list-project-channels.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { isWorkflowActive } from "../../engine/context/engine-context.js";
import { type Mutant, type MutationReport, mutateWorkflow } from "../../scenarios/mutate-workflow.js";
import type { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import type { Scenario } from "../../scenarios/parse-scenarios.js";
import { readScenarios } from "../../scenarios/read-scenarios.js";
import type { FileOutcome, FileRunner, SelectedFile } from "../../scenarios/run-file.js";

interface ScenarioInFile {
  file: SelectedFile;
  scenario: Scenario;
}

/** Returns the passed scenarios by the workflows that they run. */
async function groupByWorkflow(
  outcomes: readonly { file: SelectedFile; outcome: FileOutcome }[],
): Promise<Map<string, ScenarioInFile[]>> {
  const groups = new Map<string, ScenarioInFile[]>();
  for (const { file, outcome } of outcomes) {
    if (outcome.passed.length === 0) continue;
    const content = await readScenarios(file);
    const scenarios = new Map(content.scenarios.map((scenario) => [scenario.name, scenario]));
    for (const { name, workflows } of outcome.passed) {
      const scenario = scenarios.get(name);
      if (scenario === undefined) continue;
      for (const key of workflows) groups.set(key, [...(groups.get(key) ?? []), { file, scenario }]);
    }
  }
  return groups;
}

interface MutationOptions {
  signal: AbortSignal;
  isSelected(workflow: Workflow): boolean;
  /** Called before each mutant, with the number of those that have run. */
  onProgress(count: number, total: number): void;
}

/** Runs the scenarios of each selected workflow against its mutants, until one fails. Returns the mutants that none noticed. */
export async function runMutants(
  outcomes: readonly { file: SelectedFile; outcome: FileOutcome }[],
  targets: ScenarioTargets,
  runner: FileRunner,
  { signal, isSelected, onProgress }: MutationOptions,
): Promise<MutationReport> {
  const scenarios = await groupByWorkflow(outcomes);
  const workflows = await targets.readWorkflows();
  const environment = await targets.readEnvironment();
  const channels = listProjectChannels(environment, workflows);
  const isNoticed = async ({ workflow }: Mutant): Promise<boolean> => {
    for (const { file, scenario } of scenarios.get(workflow.key) ?? [])
      if (await runner.notices(file, scenario, workflow)) return true;
    return false;
  };
  const mutants: Mutant[] = [];
  for (const workflow of workflows.filter(isSelected))
    if (isWorkflowActive(workflow, environment) || scenarios.has(workflow.key))
      mutants.push(...mutateWorkflow(workflow, channels, await targets.listStepConditions(workflow)));
  const survivors: MutationReport["survivors"] = [];
  for (const [index, mutant] of mutants.entries()) {
    if (signal.aborted) break;
    onProgress(index, mutants.length);
    if (!(await isNoticed(mutant))) survivors.push(mutant.description);
  }
  return { total: mutants.length, noticed: mutants.length - survivors.length, survivors };
}
