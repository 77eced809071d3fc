import { toComparableContent } from "../../domain/resource/comparable-content.js";
import type { ComparedResource, ComparisonState } from "../../domain/resource/compare-resources.js";
import { diffDocuments, formatChangePath } from "../../domain/resource/diff-documents.js";
import { listReferences } from "../../domain/resource/list-references.js";
import { formatResourceName, type ResourceSelector } from "../../domain/resource/resource-name.js";
import type { AccountNames } from "../../remote/management/account.js";
import type { AccountSession } from "./account-session.js";
import { type AccountComparison, compareWithAccount } from "./compare-account.js";
import type { PlannedChange, PlannedResource, PlanReport } from "./plan-report-schema.js";
import { listUncommitted, listUnpushed, PushJournal, type PushState } from "./push-journal.js";

/** The states of resources that a push sends, and of those that a pull writes or deletes. */
export const PUSHED_STATES: ReadonlySet<ComparisonState> = new Set(["new_here", "changed_here"]);
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

const REFERENCE_KINDS: readonly [kind: MissingReference["kind"], list: keyof AccountNames, plural: string][] = [
  ["channel", "channels", "channels"],
  ["channel_group", "channelGroups", "channel groups"],
  ["variable", "variables", "variables"],
  ["category", "categories", "preference categories"],
];

/** Returns what the compared files name and the account lacks, and the kinds of names that the API does not list. */
function findMissingReferences(
  resources: readonly ComparedResource[],
  names: AccountNames,
): { missing: MissingReference[]; unchecked: string[] } {
  const missing = new Map<string, MissingReference>();
  const unchecked = new Set<string>();
  for (const { type, id, here } of resources) {
    if (here === null) continue;
    const references = listReferences({ type, id, content: here });
    for (const [kind, list, plural] of REFERENCE_KINDS)
      for (const name of references[list]) {
        if (names[list] === null) unchecked.add(plural);
        if (names[list]?.has(name) ?? true) continue;
        const entry = missing.get(`${kind}:${name}`) ?? { kind, name, resources: [] };
        entry.resources.push(formatResourceName({ type, id }));
        missing.set(`${kind}:${name}`, entry);
      }
  }
  return { missing: [...missing.values()], unchecked: [...unchecked] };
}

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

const describeIncompletePush = (state: PushState | null): PlanReport["incomplete_push"] =>
  state === null
    ? null
    : { pushed: state.pushed, not_pushed: listUnpushed(state), not_committed: listUncommitted(state) };

function toPlanReport(
  { accountName, scope, bases }: AccountSession,
  { resources, notes }: AccountComparison,
  names: AccountNames,
): PlanReport {
  const count = (matches: (resource: ComparedResource) => boolean): number => resources.filter(matches).length;
  const pushed = resources.filter(({ state }) => PUSHED_STATES.has(state));
  const { missing, unchecked } = findMissingReferences(resources, names);
  return {
    account: accountName,
    ...scope,
    resources: resources
      .filter(({ state, hasUncommitted }) => state !== "unchanged" || hasUncommitted)
      .map(toPlannedResource),
    push_order: pushed.map(formatResourceName),
    incomplete_push: describeIncompletePush(new PushJournal(bases.folder).read()),
    missing,
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
