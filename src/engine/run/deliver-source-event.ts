import { toRecipientKey } from "../../domain/recipient/recipient.js";
import { buildEventName } from "../../domain/run/run-wait.js";
import type { SourceEvent } from "../../ports/operations.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { type EngineContext, readTime } from "../context/engine-context.js";
import { runCausedWork } from "./run-due-work.js";

/** Records an event from a source, and continues the runs that wait for it. */
export async function deliverSourceEvent(context: EngineContext, source: SourceEvent): Promise<void> {
  const now = await readTime(context);
  const at = source.at ?? now;
  const event: JsonObject = {
    data: source.data,
    user_id: source.user_id,
    inserted_at: toIsoTime(at),
    preprocess_output: source.preprocess_output ?? null,
    event_gid: source.event_gid ?? null,
  };
  const name = buildEventName({
    event_type: "integration_source",
    integration_source_key: source.source_key,
    event_key: source.event_key,
  });
  const recipient = source.user_id === null ? null : toRecipientKey(source.user_id);
  await runCausedWork(context, now, await context.store.recordEvents([{ name, recipient, at, event }], now));
}
