import { findChannelType } from "../../domain/message/channel-types.js";
import { REASONS } from "../../domain/run/reasons.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ScenarioTarget } from "../../testing/scenario-target.js";
import { didYouMean } from "../../util/find-nearest.js";

interface NamedParts {
  workflow?: string | undefined;
  step?: string | undefined;
  channel?: string | undefined;
  reason?: string | undefined;
}

function checkName(kind: string, name: string | undefined, known: readonly string[]): void {
  if (name === undefined || known.includes(name)) return;
  const listLabel = `${kind[0]?.toUpperCase()}${kind.slice(1)}s`;
  throw new KnockError("scenario_invalid", `there is no ${kind} "${name}"`, {
    hint: didYouMean(name, [...new Set(known)], listLabel),
  });
}

/** Throws `scenario_invalid` for a name that is not in the project, because a check for it could never fail. */
export async function checkNames(
  target: ScenarioTarget,
  { workflow, step, channel, reason }: NamedParts,
): Promise<void> {
  checkName("reason", reason, Object.keys(REASONS));
  if ([workflow, step, channel].every((name) => name === undefined)) return;
  const names = await target.listNames();
  checkName("workflow", workflow, names.workflows);
  checkName("step", step, workflow === undefined ? names.steps : ((await target.names.listStepNames(workflow)) ?? []));
  checkName(
    "channel",
    channel,
    names.channels.flatMap(({ key, type }) => [key, type, findChannelType(type)?.alias ?? type]),
  );
}
