import type { Environment } from "../domain/environment/environment.js";
import type { Definitions } from "../ports/definitions.js";

/** Definitions, a branch's included, with something laid over their environment. */
export function overEnvironment(
  definitions: Definitions,
  over: (environment: Environment) => Environment,
): Definitions {
  const laid: Definitions = {
    ...definitions,
    environment: async () => over(await definitions.environment()),
    branch(slug) {
      const found = definitions.branch?.(slug) ?? null;
      if (found === null || found === definitions) return found && laid;
      return overEnvironment(found, over);
    },
  };
  return laid;
}
