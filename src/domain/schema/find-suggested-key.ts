import type * as z from "zod/mini";
import { findOnlyNearest } from "../../util/find-nearest.js";
import { getValueAtPath, isJsonObject } from "../../util/json.js";

interface UnknownKey {
  schema: z.ZodMiniType;
  document: unknown;
  path: readonly PropertyKey[];
  /** The declared keys of the object. */
  known: readonly string[];
  /** All undeclared keys of the object. */
  unknown: readonly string[];
}

/** Returns a copy of a document with another key at a path. The order of keys is kept. */
function renameKey(value: unknown, [part, ...rest]: readonly PropertyKey[], name: string): unknown {
  if (Array.isArray(value)) return value.map((item, index) => (index === part ? renameKey(item, rest, name) : item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      if (key !== part) return [key, child];
      return rest.length === 0 ? [name, child] : [key, renameKey(child, rest, name)];
    }),
  );
}

function countInvalidValues(schema: z.ZodMiniType, document: unknown): number {
  const issues = schema.safeParse(document, { jitless: true }).error?.issues ?? [];
  return issues.filter(({ code }) => code !== "unrecognized_keys").length;
}

/**
 * Returns the only possible correction of an unknown key, or undefined: one declared key is nearest, the object does not
 * have it, no other unknown key has the same correction, and the value is valid for it.
 */
export function findSuggestedKey({ schema, document, path, known, unknown }: UnknownKey): string | undefined {
  const key = String(path.at(-1));
  const near = findOnlyNearest(key, known);
  if (near === undefined) return undefined;
  const owner = getValueAtPath(document, path.slice(0, -1).map(String));
  const isTaken = !isJsonObject(owner) || Object.hasOwn(owner, near);
  if (isTaken || unknown.some((other) => other !== key && findOnlyNearest(other, known) === near)) return undefined;
  const renamed = renameKey(document, path, near);
  return countInvalidValues(schema, renamed) <= countInvalidValues(schema, document) ? near : undefined;
}
