import { toComparableContent } from "../../domain/resource/comparable-content.js";
import type { ComparedResource, ComparisonState } from "../../domain/resource/compare-resources.js";
import { diffDocuments, formatChangePath } from "../../domain/resource/diff-documents.js";
import { listReferences } from "../../domain/resource/list-references.js";
import { formatResourceName, type ResourceSelector } from "../../domain/resource/resource-name.js";
import type { AccountNames } from "../../remote/management/account.js";
import type { AccountSession } from "./account-session.js";
import { type AccountComparison, compareWithAccount } from "./compare-account.js";
import type { PlannedChange, PlannedResource, PlanReport } from "./plan-report-schema.js";

/** The states of resources that a push sends, and of those that a pull writes or deletes. */
const PUSHED_STATES: ReadonlySet<ComparisonState> = new Set(["new_here", "changed_here"]);
const PULLED_STATES: ReadonlySet<ComparisonState> = new Set(["new_there", "changed_there", "deleted_there"]);

function listChanges({ type, here, there, state }: ComparedResource): PlannedChange[] {
  const toComparable = (content: ComparedResource["here"]) =>
    content === null ? null : toComparableContent(type, content);
  const [local, remote] = [toComparable(here), toComparable(there)];
  if (state === "unchanged" || local === null || remote === null) return [];
  const changes = PULLED_STATES.has(state) ? diffDocuments(local, remote) : diffDocuments(remote, local);
  return changes.map(({ kind, step, path, before, after }) => ({
    kind,
    step,
    path: formatChangePath(path),
    before,
    after,
  }));
}

type MissingReference = PlanReport["missing"][number];

/** Returns what the compared files name and the account lacks. A list that the API does not have is not checked. */
function findMissingReferences(resources: readonly ComparedResource[], names: AccountNames): MissingReference[] {
  const missing = new Map<string, MissingReference>();
  for (const { type, id, here } of resources) {
    if (here === null) continue;
    const references = listReferences({ type, id, content: here });
    const kinds = [
      ["channel", references.channels, names.channels],
      ["channel_group", references.channelGroups, names.channelGroups],
      ["variable", references.variables, names.variables],
      ["category", references.categories, names.categories],
    ] as const;
    for (const [kind, used, known] of kinds)
      for (const name of used) {
        if (known === null || known.has(name)) continue;
        const entry = missing.get(`${kind}:${name}`) ?? { kind, name, resources: [] };
        entry.resources.push(formatResourceName({ type, id }));
        missing.set(`${kind}:${name}`, entry);
      }
  }
  return [...missing.values()];
}

const UNCHECKED: readonly [keyof AccountNames, string][] = [
  ["channels", "channels"],
  ["channelGroups", "channel groups"],
  ["variables", "variables"],
  ["categories", "preference categories"],
];

function toPlannedResource(resource: ComparedResource): PlannedResource {
  const { type, id, state, base, hasUncommitted } = resource;
  return {
    resource: formatResourceName(resource),
    type,
    id,
    state,
    uncommitted: hasUncommitted,
    has_base: base !== null,
    changes: listChanges(resource),
  };
}

/** Compares the project with the account. Only reads. */
export async function buildPlan(session: AccountSession, selectors: readonly ResourceSelector[]): Promise<PlanReport> {
  const [comparison, names] = await Promise.all([
    compareWithAccount(session, selectors),
    session.account.readNames(session.scope),
  ]);
  return toPlanReport(session, comparison, names);
}

function toPlanReport(
  { accountName, scope }: AccountSession,
  { resources, notes }: AccountComparison,
  names: AccountNames,
): PlanReport {
  const count = (matches: (resource: ComparedResource) => boolean): number => resources.filter(matches).length;
  const pushed = resources.filter(({ state }) => PUSHED_STATES.has(state));
  const unchecked = UNCHECKED.filter(([list]) => names[list] === null).map(([, label]) => label);
  return {
    account: accountName,
    environment: scope.environment,
    branch: scope.branch,
    resources: resources
      .filter(({ state, hasUncommitted }) => state !== "unchanged" || hasUncommitted)
      .map(toPlannedResource),
    push_order: pushed.map(formatResourceName),
    missing: findMissingReferences(resources, names),
    notes: [
      ...notes,
      ...(unchecked.length === 0
        ? []
        : [`The account does not list its ${unchecked.join(" and ")}, so they are not checked.`]),
    ],
    summary: {
      push: pushed.length,
      pull: count(({ state }) => PULLED_STATES.has(state)),
      conflicts: count(({ state }) => state === "both"),
      unchanged: count(({ state }) => state === "unchanged"),
      uncommitted: count(({ hasUncommitted }) => hasUncommitted),
    },
  };
}

/** Returns whether the files and the account differ. */
export const hasDifferences = ({ resources }: PlanReport): boolean =>
  resources.some(({ state }) => state !== "unchanged");
