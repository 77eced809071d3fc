import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import type { Project } from "../project/open-project.js";
import { readEnvironment } from "../project/read-environment.js";
import { findFailingChannels } from "../providers/faults.js";
import type { DefinitionNames } from "../scenarios/definition-names.js";
import type { Scenario } from "../scenarios/parse-scenarios.js";

/** An error of a scenario, at a path below it. */
interface ScenarioError {
  path: (string | number)[];
  error: KnockError;
}

const createError = (message: string, hint?: string): KnockError =>
  new KnockError("scenario_invalid", message, { hint });

/** Returns the error about the environment of a scenario. An invalid file has an error with its own location. */
async function findEnvironmentErrors(name: string, { knockDir }: Project, cwd: string): Promise<ScenarioError[]> {
  try {
    await readEnvironment({ knockDir, name, displayPath: (path) => formatDisplayPath(cwd, path) });
    return [];
  } catch (error) {
    if (!(error instanceof KnockError) || error.code !== "resource_missing") throw error;
    return [{ path: ["given", "environment"], error: createError(error.message, error.hint) }];
  }
}

/** Returns the errors about the channels whose deliveries a scenario makes fail. */
async function findFailureErrors({ given, steps }: Scenario, names: DefinitionNames): Promise<ScenarioError[]> {
  const failures = [
    ...(given.failures ?? []).map((failure, at) => ({ failure, path: ["given", "failures", at] })),
    ...steps.flatMap((step, index) =>
      (step.failures ?? []).map((failure, at) => ({ failure, path: ["steps", index, "failures", at] })),
    ),
  ];
  if (failures.length === 0) return [];
  const channels = await names.listChannels();
  return failures.flatMap(({ failure, path }): ScenarioError[] => {
    try {
      findFailingChannels(failure.channel, channels);
      return [];
    } catch (error) {
      return [{ path: [...path, "channel"], error: createError(getErrorMessage(error)) }];
    }
  });
}

/** Returns the errors about the branch, the environment and the channels that a scenario names. */
export async function findGivenErrors(
  scenario: Scenario,
  { project, names, cwd }: { project: Project; names: DefinitionNames; cwd: string },
): Promise<ScenarioError[]> {
  const { branch, environment } = scenario.given;
  if (branch && project.branch(branch) === null) {
    const hint = `Create the folder branches/${branch}, or correct given.branch.`;
    return [{ path: ["given", "branch"], error: createError(`there is no branch "${branch}"`, hint) }];
  }
  if (environment) return findEnvironmentErrors(environment, project, cwd);
  // A branch, and a file that a step writes, can add channels.
  const addsNames = Boolean(branch) || scenario.steps.some(({ write }) => write !== undefined);
  return addsNames ? [] : findFailureErrors(scenario, names);
}
