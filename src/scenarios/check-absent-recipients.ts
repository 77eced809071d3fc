import { TENANTS } from "../domain/recipient/recipient.js";
import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";
import { isJsonObject } from "../util/json.js";
import { listScenarioWorkflows } from "./list-scenario-workflows.js";
import type { Scenario } from "./parse-scenarios.js";
import type { ScenarioNames } from "./scenario-target.js";

type Path = (string | number)[];

/** A recipient or a tenant that must have no message or no run, with its path below the scenario. */
interface AbsentName {
  kind: "recipient" | "tenant";
  name: string;
  path: Path;
}

/** Returns the recipients and tenants that must have no message or no run. */
function listAbsentNames({ steps }: Scenario): AbsentName[] {
  return steps.flatMap(({ expect }, index) => {
    if (expect === undefined || Array.isArray(expect)) return [];
    const { no_messages, no_runs, messages } = expect;
    const path = ["steps", index, "expect"];
    const filters = [
      ...(Array.isArray(no_messages) ? no_messages : []).map((filter, at) => ({ ...filter, at: ["no_messages", at] })),
      ...(messages ?? []).flatMap(({ to, tenant, count }, at) =>
        count === 0 ? [{ to, tenant, at: ["messages", at] }] : [],
      ),
    ];
    const entries = [
      ...(no_runs ?? []).map((name, at) => ({ kind: "recipient" as const, name, path: [...path, "no_runs", at] })),
      ...filters.flatMap(({ to, tenant, at }) => [
        { kind: "recipient" as const, name: to, path: [...path, ...at, "to"] },
        { kind: "tenant" as const, name: tenant, path: [...path, ...at, "tenant"] },
      ]),
    ];
    return entries.filter((entry): entry is AbsentName => Boolean(entry.name));
  });
}

/** Adds every text, key and object reference in a value to a set. */
export function collectNames(value: unknown, names: Set<string>): void {
  if (typeof value === "string") names.add(value);
  else if (Array.isArray(value)) for (const item of value) collectNames(item, names);
  else if (isJsonObject(value)) {
    if (typeof value.collection === "string") names.add(`${value.collection}/${value.id}`);
    for (const [key, child] of Object.entries(value)) {
      names.add(key);
      collectNames(child, names);
    }
  }
}

/** Returns whether recipients of a scenario can come from elsewhere than its steps and the recipients files. */
async function canAddRecipients({ steps, ...scenario }: Scenario, names: ScenarioNames): Promise<boolean> {
  const workflows = listScenarioWorkflows({ steps, ...scenario });
  if (workflows === null) return true;
  const changesUsers = scenario.given.recipients ?? steps.some(({ recipients }) => recipients !== undefined);
  // Changed users can start the workflows of audiences.
  return names.canAddRecipients(changesUsers ? await names.listWorkflowKeys() : workflows);
}

/**
 * Throws `scenario_invalid` for a recipient or a tenant without messages or runs that is in no step, state or recipients file, because
 * the expectation could never fail. Nothing is checked if events or steps of workflows can start runs of further recipients.
 */
export async function checkAbsentRecipients(
  scenario: Scenario,
  names: ScenarioNames,
  locate: (path: Path) => void,
): Promise<void> {
  const absent = listAbsentNames(scenario);
  if (absent.length === 0 || (await canAddRecipients(scenario, names))) return;
  const recipients = await names.listRecipientNames();
  if (recipients === null) return;
  const known = new Set(recipients);
  collectNames(scenario.given, known);
  for (const { expect: _, ...action } of scenario.steps) collectNames(action, known);
  const tenantPrefix = `${TENANTS}/`;
  const tenants = recipients
    .filter((name) => name.startsWith(tenantPrefix))
    .map((name) => name.slice(tenantPrefix.length));
  for (const { kind, path, name } of absent) {
    if (known.has(name) || (kind === "tenant" && tenants.includes(name))) continue;
    locate(path);
    const hint = kind === "tenant" ? didYouMean(name, tenants, "Tenants") : didYouMean(name, recipients, "Recipients");
    throw new KnockError("scenario_invalid", `there is no ${kind} "${name}", so this can never fail`, { hint });
  }
}
