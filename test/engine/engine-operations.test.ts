import { describeOperations } from "../contract/operations/operations-contract.js";
import { EngineHarness } from "../helpers/engine-harness.js";

describeOperations("engine", async ({ workflows, recipients }) => {
  const harness = await EngineHarness.open();
  await harness.identify(...recipients);
  for (const [key, definition] of Object.entries(workflows)) harness.define(key, definition);
  return {
    operations: harness.engine,
    advanceTime: (milliseconds) => harness.moveTo(harness.now + milliseconds),
    close: () => harness.close(),
  };
});
