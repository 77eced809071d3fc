import { mergeUpserts } from "../domain/recipient/merge-recipient.js";
import type { RecipientsFileMark } from "../domain/request/parse-recipients-file.js";
import { resolveChannelDataIds } from "../engine/execution/build-fan-out.js";
import type { Seed, SeedStore } from "../ports/seed-store.js";
import type { Store } from "../ports/store.js";
import type { StoreControl } from "../ports/store-control.js";
import type { Project } from "../project/open-project.js";
import { SCHEDULES_FOLDER } from "../project/read-schedules.js";
import { openStore } from "./open-store.js";
import { hasStore, isPostgresLocation } from "./store-location.js";

/** Reads the recipients files whose mark is not known yet, with the IDs of their channels. */
export async function readSeeds(project: Project, known: ReadonlyMap<string, RecipientsFileMark>): Promise<Seed[]> {
  const seeds = await project.readChangedRecipients(known);
  if (seeds.length === 0) return [];
  const environment = await project.environment();
  return seeds.map((seed) => ({
    ...seed,
    recipients: seed.recipients.map((recipient) => resolveChannelDataIds(recipient, environment)),
  }));
}

/** Applies the recipients files that have changed since they were last applied. */
export async function applyRecipientsFiles(
  project: Project,
  store: SeedStore & Pick<StoreControl, "isReadOnly">,
  known: ReadonlyMap<string, RecipientsFileMark> | null = null,
): Promise<void> {
  // A read-only store is shown as it is.
  if (store.isReadOnly) return;
  const seeds = await readSeeds(project, known ?? (await store.readSeeds()));
  if (seeds.length > 0) await store.applySeeds(seeds, Date.now());
}

/**
 * Applies the schedules files that have changed since they were last applied, and deletes the schedules of removed files. The mark
 * of a file is its digest, followed by the IDs of its schedules.
 */
export async function applySchedulesFiles(
  project: Project,
  store: Store,
  known: ReadonlyMap<string, RecipientsFileMark> | null = null,
): Promise<void> {
  if (store.isReadOnly) return;
  const marks = new Map<string, { digest: string; ids: string[] }>();
  for (const [file, mark] of known ?? (await store.readSeeds())) {
    const [digest = "", ...ids] = mark.digest.split(" ");
    if (file.startsWith(`${SCHEDULES_FOLDER}/`)) marks.set(file, { digest, ids });
  }
  const digests = new Map([...marks].map(([file, { digest }]) => [file, digest]));
  const { changed, files } = await project.readChangedSchedules(digests);
  const removed = [...marks].flatMap(([file, { digest }]) =>
    digest === "" || files.includes(file) ? [] : { file, digest: "", entries: [] },
  );
  if (changed.length + removed.length === 0) return;
  const { planSchedules } = await import("../engine/resources/plan-schedules.js");
  for (const schedulesFile of [...changed, ...removed]) {
    const { file, digest } = schedulesFile;
    const plan = await planSchedules({ store, definitions: project }, schedulesFile, marks.get(file)?.ids ?? []);
    const { recipients, schedules, ids } = plan;
    const seed = { file, digest: [digest, ...ids].join(" "), recipients, subscriptions: [], audiences: [], schedules };
    await store.applySeeds([seed], Date.now());
  }
}

/** Applies the files of recipients and schedules that have changed since they were last applied. */
export async function applyDataFiles(project: Project, store: Store): Promise<void> {
  if (store.isReadOnly) return;
  // One query, because every start of a command waits for it.
  const known = await store.readSeeds();
  await applyRecipientsFiles(project, store, known);
  await applySchedulesFiles(project, store, known);
}

/** Opens the store of a project and applies its files of recipients and schedules. */
export async function openProjectStore(
  project: Project,
  location: string,
  options: Parameters<typeof openStore>[1] = {},
): Promise<Store> {
  const store = await openStore(location, { watchUsers: project.hasAudiences(), ...options });
  try {
    await applyDataFiles(project, store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Returns a view of the store in which changed recipients files are already applied. The store itself is not changed.
 */
async function overlayChangedRecipients(project: Project, store: Store): Promise<Store> {
  const seeds = await readSeeds(project, await store.readSeeds());
  if (seeds.length === 0) return store;
  const changed = new Map(seeds.flatMap(({ recipients }) => recipients.map((upsert) => [upsert.key, upsert] as const)));
  return {
    ...store,
    readRecipients: async (keys) =>
      mergeUpserts(
        await store.readRecipients(keys),
        keys.flatMap((key) => changed.get(key) ?? []),
        Date.now(),
      ),
  };
}

/** Returns whether a location is a database without a store. */
async function isEmptyDatabase(location: string): Promise<boolean> {
  if (!isPostgresLocation(location)) return false;
  const { inspectDatabase } = await import("../store/postgres/open-postgres-store.js");
  return (await inspectDatabase(location)).isEmpty;
}

/** Opens the store of a project for a check. A missing store is not created, and an existing one is not changed. */
export async function openStoreForCheck(project: Project, location: string): Promise<Store> {
  if (!hasStore(location) || (await isEmptyDatabase(location))) return openProjectStore(project, ":memory:");
  const store = await openStore(location);
  try {
    return await overlayChangedRecipients(project, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}
