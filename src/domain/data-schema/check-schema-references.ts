import { dereference } from "@cfworker/json-schema";
import { getErrorMessage } from "../../errors/knock-error.js";
import { findNearest } from "../../util/find-nearest.js";
import { type JsonObject, toPointer } from "../../util/json.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { findDraft, getDraft, isRefExclusive, normalizeSchema } from "./json-schema-dialect.js";
import { walkSchemas } from "./json-schema-keywords.js";

const KEYWORDS = ["$schema", "$ref", "$recursiveRef", "$dynamicRef", "$anchor", "$dynamicAnchor", "$id", "id"] as const;

type Part = [path: string[], schema: JsonObject];

/** Returns whether a part is an embedded resource, with its own base URI and anchors. */
function isEmbedded([path, part]: Part, isRefExclusive: boolean): boolean {
  const id = part.$id ?? part.id;
  return (
    path.length > 0 && typeof id === "string" && !id.startsWith("#") && !(isRefExclusive && part.$ref !== undefined)
  );
}

function checkDialect(parts: readonly Part[], report: ReportFinding): void {
  const draft = getDraft(parts[0]?.[1] ?? {});
  for (const [path, { $schema }] of parts) {
    if ($schema === undefined) continue;
    const named = typeof $schema === "string" ? findDraft($schema) : undefined;
    if (named === undefined) {
      report(
        [...path, "$schema"],
        `must be the URI of a supported draft (2020-12, 2019-09, 7, 6 or 4), found ${JSON.stringify($schema)}`,
      );
    } else if (named !== draft) report([...path, "$schema"], "must be the draft of the whole schema");
  }
}

function checkAnchors(parts: readonly Part[], report: ReportFinding): void {
  const hidesSiblings = isRefExclusive(getDraft(parts[0]?.[1] ?? {}));
  const isOneResource = !parts.some((part) => isEmbedded(part, hidesSiblings));
  const anchors = new Set<string>();
  for (const [path, part] of parts) {
    if (part.$recursiveRef !== undefined && part.$recursiveRef !== "#")
      report([...path, "$recursiveRef"], `must be "#", found ${JSON.stringify(part.$recursiveRef)}`);
    if (part.$dynamicRef !== undefined && !isOneResource)
      report([...path, "$dynamicRef"], 'is unsupported in a schema with embedded "$id"s; use "$ref"');
    if (part.$anchor !== undefined && part.$dynamicAnchor !== undefined)
      report([...path, "$dynamicAnchor"], 'cannot be combined with "$anchor"');
    const own = part.$anchor === undefined ? (["$dynamicAnchor"] as const) : (["$anchor"] as const);
    for (const keyword of own) {
      const name = part[keyword];
      if (typeof name !== "string") continue;
      if (anchors.has(name)) report([...path, keyword], `"${name}" is already the name of another anchor`);
      anchors.add(name);
    }
  }
}

/** Returns the valid targets of references in a schema, from which errors suggest the nearest. */
function collectTargets(parts: readonly Part[]): string[] {
  return parts.flatMap(([, part]) => [
    ...(["$defs", "definitions"] as const).flatMap((keyword) =>
      Object.keys(part[keyword] ?? {}).map((name) => `#/${keyword}/${name}`),
    ),
    ...[part.$anchor, part.$dynamicAnchor].flatMap((name) => (typeof name === "string" ? [`#${name}`] : [])),
  ]);
}

/**
 * Returns the path of a reference in the original file. Normalizing replaces `$dynamicRef` by `$ref`, and moves it into
 * `allOf` if the schema already has a `$ref`.
 */
function getReferencePath(path: string[], originals: ReadonlyMap<string, JsonObject>): string[] {
  const original = originals.get(toPointer(path));
  if (original === undefined) return [...path.slice(0, -2), "$dynamicRef"];
  return [...path, original.$ref === undefined ? "$dynamicRef" : "$ref"];
}

function checkTargets(schema: JsonObject, parts: readonly Part[], report: ReportFinding): void {
  const copy = structuredClone(normalizeSchema(schema));
  let known: Record<string, unknown>;
  try {
    known = dereference(copy);
  } catch (error) {
    report([], `has an unusable "$id" or "$ref": ${getErrorMessage(error).replace(/\.$/, "")}`);
    return;
  }
  const originals = new Map(parts.map(([path, part]) => [toPointer(path), part]));
  for (const [path, part] of walkSchemas(copy)) {
    const { $ref } = part;
    if (typeof $ref !== "string" || known[String(part.__absolute_ref__)] !== undefined) continue;
    const near = findNearest($ref, collectTargets(parts));
    report(
      getReferencePath(path, originals),
      $ref.startsWith("#")
        ? `refers to "${$ref}", which is not in the schema${near === undefined ? "" : `; did you mean "${near}"?`}`
        : `refers to another document, "${$ref}"; only references within the schema are supported`,
    );
  }
}

/**
 * Reports the references and dialects of a schema that are unsupported: other documents, missing targets, custom
 * meta-schemas, and dynamic references between resources. The validator follows the standard for all others.
 */
export function checkSchemaReferences(schema: JsonObject, path: PropertyKey[], report: ReportFinding): void {
  const parts: Part[] = [...walkSchemas(schema)];
  if (!parts.some(([, part]) => KEYWORDS.some((keyword) => Object.hasOwn(part, keyword)))) return;
  let isValid = true;
  const reportBelow: ReportFinding = (at, message) => {
    isValid = false;
    report([...path, ...at], message);
  };
  checkDialect(parts, reportBelow);
  checkAnchors(parts, reportBelow);
  if (isValid) checkTargets(schema, parts, reportBelow);
}
