import type { TimedTrigger } from "../../comparison/parse-timed-trigger.js";
import { KEEP_DATA, PersonalDataFilter } from "../../comparison/personal-data-filter.js";
import { collectPersonalValues } from "../../comparison/personal-values.js";
import { readAccountRecipients } from "../../comparison/read-account-recipients.js";
import { readStoredHistory } from "../../comparison/read-stored-history.js";
import { isInRange, NO_HISTORY, type ReplayRange } from "../../comparison/recorded-history.js";
import type { ReplayReport } from "../../comparison/replay-report.js";
import { applyRecipientsFiles } from "../../context/open-project-store.js";
import { openStore } from "../../context/open-store.js";
import { formatStoreLocation, hasStore } from "../../context/store-location.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { getClockTime } from "../../engine/context/engine-context.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Operations } from "../../ports/operations.js";
import type { Store } from "../../ports/store.js";
import type { Project } from "../../project/open-project.js";
import { randomBytes } from "../../util/random.js";
import { copyOnRead } from "./copy-on-read.js";
import { readAccountHistory } from "./read-account-history.js";
import type { ReplayOptions } from "./replay-options.js";
import { type ReplayContext, runReplay } from "./run-replay.js";

/** The range of an account that is read by default. */
const DEFAULT_ACCOUNT_RANGE_MS = 24 * 60 * 60_000;
const DEFAULT_ACCOUNT_LIMIT = 1_000;
const PSEUDONYM_KEY_BYTES = 32;

/** Returns the time range of a replay. A duration ends at `now`. */
function resolveRange({ range, last }: Pick<ReplayOptions, "range" | "last">, now: number): ReplayRange {
  const resolved = last === null ? range : { ...range, since: now - last };
  const { since, until } = resolved;
  if (since !== null && until !== null && until < since)
    throw new KnockError("usage", "--until is before --since", { hint: "Swap the two times." });
  return resolved;
}

/** Replays the triggers of a store. The store is opened for reading only. */
export async function replayStore(
  location: string,
  options: ReplayOptions,
  context: ReplayContext,
): Promise<ReplayReport> {
  const isFound = hasStore(location);
  if (!isFound) context.warn(`there is no store ${formatStoreLocation(location)}`);
  const store = isFound ? await openStore(location, { readOnly: true }) : await openStore(":memory:");
  try {
    const now = getClockTime(await store.readClock());
    const history = await readStoredHistory(store, resolveRange(options, now), now);
    const source = {
      name: "the local store",
      history,
      hasResponses: true,
      filter: KEEP_DATA,
      prepareStore: async (target: Store, at: number) => copyOnRead(store, target, history.memberships, at),
    };
    return await runReplay(source, options, context);
  } finally {
    await store.close();
  }
}

/** Replays the triggers of a file, for the recipients of the project's files. */
export function replayFile(
  name: string,
  triggers: readonly TimedTrigger[],
  options: ReplayOptions,
  context: ReplayContext,
): Promise<ReplayReport> {
  const range = resolveRange(options, Date.now());
  const selected = triggers.filter(({ at, trigger }) => isInRange(range, at, trigger.workflow));
  const source = {
    name,
    history: { ...NO_HISTORY, triggers: selected.map((trigger) => ({ ...trigger, branch: null })) },
    hasResponses: false,
    filter: KEEP_DATA,
    async prepareStore(target: Store) {
      await applyRecipientsFiles(context.project, target);
      return target;
    },
  };
  return runReplay(source, options, context);
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

/** Replays the triggers of an account. Personal data is replaced in the report, after messages were compared. */
export async function replayAccount(
  operations: Operations,
  options: ReplayOptions,
  context: ReplayContext,
): Promise<ReplayReport> {
  const { project, io } = context;
  const now = Date.now();
  const setProgress = (text: string): void => {
    if (io.signal.aborted)
      throw new KnockError("interrupted", "interrupted while reading the account", { hint: "Nothing was changed." });
    context.setProgress(text);
  };
  const resources = await operations.openResources();
  const { since, until, workflows } = resolveRange(options, now);
  const end = until ?? now;
  const { history, keys, recipients, subscriptions } = await readAccountHistory(resources, {
    range: { since: since ?? end - DEFAULT_ACCOUNT_RANGE_MS, until: end, workflows },
    limit: options.limit ?? DEFAULT_ACCOUNT_LIMIT,
    now,
    readsContent: options.comparesContent,
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
  const filter = options.keepsPersonalData
    ? KEEP_DATA
    : new PersonalDataFilter(
        collectPersonalValues(
          keys,
          recipients,
          history.triggers.map(({ trigger }) => trigger.data),
        ),
        randomBytes(PSEUDONYM_KEY_BYTES),
      );
  const source = {
    name: "the account",
    history,
    hasResponses: true,
    filter,
    async prepareStore(target: Store, at: number) {
      await target.applySeeds([{ file: "(account)", digest: "", recipients, subscriptions, audiences: [] }], at);
      return target;
    },
  };
  return runReplay(source, options, context);
}
