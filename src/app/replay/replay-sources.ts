import { existsSync } from "node:fs";
import type { ReplayOptions } from "../../commands/shared/replay-service.js";
import { isInRange } from "../../domain/replay/recorded-history.js";
import type { ReplayReport } from "../../domain/replay/replay-report.js";
import type { TimedTrigger } from "../../domain/trigger/parse-timed-trigger.js";
import { getClockTime } from "../../engine/context/engine-context.js";
import { copyRecipients } from "../../replay/copy-recipients.js";
import { readStoredHistory } from "../../replay/read-stored-history.js";
import { openSqliteStore } from "../../store/sqlite/open-sqlite-store.js";
import { applyRecipientsFiles } from "../open-local-engine.js";
import { type ReplayContext, runReplay } from "./run-replay.js";

/** Replays the triggers of a store. The store is opened for reading only. */
export async function replayStore(
  location: string,
  options: ReplayOptions,
  context: ReplayContext,
): Promise<ReplayReport> {
  const hasStore = location !== ":memory:" && existsSync(location);
  if (!hasStore) context.warn(`there is no store ${location}`);
  const store = hasStore ? await openSqliteStore(location, { readOnly: true }) : await openSqliteStore(":memory:");
  try {
    const now = getClockTime(await store.readClock(), Date.now());
    const history = await readStoredHistory(store, options.range, now);
    const source = {
      name: "the local store",
      history,
      hasResponses: true,
      copyRecipients: (target: typeof store, at: number) => copyRecipients(store, target, history.triggers, at),
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
  const selected = triggers.filter(({ at, trigger }) => isInRange(options.range, at, trigger.workflow));
  const source = {
    name,
    history: {
      triggers: selected.map((trigger) => ({ ...trigger, branch: null })),
      cancellations: [],
      engagements: [],
      messages: null,
      until: null,
      notes: [],
    },
    hasResponses: false,
    copyRecipients: (target: Parameters<typeof applyRecipientsFiles>[1]) =>
      applyRecipientsFiles(context.project, target),
  };
  return runReplay(source, options, context);
}
