import type { ReplaySource } from "../../comparison/trigger-sources.js";
import { KnockError } from "../../errors/knock-error.js";
import type { SampleComparison } from "./build-differences.js";
import { compareTriggerSamples } from "./compare-samples.js";
import type { ReviewSide } from "./sides.js";

type SampleContext = Parameters<typeof compareTriggerSamples>[1];

/** Returns why a version cannot run any trigger, or null: its environment or its recipients files are invalid. */
export async function findProjectError({ project }: ReviewSide): Promise<KnockError | null> {
  try {
    await project.environment();
    await project.readChangedRecipients(new Map());
    return null;
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
}

/** Runs the triggers of a source on the version after. The version before is invalid, so it rejects all of them. */
export async function compareWithInvalidBase(
  source: ReplaySource,
  context: SampleContext,
  { code, message }: KnockError,
): Promise<SampleComparison> {
  const { users } = context.affected;
  const ownContext = { ...context, affected: { has: () => false, users }, renames: new Map(), readsAllContents: true };
  const sample = await compareTriggerSamples(source, ownContext, undefined);
  const rejected = source.history.triggers.map(({ name, trigger: { workflow } }) => ({
    trigger: name,
    workflow,
    code,
    message,
  }));
  return { ...sample, before: { messages: [], runs: [], rejected } };
}
