import { walkSchemas } from "../domain/shape/json-schema-keywords.js";
import { getValueAtPath, isJsonObject, type JsonObject } from "../util/json.js";

/** The target of a reference, and words that name it. */
interface ReferencedSchema {
  schema: unknown;
  words: string;
}

/** Returns the path of a JSON pointer in the fragment of a URI. */
const parsePointer = (pointer: string): string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));

/** Returns the part of a schema that has an anchor; in draft 4 to 7 an anchor is an ID that starts with `#`. */
function findAnchor(schema: JsonObject, anchor: string): JsonObject | undefined {
  for (const [, part] of walkSchemas(schema))
    if (part.$anchor === anchor || part.$id === `#${anchor}` || part.id === `#${anchor}`) return part;
  return undefined;
}

/** Returns the embedded schema that a URI names, or the root for its own URI; undefined if it is missing. */
function findResource(root: JsonObject, uri: string): JsonObject | undefined {
  if (uri === "") return root;
  for (const [, part] of walkSchemas(root)) {
    const id = part.$id ?? part.id;
    if (typeof id === "string" && (id.replace(/#$/, "") === uri || id.endsWith(`/${uri}`))) return part;
  }
  return undefined;
}

/** Finds the target of a `$ref` in a schema, or null if it is in another document. */
export function findReferencedSchema(root: JsonObject, reference: string): ReferencedSchema | null {
  const [uri = "", fragment = ""] = reference.split("#");
  const resource = findResource(root, uri);
  if (resource === undefined) return null;
  if (fragment === "") return { schema: resource, words: uri.split("/").at(-1) ?? "" };
  const path = fragment.startsWith("/") ? parsePointer(fragment) : [fragment];
  const schema = fragment.startsWith("/") ? getValueAtPath(resource, path) : findAnchor(resource, fragment);
  return isJsonObject(schema) || typeof schema === "boolean" ? { schema, words: path.at(-1) ?? "" } : null;
}
