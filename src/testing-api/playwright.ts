import { createFixtures } from "./create-fixtures.js";
import type { AnyWorkflowData } from "./engine-types.js";
import type { FixtureOptions, KnockFixtureFunctions } from "./fixture-types.js";

export type * from "./fixture-types.js";

/** Creates fixtures for `test.extend<KnockFixtures, KnockWorkerFixtures>()`. */
export function createPlaywrightFixtures<Workflows extends object = AnyWorkflowData>(
  options: FixtureOptions = {},
): KnockFixtureFunctions<Workflows> {
  return createFixtures(options);
}
