import type { BroadcastLog } from "./broadcast-service.js";
import type { OutboundLog } from "./outbound-log.js";
import type { SourceLog } from "./source-service.js";
import type { TrackedLinks } from "./tracked-links.js";

/** What a store keeps for those that only some processes have: broadcasts, sources, webhooks, link tracking. */
export interface StoreLogs {
  broadcasts: BroadcastLog;
  sources: SourceLog;
  outbound: OutboundLog;
  links: TrackedLinks;
}
