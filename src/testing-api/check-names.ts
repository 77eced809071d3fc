import { describeUnknownKey } from "../domain/findings/describe-finding.js";
import { findChannelType } from "../domain/message/channel-types.js";
import { toRecipientKey } from "../domain/recipient/recipient.js";
import { REASONS } from "../domain/run/reasons.js";
import { KnockError } from "../errors/knock-error.js";
import { findUnidentifiedRecipient } from "../ports/known-names.js";
import { parseRecipientName } from "../scenarios/perform-action.js";
import type { ScenarioTarget } from "../scenarios/scenario-target.js";
import { didYouMean, findNearest } from "../util/find-nearest.js";

/** Limits the tenants among which the nearest name is searched. */
const MAX_TENANTS = 50;

interface NamedParts {
  to?: string | undefined;
  tenant?: string | undefined;
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

/** Throws `scenario_invalid` for a property that selects nothing, because the selection would be larger than it looks. */
export function checkSelection(caller: string, selection: object, known: readonly string[]): void {
  for (const key of Object.keys(selection))
    if (!known.includes(key))
      throw new KnockError("scenario_invalid", `${caller}: ${describeUnknownKey(key, findNearest(key, known))}`, {
        hint: `Use ${known.join(", ")}.`,
      });
}

/** An engine with the names that its test has used so far. */
interface NameSource {
  target: ScenarioTarget;
  usedNames: ReadonlySet<string>;
}

/** Throws `scenario_invalid` for a recipient or tenant that neither the engine nor its test knows. */
async function checkParties({ target, usedNames }: NameSource, { to, tenant }: NamedParts): Promise<void> {
  const { resources } = target.operations;
  if (to !== undefined && !usedNames.has(to)) {
    const unidentified = await findUnidentifiedRecipient(toRecipientKey(parseRecipientName(to)), resources);
    const hint = unidentified?.suggestion ?? "Identify it first, or use it in a step.";
    if (unidentified) throw new KnockError("scenario_invalid", `there is no recipient "${to}"`, { hint });
  }
  if (tenant === undefined || usedNames.has(tenant) || (await resources.tenants.read(tenant)) !== null) return;
  const { items } = await resources.tenants.list({}, { limit: MAX_TENANTS });
  checkName(
    "tenant",
    tenant,
    items.map(({ id }) => String(id)),
  );
}

/** Throws `scenario_invalid` for a name that is neither in the project nor in the test, because a check for it could never fail. */
export async function checkNames(source: NameSource, parts: NamedParts): Promise<void> {
  const { workflow, step, channel, reason } = parts;
  const { target } = source;
  checkName("reason", reason, Object.keys(REASONS));
  await checkParties(source, parts);
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
