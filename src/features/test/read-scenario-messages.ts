import { readAllMessages } from "../../scenarios/observe.js";
import type { ScenarioTarget } from "../../scenarios/scenario-target.js";
import type { ScenarioMessage } from "../../scenarios/test-report.js";

/** Reads the messages of a scenario, oldest first, with the snapshots that differ from them. */
export async function readScenarioMessages({ operations, reader }: ScenarioTarget): Promise<ScenarioMessage[]> {
  const messages = await readAllMessages(operations);
  return messages.map((message) => ({ ...message, previous: reader.readPreviousContent(message) }));
}
