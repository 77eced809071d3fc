import type { SourceLog } from "../ports/source-service.js";
import type { Store } from "../ports/store.js";

/** Opens a store's log of events at the first event, because loading its code takes a twentieth of a run of one scenario. */
export function openLogLater(store: Store): SourceLog {
  let opened: Promise<SourceLog> | undefined;
  const open = (): Promise<SourceLog> => {
    opened ??= store.openLogs().then(({ sources }) => sources);
    return opened;
  };
  return {
    begin: async (event, now) => (await open()).begin(event, now),
    finish: async (...outcome) => (await open()).finish(...outcome),
    list: async (source, page) => (await open()).list(source, page),
    clear: async () => (await opened)?.clear(),
  };
}
