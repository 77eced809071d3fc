import type { Broadcast } from "../../src/domain/audience/broadcast.js";
import { parseBroadcast } from "../../src/domain/audience/parse-broadcast.js";
import { checkAudiences } from "../../src/domain/project/check-audiences.js";
import { resolveChannelTypes } from "../../src/domain/project/resolve-channel-types.js";
import { createBroadcastOperations } from "../../src/engine/broadcasts/broadcast-operations.js";
import type { BroadcastOperations } from "../../src/ports/broadcast-service.js";
import { systemIds } from "../../src/util/ids.js";
import type { JsonObject } from "../../src/util/json.js";
import type { EngineHarness } from "./engine-harness.js";

/** Creates broadcast operations with a single broadcast, `news`, that a test may rewrite. */
export function createBroadcasts(
  harness: EngineHarness,
  raw: JsonObject,
): BroadcastOperations & { write(raw: JsonObject): void } {
  const read = (content: JsonObject): Broadcast => {
    const parsed = parseBroadcast("news", content, "broadcasts/news/broadcast.json");
    const definition = resolveChannelTypes(parsed.definition, harness.environment);
    return { ...parsed, definition: checkAudiences(definition, harness.audiences) };
  };
  let current = read(raw);
  const operations = createBroadcastOperations({
    operations: harness.engine,
    definitions: harness.definitions,
    store: harness.store,
    log: harness.logs.broadcasts,
    files: { keys: () => ["news"], read: async (key) => (key === "news" ? current : null) },
    ids: systemIds,
  });
  return {
    ...operations,
    write(content) {
      current = read(content);
    },
  };
}
