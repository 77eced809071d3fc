import { KnockError } from "../errors/knock-error.js";
import type { LocalOperations } from "../ports/operations.js";
import type { Store } from "../ports/store.js";
import type { StoreLogs } from "../ports/store-logs.js";
import type { Project } from "../project/open-project.js";
import { applyDataFiles } from "./open-project-store.js";
import { isPostgresLocation } from "./store-location.js";

interface OpenedStore {
  store: Store;
  location: string;
  logs: Pick<StoreLogs, "sources">;
  operations: LocalOperations;
}

/** Empties a store, and fills it from the project's files as when it is first opened. Throws `not_supported` for a database. */
export async function emptyStore(
  { store, location, logs, operations }: OpenedStore,
  project: Project,
  keep: { recipients: boolean },
): Promise<void> {
  if (isPostgresLocation(location))
    throw new KnockError("not_supported", "a PostgreSQL database is shared with others and cannot be reset", {
      hint: "Use a local file or --store :memory:, or create the database again.",
    });
  await operations.resetClock();
  await operations.clear({ keepRecipients: keep.recipients });
  await logs.sources.clear();
  await applyDataFiles(project, store);
}
