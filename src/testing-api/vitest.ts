import { createFixtures } from "./create-fixtures.js";
import type { AnyWorkflowData } from "./engine-types.js";
import type { FixtureOptions, KnockFixtureFunctions } from "./fixture-types.js";
import type { EngineMatchers } from "./matcher-types.js";

export type * from "./fixture-types.js";

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: the declaration must repeat the type parameter of Vitest.
  interface Matchers<T = any> extends EngineMatchers {}
}

/**
 * Creates fixtures for `test.extend<KnockFixtures & KnockWorkerFixtures>()`. Importing this module adds the matchers to
 * `expect`.
 */
export function createVitestFixtures<Workflows extends object = AnyWorkflowData>(
  options: FixtureOptions = {},
): KnockFixtureFunctions<Workflows> {
  return createFixtures(options);
}
