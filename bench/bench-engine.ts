import { createDefaultEnvironment } from "../src/domain/environment/environment.js";
import { Translations } from "../src/domain/template/translation.js";
import { parseWorkflow } from "../src/domain/workflow/parse-workflow.js";
import type { Workflow } from "../src/domain/workflow/workflow.js";
import { createEngine } from "../src/engine/create-engine.js";
import type { Store } from "../src/ports/store.js";
import { systemIds } from "../src/util/ids.js";
import type { JsonObject } from "../src/util/json.js";

/** Returns an engine over a store, with the workflows whose steps are given by key and without providers. */
export function createBenchEngine(store: Store, steps: Readonly<Record<string, readonly JsonObject[]>>) {
  const workflows = new Map<string, Workflow>(
    Object.entries(steps).map(([key, list]) => [key, parseWorkflow(key, { name: key, steps: [...list] })]),
  );
  const environment = createDefaultEnvironment();
  return createEngine({
    store,
    definitions: {
      workflow: async (key) => workflows.get(key) ?? null,
      workflowKeys: async () => [...workflows.keys()],
      environment: async () => environment,
      audiences: async () => [],
      request: async () => null,
      emailLayout: async () => null,
      partial: async () => null,
      translations: async () => new Translations([]),
    },
    findProvider: () => null,
    httpClient: { fetch: async () => ({ failure: "connection", message: "none in a bench" }) },
    ids: systemIds,
    realNow: Date.now,
    sleep: async () => {},
    random: Math.random,
  });
}
