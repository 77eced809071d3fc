import type { Environment } from "../domain/environment/environment.js";
import type { Definitions } from "../ports/definitions.js";

/** Returns definitions, including those of branches, whose environment is the result of `map`. */
export function mapEnvironment(definitions: Definitions, map: (environment: Environment) => Environment): Definitions {
  const mapped: Definitions = {
    ...definitions,
    environment: async () => map(await definitions.environment()),
    branch(slug) {
      const branch = definitions.branch?.(slug) ?? null;
      if (branch === null || branch === definitions) return branch && mapped;
      return mapEnvironment(branch, map);
    },
  };
  return mapped;
}
