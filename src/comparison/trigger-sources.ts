import { applyRecipientsFiles } from "../context/open-project-store.js";
import { openStore } from "../context/open-store.js";
import type { ProcessIO } from "../context/process-io.js";
import { formatStoreLocation, hasStore } from "../context/store-location.js";
import type { RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { getClockTime } from "../engine/context/engine-context.js";
import { KnockError } from "../errors/knock-error.js";
import type { Operations } from "../ports/operations.js";
import type { Store } from "../ports/store.js";
import type { Project } from "../project/open-project.js";
import { randomBytes } from "../util/random.js";
import { copyOnRead } from "./copy-on-read.js";
import type { TimedTrigger } from "./parse-timed-trigger.js";
import { type DataFilter, KEEP_DATA, PersonalDataFilter } from "./personal-data-filter.js";
import { collectPersonalValues } from "./personal-values.js";
import { readAccountHistory } from "./read-account-history.js";
import { readAccountRecipients } from "./read-account-recipients.js";
import { readStoredHistory } from "./read-stored-history.js";
import { isInRange, NO_HISTORY, type RecordedHistory, type ReplayRange } from "./recorded-history.js";
import type { ReplayBeginning } from "./run-triggers.js";

/** The range of an account that is read by default. */
const DEFAULT_ACCOUNT_RANGE_MS = 24 * 60 * 60_000;
const DEFAULT_ACCOUNT_LIMIT = 1_000;
const PSEUDONYM_KEY_BYTES = 32;

/** Triggers of the past, with the data of their recipients. */
export interface ReplaySource {
  name: string;
  history: RecordedHistory;
  /** Whether the data of the triggers contains the responses of their requests. */
  hasResponses: boolean;
  /** The workflows whose messages are only counted, so that their contents are not read. Absent if all are read. */
  countedWorkflows?: ReadonlySet<string>;
  /** Runs with which the replay begins. */
  begin?: ReplayBeginning;
  /** Applied to what a report says about triggers and recipients. */
  filter: DataFilter;
  /**
   * Writes what is known about the recipients to the empty store of a replay, or returns one that reads it later. `at` is the time
   * of the first trigger, and `project` the version of the files that is run.
   */
  prepareStore(target: Store, at: number, project: Project): Promise<Store>;
  /** Reads the recipients of a store, whose personal data a report may have to leave out. */
  readRecipients?(keys: readonly RecipientKey[]): Promise<Pick<RecipientUpsert, "key" | "properties">[]>;
}

export interface ReplayContext {
  project: Project;
  io: ProcessIO;
  warn(text: string): void;
  setProgress(text: string): void;
}

/** The triggers of a source to use. */
interface TriggerSelection {
  range: ReplayRange;
  /** Milliseconds before now that replace `since`, or null. */
  last: number | null;
}

/** Selects the runs of an account. */
interface AccountSelection extends TriggerSelection {
  /** Limits the recipient runs that are read; null for the default. */
  limit: number | null;
  /** Whether a report contains personal data in place of pseudonyms. */
  keepsPersonalData: boolean;
  /** Whether contents are compared. If not, they are not read. */
  comparesContent: boolean;
}

/** Returns the time range of a replay. A duration ends at `now`. */
function resolveRange({ range, last }: TriggerSelection, now: number): ReplayRange {
  const resolved = last === null ? range : { ...range, since: now - last };
  const { since, until } = resolved;
  if (since !== null && until !== null && until < since)
    throw new KnockError("usage", "--until is before --since", { hint: "Swap the two times." });
  return resolved;
}

/** Passes the triggers of a store to `use`. The store is opened for reading only. */
export async function withStoreSource<T>(
  location: string,
  selection: TriggerSelection,
  { warn }: Pick<ReplayContext, "warn">,
  use: (source: ReplaySource) => Promise<T>,
): Promise<T> {
  const isFound = hasStore(location);
  if (!isFound) warn(`there is no store ${formatStoreLocation(location)}`);
  const store = isFound ? await openStore(location, { readOnly: true }) : await openStore(":memory:");
  try {
    const now = getClockTime(await store.readClock());
    const history = await readStoredHistory(store, resolveRange(selection, now), now);
    return await use({
      name: "the local store",
      history,
      hasResponses: true,
      filter: KEEP_DATA,
      prepareStore: async (target, at) => copyOnRead(store, target, history.memberships, at),
      readRecipients: async (keys) =>
        [...(await store.readRecipients(keys))].map(([key, { properties }]) => ({ key, properties })),
    });
  } finally {
    await store.close();
  }
}

/** Returns the triggers of a file, for the recipients of the project's files. */
export function openFileSource(
  name: string,
  triggers: readonly TimedTrigger[],
  selection: TriggerSelection,
): ReplaySource {
  const range = resolveRange(selection, Date.now());
  const selected = triggers.filter(({ at, trigger }) => isInRange(range, at, trigger.workflow));
  return {
    name,
    history: { ...NO_HISTORY, triggers: selected.map((trigger) => ({ ...trigger, branch: null })) },
    hasResponses: false,
    filter: KEEP_DATA,
    async prepareStore(target, _, project) {
      await applyRecipientsFiles(project, target);
      return target;
    },
  };
}

/** Returns the steps of a workflow in the current files. An invalid workflow is reported when it is triggered. */
async function readSteps(project: Project, key: string): Promise<Workflow["steps"]> {
  try {
    return (await project.workflow(key))?.steps ?? [];
  } catch (error) {
    if (error instanceof KnockError) return [];
    throw error;
  }
}

/** Reads the triggers of an account. Its filter replaces personal data in the report, after messages were compared. */
export async function readAccountSource(
  operations: Operations,
  selection: AccountSelection,
  context: ReplayContext,
): Promise<ReplaySource> {
  const { project, io } = context;
  const now = Date.now();
  const setProgress = (text: string): void => {
    if (io.signal.aborted)
      throw new KnockError("interrupted", "interrupted while reading the account", { hint: "Nothing was changed." });
    context.setProgress(text);
  };
  const resources = await operations.openResources();
  const { since, until, workflows } = resolveRange(selection, now);
  const end = until ?? now;
  const { history, keys, recipients, subscriptions } = await readAccountHistory(resources, {
    range: { since: since ?? end - DEFAULT_ACCOUNT_RANGE_MS, until: end, workflows },
    limit: selection.limit ?? DEFAULT_ACCOUNT_LIMIT,
    now,
    readsContent: selection.comparesContent,
    async readRecipients(wanted, channelIds) {
      let read = 0;
      const onRead = (): void => setProgress(`reading the account: ${++read} of ${wanted.size} recipients`);
      const limits = { maxRecipients: Number.POSITIVE_INFINITY, readsSubscribers: false };
      const environment = await project.environment();
      const found = await readAccountRecipients(resources, wanted, environment, { ...limits, channelIds, onRead });
      return { ...found, recipients: [...found.recipients.values()] };
    },
    readSteps: (key) => readSteps(project, key),
    setProgress,
  });
  const filter = selection.keepsPersonalData
    ? KEEP_DATA
    : new PersonalDataFilter(
        collectPersonalValues(
          keys,
          recipients,
          history.triggers.map(({ trigger }) => trigger.data),
        ),
        randomBytes(PSEUDONYM_KEY_BYTES),
      );
  return {
    name: "the account",
    history,
    hasResponses: true,
    filter,
    async prepareStore(target, at) {
      await target.applySeeds([{ file: "(account)", digest: "", recipients, subscriptions, audiences: [] }], at);
      return target;
    },
  };
}
