import type { Condition } from "../condition/condition.js";
import { checkCondition } from "../condition/parse-conditions.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import type { Audience } from "./audience.js";
import { audienceSchema } from "./audience-schema.js";

/** Returns the variable for a property in a segment. `plan` means `recipient.plan`. */
function toVariable(property: string): string {
  return property.startsWith("recipient.") ? property : `recipient.${property}`;
}

/**
 * Parses an `audience.json` (section 15 of the format, F-034). Throws `project_invalid`, which names the file, with one
 * pointer per finding.
 */
export function parseAudience(key: string, raw: unknown, fileName: string): Audience {
  const findings = new DocumentFindings();
  const value = checkDocument(audienceSchema(), raw, findings.add);
  const isDynamic = value?.type === "dynamic";
  const segments = (isDynamic ? (value.segments ?? []) : []).map(({ conditions }, segment) =>
    conditions.map(({ property, operator, argument }, index): Condition => {
      const condition = { variable: toVariable(property), operator, argument };
      checkCondition(condition, ["segments", segment, "conditions", index], { refs: null }, findings.add);
      return condition as Condition;
    }),
  );
  if (isDynamic && segments.length === 0)
    findings.add(["segments"], "must have at least one segment, because the audience is dynamic");
  if (value === null || !findings.isEmpty) throw findings.toError(fileName, "project_invalid");
  return { key, name: value.name, type: value.type, segments };
}
