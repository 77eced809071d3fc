const SCOPE_ROOTS = new Set(["data", "recipient", "actor", "tenant", "vars", "workflow", "run"]);

/**
 * Returns the path of a batch, throttle or cohort key without Liquid: a dotted path with a known prefix, or a bare name, which is a
 * path in `data` (E-244).
 */
export function parseStepKeyPath(key: string): string[] {
  const parts = key.split(".");
  return parts.length > 1 && SCOPE_ROOTS.has(parts[0] ?? "") ? parts : ["data", ...parts];
}
