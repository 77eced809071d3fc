import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { checkRequest } from "../../../../domain/request/check-request.js";
import { faultBodySchema } from "../../../../domain/request/helper-bodies.js";
import { listKnownChannels } from "../../../../ports/known-channels.js";
import type { ServedEngine } from "../../../../ports/served-engine.js";
import { checkOrigin } from "../access/check-host-and-origin.js";
import type { HandlerOptions } from "../emulator-options.js";
import type { RequestContext } from "../http/request-context.js";
import type { Router } from "../http/router.js";
import { resetStore } from "./reset-store.js";

const METHODS = ["GET", "POST", "DELETE"];

/** Returns the engine of an app for services. Its clock moves while no due work runs, as with the app's own routes. */
function createServedEngine(options: HandlerOptions): ServedEngine {
  const { faults, worker } = options;
  const { operations, store } = options;
  const exclusively = <A extends unknown[], R>(method: (...values: A) => Promise<R>) => ({
    value: (...values: A): Promise<R> => worker.runExclusively(() => method.apply(operations, values)),
  });
  return {
    operations: Object.create(operations, {
      moveClock: exclusively(operations.moveClock),
      freezeClock: exclusively(operations.freezeClock),
      resetClock: exclusively(operations.resetClock),
    }),
    store,
    faults: {
      add: async (body) => faults.add(checkRequest(faultBodySchema(), body), await listKnownChannels(options)),
      list: () => faults.list(),
      clear: () => faults.clear(),
    },
    reset: (keep) => resetStore(options, keep),
  };
}

/** Returns the request in the form of web standards. It is aborted when the client disconnects. */
async function toWebRequest(context: RequestContext, url: string): Promise<Request> {
  const { method, headers, path, response } = context;
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  const body = method === "POST" ? await context.readText() : null;
  return new Request(`${url}${path}`, { method, headers, body, signal: closed.signal });
}

/** Sends a response, whose body may be a stream of events. */
async function sendWebResponse({ response: outgoing }: RequestContext, response: Response): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  try {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
  } catch {
    // The client has disconnected.
  }
}

/** Serves what optional parts of the program add to the server. */
export function serveServices(routes: Router, options: HandlerOptions): void {
  for (const { path, open } of options.services ?? []) {
    let opened: ReturnType<typeof open> | undefined;
    for (const method of METHODS)
      routes.add(`${method} ${path}`, async (context) => {
        checkOrigin(context, options);
        opened ??= open(createServedEngine(options));
        const handle = await opened.catch((error: unknown) => {
          opened = undefined; // The next request tries again.
          throw error;
        });
        await sendWebResponse(context, await handle(await toWebRequest(context, options.url)));
      });
  }
}
