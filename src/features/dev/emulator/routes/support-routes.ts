import { checkRequest } from "../../../../domain/request/check-request.js";
import {
  clockBodySchema,
  emptyBodySchema,
  faultBodySchema,
  idleBodySchema,
  messagesQuerySchema,
  resetBodySchema,
  seedBodySchema,
} from "../../../../domain/request/helper-bodies.js";
import type { MessageQuery } from "../../../../ports/filters.js";
import { listDefinitionSources, listKnownChannels } from "../../../../ports/known-channels.js";
import { findUnidentifiedRecipient, isWorkflowStored } from "../../../../ports/known-names.js";
import type { ClockTarget } from "../../../../ports/operations.js";
import { parseDuration } from "../../../../util/duration.js";
import { findNearest } from "../../../../util/find-nearest.js";
import type { JsonObject } from "../../../../util/json.js";
import type { EmulatorOptions } from "../emulator-options.js";
import { ApiError, createInvalidFieldError, createNotFoundError, createUnknownNameError } from "../http/api-error.js";
import { parseClockMove } from "./parse-clock-move.js";
import { resetStore } from "./reset-store.js";
import { receiveSourceEvent } from "./serve-source-events.js";
import { SNAPSHOT_ROUTES } from "./snapshot-routes.js";
import type { SupportContext, TestRoute } from "./support-route.js";

const DEFAULT_IDLE_TIMEOUT_MS = 5_000;
const MAX_MESSAGES = 1_000;

async function handleReset(context: SupportContext): Promise<JsonObject> {
  const { keep } = checkRequest(resetBodySchema(), await context.body());
  const recipients = keep?.includes("recipients") ?? false;
  await resetStore(context, { recipients });
  return { reset: true, kept: recipients ? ["recipients"] : [] };
}

/** Moves the clock (`POST /__knock/clock`). Returns the result of `knock clock --json`. */
async function moveClock(context: SupportContext): Promise<JsonObject> {
  const { operations, worker } = context;
  const body = checkRequest(clockBodySchema(), await context.body());
  const state = await worker.runExclusively(async () => {
    const now = Date.parse((await operations.readClock()).now);
    const move = parseClockMove(body, now, await operations.readNextDueAt());
    if (move.kind === "move") {
      // The target is computed again inside the move, when no other process can move the clock.
      const target: ClockTarget = (at, due) => {
        const nextMove = parseClockMove(body, at, due);
        return nextMove.kind === "move" ? nextMove.to : move.to;
      };
      return operations.moveClock(target, move);
    }
    const changed = move.kind === "reset" ? operations.resetClock() : operations.freezeClock(move.at, move);
    return { ...(await changed), ran: [] };
  });
  return state as unknown as JsonObject;
}

async function waitUntilIdle(context: SupportContext): Promise<JsonObject> {
  const { worker, bulkOperations: bulk } = context;
  const { timeout = "" } = checkRequest(idleBodySchema(), await context.body());
  const milliseconds = parseDuration(timeout) ?? DEFAULT_IDLE_TIMEOUT_MS;
  // A timeout is an error, because a client that ignores the response would take any other one for success.
  const startedAt = Date.now();
  await Promise.race([bulk.waitUntilDone(), new Promise((resolve) => setTimeout(resolve, milliseconds).unref())]);
  if (!(await worker.waitUntilIdle(Math.max(0, milliseconds - (Date.now() - startedAt)))))
    throw new ApiError(408, "timeout", "Something is still due");
  return { idle: true };
}

/**
 * Returns the newest messages with their content, oldest first, which suits tests. `more` is true if there are others.
 */
async function listMessages(context: SupportContext): Promise<JsonObject> {
  const { operations, query } = context;
  checkRequest(messagesQuerySchema(), query.toObject());
  const filter: MessageQuery = {
    recipient: query.recipient("recipient"),
    workflow: query.text("workflow"),
    channel: query.text("channel"),
    workflow_run_id: query.text("workflow_run_id"),
  };
  const { items, page_info } = await operations.listMessages(filter, { limit: MAX_MESSAGES });
  if (items.length === 0) await checkFilterNames(filter, context);
  const full = await operations.readMessages(items.map(({ id }) => String(id)));
  return { items: full.reverse(), more: page_info.after !== null };
}

/**
 * Throws 422 for an unknown name in a filter, because a test that expects no messages would pass with a typo. A workflow or
 * channel that is in no file is known if the store has something of it.
 */
async function checkFilterNames(filter: MessageQuery, context: SupportContext): Promise<void> {
  const { channel, workflow, recipient, workflow_run_id: run } = filter;
  const { operations } = context;
  if (workflow !== undefined) await checkWorkflow(workflow, context);
  if (channel !== undefined) await checkChannel(channel, context);
  if (run !== undefined && (await operations.readWorkflowRun(run)) === null)
    throw createInvalidFieldError("workflow_run_id", `is unknown: ${JSON.stringify(run)}`);
  const unidentified = recipient && (await findUnidentifiedRecipient(recipient, operations.resources));
  if (!unidentified) return;
  const { description, suggestedId } = unidentified;
  const hint = suggestedId === null ? "it was never identified" : `did you mean ${JSON.stringify(suggestedId)}?`;
  throw createInvalidFieldError("recipient", `is unknown: ${description}; ${hint}`);
}

async function checkWorkflow(workflow: string, context: SupportContext): Promise<void> {
  const all = await Promise.all(listDefinitionSources(context.definitions).map((source) => source.workflowKeys()));
  const keys = [...new Set(all.flat())];
  const senders = context.listOtherSenders?.() ?? [];
  if (keys.includes(workflow) || senders.includes(workflow)) return;
  if (!(await isWorkflowStored(workflow, context.operations))) throw createUnknownNameError("workflow", workflow, keys);
}

async function checkChannel(channel: string, context: SupportContext): Promise<void> {
  const channels = await listKnownChannels(context);
  if (channels.some(({ key, id }) => key === channel || id === channel)) return;
  if ((await context.operations.listMessages({ channel }, { limit: 1 })).items.length > 0) return;
  const ofType = channels.filter(({ type }) => type === channel);
  throw createUnknownNameError(
    "channel",
    channel,
    (ofType.length > 0 ? ofType : channels).map(({ key }) => key),
  );
}

async function addFault(context: SupportContext): Promise<JsonObject> {
  return context.faults.add(checkRequest(faultBodySchema(), await context.body()), await listKnownChannels(context));
}

/** Returns a 404 for an unknown path, with the closest known routes. `services` are the routes of other features. */
export function createUnknownSupportRouteError(
  { method, path }: { method: string; path: string },
  services: EmulatorOptions["services"] = [],
): ApiError {
  const known = [...SUPPORT_ROUTES, ...services].flatMap(({ endpoint }) => endpoint ?? []);
  const endpointsOfPath = known.filter((endpoint) => endpoint.endsWith(` ${path}`));
  const near = findNearest(`${method} ${path}`, known);
  const suggestion = endpointsOfPath.length > 0 ? endpointsOfPath.join(" or ") : near;
  const hint = suggestion === undefined ? `there is ${known.join(", ")}` : `did you mean ${suggestion}?`;
  return createNotFoundError(`There is no ${method} ${path}; ${hint}`);
}

export const SUPPORT_ROUTES: TestRoute[] = [
  {
    endpoint: "GET /__knock/ready",
    summary: "Report that requests are answered and the store can be written. The status is 503 if it cannot",
    async handle({ operations, url, port }) {
      await operations.checkWritable();
      return { ready: true, url, port };
    },
  },
  {
    endpoint: "POST /__knock/reset",
    summary: "Empty the store, and load the project's recipients files again",
    input: resetBodySchema,
    handle: handleReset,
  },
  {
    endpoint: "POST /__knock/seed",
    summary: "Add recipients, in the format of a recipients file",
    input: seedBodySchema,
    async handle({ operations, worker, body }) {
      const content = checkRequest(seedBodySchema(), await body());
      return worker.runExclusively(async () => (await operations.seedRecipients(content)) as unknown as JsonObject);
    },
  },
  {
    endpoint: "GET /__knock/clock",
    summary: "Return the time of the clock",
    handle: async ({ operations }) => ({ ...(await operations.readClock()) }),
  },
  {
    endpoint: "POST /__knock/clock",
    summary: "Move the clock and run the work that becomes due, as `knock clock --json` does",
    input: clockBodySchema,
    handle: moveClock,
  },
  {
    endpoint: "POST /__knock/idle",
    summary: "Wait until nothing is due. The status is 408 after the timeout",
    input: idleBodySchema,
    handle: waitUntilIdle,
  },
  {
    endpoint: "GET /__knock/messages",
    summary: "Return the newest 1,000 messages with their content, oldest first",
    input: messagesQuerySchema,
    handle: listMessages,
  },
  {
    endpoint: "POST /__knock/faults",
    summary: "Make deliveries of a channel fail. A sandboxed channel is then retried like a real one",
    input: faultBodySchema,
    handle: addFault,
  },
  {
    endpoint: "GET /__knock/faults",
    summary: "List the faults",
    handle: async ({ faults }) => ({ items: faults.list() }),
  },
  {
    endpoint: "DELETE /__knock/faults",
    summary: "Remove all faults",
    handle: async ({ faults }) => ({ cleared: faults.clear() }),
  },
  {
    endpoint: "POST /__knock/sources/{key}",
    summary: "Receive an event of a source, as the source would send it to the service",
    async handle({ param, body, headers, readText, ...options }) {
      const request = { body: await body(), headers: headers(), raw_body: await readText() };
      return (await receiveSourceEvent(param("key"), request, options)) as unknown as JsonObject;
    },
  },
  {
    endpoint: "GET /__knock/sources",
    summary: "List the sources",
    handle: async ({ sources }) => ({ items: (await sources?.list()) ?? [] }) as unknown as JsonObject,
  },
  {
    endpoint: "POST /__knock/scenes",
    summary: "Start a scene: a separate store, clock and base URL for one test",
    input: emptyBodySchema,
    async handle(context) {
      checkRequest(emptyBodySchema(), await context.body());
      return { ...(await context.scenes.open()) };
    },
  },
  {
    endpoint: "GET /__knock/scenes",
    summary: "List the scenes",
    handle: async ({ scenes }) => ({ items: scenes.list().map((scene) => ({ ...scene })) }),
  },
  {
    endpoint: "DELETE /__knock/scenes/{id}",
    summary: "End a scene and delete its data",
    async handle({ scenes, param }) {
      await scenes.end(param("id"));
      return { ended: param("id") };
    },
  },
  ...SNAPSHOT_ROUTES,
  {
    endpoint: "GET /__knock/webhooks",
    summary: "List the deliveries of webhooks with their attempts",
    handle: async ({ webhooks }) => ({ items: webhooks?.list() ?? [] }),
  },
];
