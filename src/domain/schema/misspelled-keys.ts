import { findNearest } from "../../util/find-nearest.js";
import { getValueAtPath, isJsonObject } from "../../util/json.js";
import { describeUnknownKey } from "../findings/describe-finding.js";
import type { Finding } from "./finding.js";

/** An unknown key, and the declared key that was probably meant, if its object lacks that one. */
export interface UnknownKey extends Finding {
  missingKey?: string | undefined;
}

/** Returns the declared key nearest to an unknown one, among those that the object at `path` does not have. */
export function findMissingKey(
  document: unknown,
  path: readonly PropertyKey[],
  key: string,
  known: readonly string[],
): string | undefined {
  const owner = getValueAtPath(document, path.map(String));
  if (!isJsonObject(owner)) return undefined;
  // In the service's documents, a key whose value is null counts as absent.
  const absent = known.filter((name) => !Object.hasOwn(owner, name) || owner[name] === null);
  return findNearest(key, absent);
}

/** Returns whether a finding about an object says that it must have a key, as in `must have batch_window or …`. */
const namesKey = ({ message }: Finding, key: string): boolean =>
  message.startsWith("must have ") && message.split(/[^\w.$-]+/).includes(key);

const toId = (path: readonly PropertyKey[]): string => JSON.stringify(path.map(String));

/**
 * Replaces each finding about a missing key by the unknown key of the same object that was probably meant for it,
 * because both are one mistake. Returns the findings, and the unknown keys that replace none. `findings` may contain
 * unknown keys.
 */
export function mergeMisspelledKeys<F extends Finding>(
  findings: readonly F[],
  unknownKeys: readonly UnknownKey[],
): { findings: (F | Finding)[]; unknownKeys: UnknownKey[] } {
  const byMissingPath = new Map<string, UnknownKey>();
  const byOwner = new Map<string, UnknownKey>();
  for (const unknown of unknownKeys) {
    if (unknown.missingKey === undefined) continue;
    const owner = unknown.path.slice(0, -1);
    byMissingPath.set(toId([...owner, unknown.missingKey]), unknown);
    byOwner.set(toId(owner), unknown);
  }
  if (byMissingPath.size === 0) return { findings: [...findings], unknownKeys: [...unknownKeys] };
  const used = new Set<Finding>();
  const merged = findings.flatMap((finding): (F | Finding)[] => {
    const ofOwner = byOwner.get(toId(finding.path));
    const unknown =
      byMissingPath.get(toId(finding.path)) ??
      (ofOwner && namesKey(finding, String(ofOwner.missingKey)) ? ofOwner : undefined);
    if (unknown === undefined) return [finding];
    if (used.has(unknown)) return [];
    used.add(unknown);
    const { path, missingKey, suggestedKey } = unknown;
    return [{ path, message: describeUnknownKey(String(path.at(-1)), missingKey), suggestedKey }];
  });
  return {
    findings: merged.filter((finding) => !used.has(finding)),
    unknownKeys: unknownKeys.filter((unknown) => !used.has(unknown)),
  };
}
