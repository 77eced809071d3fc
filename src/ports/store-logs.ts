import type { BroadcastLog } from "./broadcast-service.js";
import type { OutboundLog } from "./outbound-log.js";
import type { SourceLog } from "./source-service.js";
import type { TrackedLinks } from "./tracked-links.js";

/** The parts of a store that only some processes use: broadcasts, sources, webhooks, link tracking. */
export interface StoreLogs {
  broadcasts: BroadcastLog;
  sources: SourceLog;
  outbound: OutboundLog;
  links: TrackedLinks;
}
