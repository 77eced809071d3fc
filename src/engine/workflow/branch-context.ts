import { KnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import type { EngineContext } from "../context/engine-context.js";

/** The context with a branch's files, and the branch; null for the main files. */
interface BranchContext<Stores> {
  context: EngineContext<Stores>;
  branch: string | null;
}

/** Returns the context for a branch. Throws `resource_missing` if there is no such branch. */
export function resolveBranchContext<Stores>(
  context: EngineContext<Stores>,
  slug: string | undefined,
): BranchContext<Stores> {
  if (slug === undefined) return { context, branch: null };
  const definitions = context.definitions.branch?.(slug) ?? null;
  if (definitions === null) throw createMissingBranchError(slug);
  return definitions === context.definitions
    ? { context, branch: null }
    : { context: { ...context, definitions }, branch: slug };
}

export function createMissingBranchError(slug: string): KnockError {
  return new KnockError("resource_missing", `there is no branch ${JSON.stringify(slug)}`, {
    details: [{ pointer: "", message: "is not a branch", value: slug }],
    hint: `Create the folder branches/${slug} in the project's knockDir, with the workflows, layouts, partials and translations that differ.`,
  });
}

/**
 * Returns the context of an existing run. If its branch no longer exists, no workflow does, as if it were deleted
 * (E-019).
 */
export function getRunContext<Stores>(
  context: EngineContext<Stores>,
  branch: string | undefined,
): EngineContext<Stores> {
  if (branch === undefined) return context;
  const main = context.definitions;
  const missingDefinitions: Definitions = { ...main, workflow: async () => null };
  return { ...context, definitions: main.branch?.(branch) ?? missingDefinitions };
}
