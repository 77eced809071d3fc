import { parseSource } from "../../src/domain/trigger/parse-source.js";
import type { ActionOutcome, SourceReceipt } from "../../src/domain/trigger/source-receipt.js";
import { createSourceOperations } from "../../src/engine/sources/source-operations.js";
import type { SourceOperations } from "../../src/ports/source-service.js";
import { systemIds } from "../../src/util/ids.js";
import type { JsonObject } from "../../src/util/json.js";
import type { EngineHarness } from "./engine-harness.js";

/** Creates source operations with a single source, `shop`, with these mappings and settings. */
export function createSources(
  harness: EngineHarness,
  mappings: JsonObject[],
  settings: JsonObject = {},
  warned: string[] = [],
  headers: Record<string, string> = {},
): Omit<SourceOperations, "receive"> & { receive(key: string, event: JsonObject): Promise<SourceReceipt> } {
  const source = parseSource("shop", { settings, mappings }, "sources/shop/source.json");
  const operations = createSourceOperations({
    operations: harness.engine,
    definitions: harness.definitions,
    files: { keys: () => ["shop"], read: async (key) => (key === "shop" ? source : null) },
    log: harness.logs.sources,
    ids: systemIds,
    warn: (text) => warned.push(text),
    readVariable: () => undefined,
  });
  return { ...operations, receive: (key, body) => operations.receive(key, { body, headers }) };
}

export const buildMapping = (
  action_type: string,
  action_parameters: JsonObject,
  overrides: JsonObject = {},
): JsonObject => ({
  event_type: "paid",
  action_type,
  action_parameters,
  ...overrides,
});

/** Formats an action as `users_identify done ana` or `objects_set skipped: …`. */
export function formatAction({ action_type, outcome, about, error }: ActionOutcome): string {
  return `${action_type} ${outcome}${about === null ? "" : ` ${about}`}${error === null ? "" : `: ${error}`}`;
}
