import { openRemote } from "../../../../src/remote/open-remote.js";
import { describeOperations } from "../../../contract/operations/operations-contract.js";
import { EngineHarness } from "../../../helpers/engine-harness.js";
import { openTestEmulator } from "../../../helpers/test-emulator.js";

// The remote target with the emulator: a command returns the same result for either target.
describeOperations("remote, over the emulator,", async ({ workflows, recipients }) => {
  const harness = await EngineHarness.open();
  await harness.identify(...recipients);
  for (const [key, definition] of Object.entries(workflows)) harness.define(key, definition);
  const emulator = await openTestEmulator(harness);
  let slept = 0;
  const operations = openRemote({
    // Nothing changes between two polls here, so waiting is skipped.
    now: () => Date.now() + slept,
    sleep: async (milliseconds) => {
      slept += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    },
    baseUrl: emulator.url,
    apiKey: "sk_test",
    branch: null,
    timeoutMs: 60_000,
    userAgent: "knock-cli/test",
    loadResources: () => import("../../../../src/remote/resources/create-remote-resources.js"),
  });
  return {
    operations,
    advanceTime: (milliseconds) => harness.moveTo(harness.now + milliseconds),
    async close() {
      await operations.close();
      await emulator.close();
    },
  };
});
