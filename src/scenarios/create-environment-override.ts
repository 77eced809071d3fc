import type { Environment } from "../domain/environment/environment.js";
import { parseEnvironment } from "../project/environment/parse-environment.js";
import type { Given } from "./scenario-schema.js";

/**
 * Returns a function that adds to an environment what a scenario gives: its variables, responses and replies. Only a
 * scenario can allow requests, so that a test sends nothing unless it says so.
 */
export function createEnvironmentOverride({
  variables,
  fetch,
  agent,
}: Given): (environment: Environment) => Environment {
  const given = parseEnvironment(
    { ...(variables ? { variables } : {}), ...(fetch ? { fetch } : {}), ...(agent ? { agent } : {}) },
    "given",
  );
  const isGiven = ([name]: [string, string]): boolean => Object.hasOwn(given.variables, name);
  return (environment) => ({
    ...environment,
    variables: { ...environment.variables, ...given.variables },
    secret_references: Object.fromEntries(
      Object.entries(environment.secret_references).filter((entry) => !isGiven(entry)),
    ),
    fetch: {
      allow: given.fetch.allow,
      answers: [...given.fetch.answers, ...environment.fetch.answers],
    },
    agent: {
      url: given.agent.url,
      answers: [...given.agent.answers, ...environment.agent.answers],
    },
  });
}
