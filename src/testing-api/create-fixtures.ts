import { openTestEngine } from "./embedded-test-engine.js";
import type { KnockDev, KnockScene } from "./emulator-types.js";
import type { TestEngine } from "./engine-types.js";
import type { FixtureOptions, KnockFixtureFunctions } from "./fixture-types.js";
import { openKnockDev } from "./open-knock-dev.js";

/** Passes a resource to a test, and closes it after the test. */
async function useResource<T extends { close(): Promise<void> }>(
  resource: T,
  use: (value: T) => Promise<void>,
): Promise<void> {
  try {
    await use(resource);
  } finally {
    await resource.close();
  }
}

/**
 * Creates the fixtures of Vitest and Playwright. Both read the names of the fixtures that a function needs from the text
 * of its first parameter, so it must be an object pattern.
 */
export function createFixtures<Workflows extends object>(options: FixtureOptions): KnockFixtureFunctions<Workflows> {
  return {
    knockServer: [
      // biome-ignore lint/correctness/noEmptyPattern: the first parameter must be an object pattern.
      async ({}: object, use: (server: KnockDev) => Promise<void>) => useResource(await openKnockDev(options), use),
      { scope: "worker" },
    ],
    knock: async ({ knockServer }: { knockServer: KnockDev }, use: (scene: KnockScene) => Promise<void>) =>
      useResource(await knockServer.openScene(), use),
    // biome-ignore lint/correctness/noEmptyPattern: the first parameter must be an object pattern.
    engine: async ({}: object, use: (engine: TestEngine<Workflows>) => Promise<void>) =>
      useResource(await openTestEngine<Workflows>(options), use),
  };
}
