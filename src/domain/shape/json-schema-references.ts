import { dereference, type Schema } from "@cfworker/json-schema";
import { messageOf } from "../../errors/knock-error.js";
import { type JsonObject, pointerOf } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import type { Complain } from "./complain.js";
import { draftNamed, draftOf, normalizeSchema, refHidesSiblings } from "./json-schema-dialect.js";
import { allSchemas } from "./json-schema-keywords.js";

const KEYWORDS = ["$schema", "$ref", "$recursiveRef", "$dynamicRef", "$anchor", "$dynamicAnchor", "$id", "id"] as const;

type Part = [path: string[], schema: JsonObject];

/** Whether a part is a resource of its own, with its own base URI and anchors. */
function isEmbedded([path, part]: Part, hides: boolean): boolean {
  const id = part.$id ?? part.id;
  return path.length > 0 && typeof id === "string" && !id.startsWith("#") && !(hides && part.$ref !== undefined);
}

function checkDialect(parts: readonly Part[], complain: Complain): void {
  const draft = draftOf(parts[0]?.[1] ?? {});
  for (const [path, { $schema }] of parts) {
    if ($schema === undefined) continue;
    const named = typeof $schema === "string" ? draftNamed($schema) : undefined;
    if (named === undefined) {
      complain(
        [...path, "$schema"],
        `must be the URI of a supported draft (2020-12, 2019-09, 7, 6 or 4), found ${JSON.stringify($schema)}`,
      );
    } else if (named !== draft) complain([...path, "$schema"], "must be the draft of the whole schema");
  }
}

function checkAnchors(parts: readonly Part[], complain: Complain): void {
  const hides = refHidesSiblings(draftOf(parts[0]?.[1] ?? {}));
  const isOneResource = !parts.some((part) => isEmbedded(part, hides));
  const anchors = new Set<string>();
  for (const [path, part] of parts) {
    if (part.$recursiveRef !== undefined && part.$recursiveRef !== "#")
      complain([...path, "$recursiveRef"], `must be "#", found ${JSON.stringify(part.$recursiveRef)}`);
    if (part.$dynamicRef !== undefined && !isOneResource)
      complain([...path, "$dynamicRef"], 'is unsupported in a schema with embedded "$id"s; use "$ref"');
    if (part.$anchor !== undefined && part.$dynamicAnchor !== undefined)
      complain([...path, "$dynamicAnchor"], 'is unsupported beside "$anchor"');
    const own = part.$anchor === undefined ? (["$dynamicAnchor"] as const) : (["$anchor"] as const);
    for (const keyword of own) {
      const name = part[keyword];
      if (typeof name !== "string") continue;
      if (anchors.has(name)) complain([...path, keyword], `"${name}" is already the name of another anchor`);
      anchors.add(name);
    }
  }
}

/** What references of a schema may name, for the nearest of them. */
function targetsOf(parts: readonly Part[]): string[] {
  return parts.flatMap(([, part]) => [
    ...(["$defs", "definitions"] as const).flatMap((keyword) =>
      Object.keys(part[keyword] ?? {}).map((name) => `#/${keyword}/${name}`),
    ),
    ...[part.$anchor, part.$dynamicAnchor].flatMap((name) => (typeof name === "string" ? [`#${name}`] : [])),
  ]);
}

/** Returns the path of a reference as the file has it: normalizing turns `$dynamicRef` into `$ref`, in `allOf` beside another. */
function placeOfReference(path: string[], originals: ReadonlyMap<string, JsonObject>): string[] {
  const original = originals.get(pointerOf(path));
  if (original === undefined) return [...path.slice(0, -2), "$dynamicRef"];
  return [...path, original.$ref === undefined ? "$dynamicRef" : "$ref"];
}

function checkTargets(schema: JsonObject, parts: readonly Part[], complain: Complain): void {
  const copy = structuredClone(normalizeSchema(schema));
  let known: Record<string, unknown>;
  try {
    known = dereference(copy as Schema);
  } catch (error) {
    complain([], `has an unusable "$id" or "$ref": ${messageOf(error).replace(/\.$/, "")}`);
    return;
  }
  const originals = new Map(parts.map(([path, part]) => [pointerOf(path), part]));
  for (const [path, part] of allSchemas(copy)) {
    const { $ref } = part;
    if (typeof $ref !== "string" || known[String(part.__absolute_ref__)] !== undefined) continue;
    const near = nearest($ref, targetsOf(parts));
    complain(
      placeOfReference(path, originals),
      $ref.startsWith("#")
        ? `refers to "${$ref}", which is not in the schema${near === undefined ? "" : `; did you mean "${near}"?`}`
        : `refers to another document, "${$ref}"; only references within the schema are supported`,
    );
  }
}

/**
 * Complains of the references and dialects of a schema that are unsupported: other documents, missing targets, custom
 * meta-schemas, dynamic references between resources. Everything that is left follows the standard.
 */
export function checkReferences(schema: JsonObject, path: PropertyKey[], complain: Complain): void {
  const parts: Part[] = [...allSchemas(schema)];
  if (!parts.some(([, part]) => KEYWORDS.some((keyword) => Object.hasOwn(part, keyword)))) return;
  let ok = true;
  const below: Complain = (at, message) => {
    ok = false;
    complain([...path, ...at], message);
  };
  checkDialect(parts, below);
  checkAnchors(parts, below);
  if (ok) checkTargets(schema, parts, below);
}
