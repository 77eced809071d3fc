import { checkRequest } from "../../../../domain/request/check-request.js";
import { snapshotBodySchema } from "../../../../domain/request/helper-bodies.js";
import type { JsonObject } from "../../../../util/json.js";
import type { SupportContext, TestRoute } from "./support-route.js";

/** Saves the store while no work runs, so that none is in progress in the snapshot. */
async function saveSnapshot({ body, bulkOperations, worker, snapshots }: SupportContext): Promise<JsonObject> {
  const { name, force } = checkRequest(snapshotBodySchema(), await body());
  await bulkOperations.waitUntilDone();
  return worker.runExclusively(() => snapshots.save(name, force ?? false));
}

/** Brings a snapshot back. Webhook events of the replaced data are removed, and sockets get the restored feeds. */
async function restoreSnapshot(context: SupportContext): Promise<JsonObject> {
  const { bulkOperations, worker, snapshots, webhooks, param } = context;
  await bulkOperations.waitUntilDone(); // otherwise its rows would be written to the restored store
  const restored = await worker.runExclusively(() => snapshots.restore(param("name")));
  await webhooks?.clear();
  await context.onRestored();
  return restored;
}

export const SNAPSHOT_ROUTES: TestRoute[] = [
  {
    endpoint: "POST /__knock/snapshots",
    summary: "Save all data, the clock and the faults of the scene in memory, under a name",
    input: snapshotBodySchema,
    handle: saveSnapshot,
  },
  {
    endpoint: "GET /__knock/snapshots",
    summary: "List the snapshots of the scene",
    handle: async ({ snapshots }) => ({ items: snapshots.list() }),
  },
  {
    endpoint: "POST /__knock/snapshots/{name}/restore",
    summary: "Go back to a snapshot of the scene",
    handle: restoreSnapshot,
  },
  {
    endpoint: "DELETE /__knock/snapshots/{name}",
    summary: "Delete a snapshot of the scene",
    async handle({ snapshots, param }) {
      snapshots.delete(param("name"));
      return { deleted: param("name") };
    },
  },
];
