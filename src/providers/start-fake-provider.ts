import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { KnockError } from "../errors/knock-error.js";
import { findNearest } from "../util/find-nearest.js";
import type { Json, JsonObject } from "../util/json.js";
import type {
  FakeEvent,
  FakeFailure,
  FakeHandler,
  FakeIncoming,
  FakeOutgoing,
  FakeRequest,
  FakeResponse,
  FakeVendor,
} from "./fake-vendor.js";
import { VENDOR_FAKES } from "./vendor-fakes.js";

export type FakeProviderName = keyof typeof VENDOR_FAKES;

/** A request with the status of its response. */
type AnsweredRequest = FakeRequest & { status: number };

/** A running fake, as `FakeProvider` of the testing API describes it. */
export type StartedFake = Awaited<ReturnType<typeof startFakeProvider>>;

/** The largest body that is read. It is larger than what any vendor accepts. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

async function readBody(incoming: FakeIncoming): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Returns the fields of a form. A repeated field is a list, and a file is its name. */
function collectFields(entries: Iterable<[string, string | File]>): JsonObject {
  const fields: JsonObject = {};
  for (const [name, entry] of entries) {
    const value = typeof entry === "string" ? entry : entry.name;
    const known = fields[name];
    fields[name] = known === undefined ? value : [known, value].flat();
  }
  return fields;
}

async function parseBody(bytes: Buffer, type: string): Promise<Json> {
  try {
    if (type.startsWith("application/x-www-form-urlencoded"))
      return collectFields(new URLSearchParams(bytes.toString("utf8")));
    if (type.startsWith("multipart/form-data"))
      return collectFields(await new Response(new Uint8Array(bytes), { headers: { "content-type": type } }).formData());
    return JSON.parse(bytes.toString("utf8")) as Json;
  } catch {
    return null;
  }
}

async function readRequest(incoming: FakeIncoming): Promise<FakeRequest> {
  const bytes = await readBody(incoming);
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://fake");
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  return {
    method: incoming.method ?? "GET",
    path: pathname,
    query: searchParams,
    headers,
    body: await parseBody(bytes, headers["content-type"] ?? ""),
    text: bytes.toString("utf8"),
  };
}

function send(response: FakeOutgoing, { status, headers = {}, body }: FakeResponse): void {
  const isText = typeof body === "string";
  response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json", ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

/** Returns an error for an unknown name, with the nearest known one. */
function createUnknownError(what: string, name: string, known: readonly string[]): KnockError {
  const near = findNearest(name, known);
  return new KnockError("invalid_params", `there is no ${what} "${name}"`, {
    hint: near === undefined ? `It may be ${known.join(", ")}.` : `Did you mean "${near}"?`,
  });
}

/** Starts a fake of a provider on a free port of this machine. Throws `invalid_params` for an unknown provider. */
export async function startFakeProvider(name: FakeProviderName) {
  const load = Object.hasOwn(VENDOR_FAKES, name) ? VENDOR_FAKES[name] : undefined;
  if (load === undefined) throw createUnknownError("fake of a provider", name, Object.keys(VENDOR_FAKES));
  const vendor: FakeVendor = await load();
  const requests: AnsweredRequest[] = [];
  const failing: FakeFailure[] = [];
  const handler: FakeHandler = {
    async serve(incoming, outgoing) {
      const request = await readRequest(incoming);
      const response = handler.answer(request);
      handler.keep(request, response);
      send(outgoing, response);
    },
    answer(request) {
      const line = `${request.method} ${request.path}`;
      const index = failing.findIndex(({ request: pattern }) => pattern?.test(line) ?? true);
      const [failure] = index < 0 ? [] : failing.splice(index, 1);
      return failure ?? vendor.respond(request);
    },
    keep: (request, { status }) => void requests.push({ ...request, status }),
  };
  const server = vendor.createServer?.(handler) ?? createServer(handler.serve);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `${vendor.scheme ?? "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url,
    settings: { ...vendor.settings, ...(vendor.locate?.(url) ?? { base_url: url }) } as Readonly<
      Record<string, string>
    >,
    requests,
    failures: vendor.failures,
    failNext(failure: string, times = 1): void {
      const found = Object.hasOwn(vendor.failures, failure) ? vendor.failures[failure] : undefined;
      if (found === undefined) throw createUnknownError(`failure of ${name}`, failure, Object.keys(vendor.failures));
      for (let count = 0; count < times; count++) failing.push(found);
    },
    async sendEvent(to: string, event: Omit<FakeEvent, "at"> & { at?: number }): Promise<number> {
      if (vendor.buildWebhook === undefined)
        throw new KnockError("invalid_params", `${name} reports no events`, { hint: "Its messages stay sent." });
      const {
        method = "POST",
        url: target = to,
        headers,
        body,
      } = vendor.buildWebhook({ at: Date.now(), ...event }, to);
      const response = await fetch(target, { method, headers, body: method === "GET" ? null : body });
      await response.arrayBuffer();
      return response.status;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
