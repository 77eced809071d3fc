import type { Json, JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { flatPairs } from "../schema/lists.js";
import { reportBelow } from "../shape/report-finding.js";
import type { EngagementAction } from "./message.js";

const MAX_PAIRS = 5;

const metadataSchema = once(() =>
  flatPairs(MAX_PAIRS, {
    noObject: "must be an object",
    nested: "must be text, a number, true, false or null: nothing nested",
  }),
);

/**
 * Returns what a caller says about an interaction: up to five pairs, none nested (E-226). Nothing, null and `{}` are
 * null. Throws `invalid_params` with a pointer per fault, below `/metadata`, also for any action but `interacted`, where the
 * API has no such field and would ignore it.
 */
export function parseInteractionMetadata(action: EngagementAction, value: Json | undefined): JsonObject | null {
  if (value === undefined || value === null) return null;
  const faults = new DocumentFindings({ metadata: value });
  const fault = reportBelow(faults.add, "metadata");
  const metadata = checkDocument(metadataSchema(), value, fault) as JsonObject | null;
  if (metadata !== null && Object.keys(metadata).length === 0) return null;
  if (metadata !== null && action !== "interacted")
    fault([], `goes with the status interacted only, not with ${action}`);
  if (!faults.isEmpty) throw faults.toError("metadata", "invalid_params", () => 'For example {"button":"approve"}.');
  return metadata;
}
