import type { ScenarioMessage } from "../domain/scenario/test-report.js";
import { readAllMessages } from "./observe.js";
import type { ScenarioTarget } from "./scenario-target.js";

/** Reads the messages of a scenario, oldest first, with the snapshots that differ from them. */
export async function readScenarioMessages({ operations, reader }: ScenarioTarget): Promise<ScenarioMessage[]> {
  const messages = await readAllMessages(operations);
  return messages.map((message) => ({ ...message, previous: reader.readPreviousContent(message) }));
}
