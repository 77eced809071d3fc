import type { Json, JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { createRequestError } from "../findings/invalid-params-error.js";
import { reportBelow } from "../findings/report-finding.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { flatPairs } from "../schema/lists.js";
import type { EngagementAction } from "./message.js";

const MAX_PAIRS = 5;

const metadataSchema = once(() =>
  flatPairs(MAX_PAIRS, {
    noObject: "must be an object",
    nested: "must be text, a number, true, false or null",
  }),
);

/**
 * Parses the metadata of an interaction: up to five pairs, none nested (A-487, E-226). Returns null for undefined, null
 * and `{}`. Throws `invalid_params` with one pointer per finding, below `/metadata`. Metadata of any action but
 * `interacted` is an error, because the API has no such field and would ignore it.
 */
export function parseInteractionMetadata(action: EngagementAction, value: Json | undefined): JsonObject | null {
  if (value === undefined || value === null) return null;
  const findings = new DocumentFindings({ metadata: value });
  const report = reportBelow(findings.add, "metadata");
  const metadata = checkDocument(metadataSchema(), value, report) as JsonObject | null;
  if (metadata !== null && Object.keys(metadata).length === 0) return null;
  if (metadata !== null && action !== "interacted")
    report([], `is only allowed with the status interacted, not with ${action}`);
  if (!findings.isEmpty) throw createRequestError(findings.details, 'For example: {"button":"approve"}');
  return metadata;
}
