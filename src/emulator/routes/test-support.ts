import { checkRequest } from "../../domain/request/check-request.js";
import {
  clockBodySchema,
  emptyBodySchema,
  faultBodySchema,
  idleBodySchema,
  messagesQuerySchema,
  resetBodySchema,
  seedBodySchema,
} from "../../domain/request/helper-bodies.js";
import type { MessageQuery } from "../../ports/filters.js";
import type { ClockTarget } from "../../ports/operations.js";
import { parseDuration } from "../../util/duration.js";
import type { JsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import type { Method } from "../access/route.js";
import type { AppOptions } from "../emulator-options.js";
import { ApiError, missing, unknownName } from "../http/api-error.js";
import type { Query } from "../http/query.js";
import { everywhere, knownChannels } from "../known-channels.js";
import { parseClockMove } from "./clock-move.js";

/** What the routes for tests, under `/__knock/`, are given. They need no key. */
export interface SupportCall extends AppOptions {
  query: Query;
  /** A part of the path, decoded. */
  param(name: string): string;
  body(): Promise<JsonObject>;
  /** The body as it was sent. */
  text(): Promise<string>;
  /** By lower-case name. */
  headers(): Record<string, string>;
}

export interface SupportRoute {
  on: `${Method} /__knock/${string}`;
  handle(call: SupportCall): Promise<JsonObject>;
}

const IDLE_MS = 5_000;
const MOST_MESSAGES = 1_000;

async function resetStore(call: SupportCall): Promise<JsonObject> {
  const { worker, bulk, faults, webhooks, reset } = call;
  const { keep } = checkRequest(resetBodySchema(), await call.body());
  const recipients = keep?.includes("recipients") ?? false;
  await bulk.finish(); // or its rows would come into the empty store
  faults.clear();
  await worker.exclusively(() => reset({ recipients }));
  await webhooks?.clear();
  return { reset: true, kept: recipients ? ["recipients"] : [] };
}

/** The contract's `POST clock`, section 6: answers as `knock clock --json`. */
async function moveClock(call: SupportCall): Promise<JsonObject> {
  const { operations, worker } = call;
  const asked = checkRequest(clockBodySchema(), await call.body());
  const state = await worker.exclusively(async () => {
    const now = Date.parse((await operations.readClock()).now);
    const move = parseClockMove(asked, now, await operations.nextDueAt());
    if (move.kind === "move") {
      // Read again once no other process moves the clock.
      const target: ClockTarget = (at, due) => {
        const again = parseClockMove(asked, at, due);
        return again.kind === "move" ? again.to : move.to;
      };
      return operations.moveClock(target, move);
    }
    const changed = move.kind === "reset" ? operations.resetClock() : operations.freezeClock(move.at, move);
    return { ...(await changed), ran: [] };
  });
  return state as unknown as JsonObject;
}

async function waitUntilIdle(call: SupportCall): Promise<JsonObject> {
  const { worker, bulk } = call;
  const { timeout = "" } = checkRequest(idleBodySchema(), await call.body());
  const milliseconds = parseDuration(timeout) ?? IDLE_MS;
  // An answer like the others would be taken for success by whoever does not look at it.
  const began = Date.now();
  await Promise.race([bulk.finish(), new Promise((resolve) => setTimeout(resolve, milliseconds).unref())]);
  if (!(await worker.idle(Math.max(0, milliseconds - (Date.now() - began)))))
    throw new ApiError(408, "timeout", "Something is still due");
  return { idle: true };
}

/** The newest messages with their content, oldest first, as a test wants to read them; `more` where there are others. */
async function listMessages(call: SupportCall): Promise<JsonObject> {
  const { operations, query } = call;
  checkRequest(messagesQuerySchema(), query.asObject());
  const filter: MessageQuery = {
    recipient: query.recipient("recipient"),
    workflow: query.text("workflow"),
    channel: query.text("channel"),
    workflow_run_id: query.text("workflow_run_id"),
  };
  const { items, page_info } = await operations.listMessages(filter, { limit: MOST_MESSAGES });
  if (items.length === 0) await checkKnown(filter, call);
  const full = await operations.readMessages(items.map(({ id }) => String(id)));
  return { items: full.reverse(), more: page_info.after !== null };
}

/** A test that looks for nothing under a slip would find it. A workflow may be gone, and its messages not: only near names count. */
async function checkKnown({ channel, workflow }: MessageQuery, call: SupportCall): Promise<void> {
  const all = await Promise.all(everywhere(call.definitions).map((one) => one.workflowKeys()));
  const keys = [...new Set(all.flat())];
  const near = workflow === undefined || keys.includes(workflow) ? undefined : nearest(workflow, keys);
  if (workflow !== undefined && near !== undefined) throw unknownName("workflow", workflow, keys);
  if (channel === undefined) return;
  const channels = await knownChannels(call);
  if (channels.some(({ key, id }) => key === channel || id === channel)) return;
  const ofType = channels.filter(({ type }) => type === channel);
  throw unknownName(
    "channel",
    channel,
    (ofType.length > 0 ? ofType : channels).map(({ key }) => key),
  );
}

async function addFault(call: SupportCall): Promise<JsonObject> {
  return call.faults.add(checkRequest(faultBodySchema(), await call.body()), await knownChannels(call));
}

/** Throws 404 for a path that none of these has, with those that are meant. */
export function unknownHelper(method: string, path: string): ApiError {
  const known = SUPPORT.map(({ on }) => on);
  const ofPath = known.filter((on) => on.endsWith(` ${path}`));
  const near = nearest(`${method} ${path}`, known);
  const meant = ofPath.length > 0 ? ofPath.join(" or ") : near;
  const hint = meant === undefined ? `there is ${known.join(", ")}` : `did you mean ${meant}?`;
  return missing(`There is no ${method} ${path}; ${hint}`);
}

/** A source's event, as its system sends it to the service's webhook address (section 29 of the catalogue). */
async function takeEvent({ sources, worker, body, text, headers, param }: SupportCall): Promise<JsonObject> {
  const request = { body: await body(), headers: headers(), raw_body: await text() };
  if (sources === null) throw missing();
  const receipt = await worker.exclusively(() => sources.receive(param("key"), request));
  worker.wake();
  return receipt as unknown as JsonObject;
}

export const SUPPORT: SupportRoute[] = [
  { on: "GET /__knock/ready", handle: async ({ url, port }) => ({ ready: true, url, port }) },
  { on: "POST /__knock/reset", handle: resetStore },
  {
    on: "POST /__knock/seed",
    async handle({ operations, worker, body }) {
      const content = checkRequest(seedBodySchema(), await body());
      return worker.exclusively(async () => (await operations.seed(content)) as unknown as JsonObject);
    },
  },
  { on: "GET /__knock/clock", handle: async ({ operations }) => ({ ...(await operations.readClock()) }) },
  { on: "POST /__knock/clock", handle: moveClock },
  { on: "POST /__knock/idle", handle: waitUntilIdle },
  { on: "GET /__knock/messages", handle: listMessages },
  { on: "POST /__knock/faults", handle: addFault },
  { on: "GET /__knock/faults", handle: async ({ faults }) => ({ items: faults.list() }) },
  { on: "DELETE /__knock/faults", handle: async ({ faults }) => ({ cleared: faults.clear() }) },
  { on: "POST /__knock/sources/{key}", handle: takeEvent },
  {
    on: "GET /__knock/sources",
    handle: async ({ sources }) => ({ items: (await sources?.list()) ?? [] }) as unknown as JsonObject,
  },
  {
    on: "POST /__knock/scenes",
    async handle(call) {
      checkRequest(emptyBodySchema(), await call.body());
      return { ...(await call.scenes.open()) };
    },
  },
  {
    on: "GET /__knock/scenes",
    handle: async ({ scenes }) => ({ items: scenes.list().map((scene) => ({ ...scene })) }),
  },
  {
    on: "DELETE /__knock/scenes/{id}",
    async handle({ scenes, param }) {
      await scenes.end(param("id"));
      return { ended: param("id") };
    },
  },
  { on: "GET /__knock/webhooks", handle: async ({ webhooks }) => ({ items: webhooks?.list() ?? [] }) },
];
