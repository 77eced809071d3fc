import { Agent, request as sendRequest } from "node:http";
import { resolve } from "node:path";
import fc from "fast-check";
import { PAGE_ROUTES } from "../../../../src/features/dev/emulator/page/page-routes.js";
import { ROUTES } from "../../../../src/features/dev/emulator/route-table.js";
import { SUPPORT_ROUTES } from "../../../../src/features/dev/emulator/routes/support-routes.js";
import { isJsonObject, type Json } from "../../../../src/util/json.js";
import { listResponseViolations } from "../../../helpers/api-description.js";
import { arbitraryChange } from "../../../helpers/json-arbitraries.js";
import { openProjectApi, readProjectFiles } from "../../../helpers/project-emulator.js";
import { checkPrintable, type FuzzTarget } from "../fuzz-target.js";
import { hostileText, hostileValue, textChange } from "../hostile-values.js";
import { QUERY_NAMES, REQUEST_BODIES } from "../request-samples.js";

interface HttpInput {
  method: string;
  /** The path with its query, encoded. */
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

interface HttpAnswer {
  status: number;
  type: string;
  text: string;
}

/** Routes that are not in a table. */
const OTHER_ENDPOINTS = [
  "GET /v1/openapi",
  "GET /preferences/{token}",
  "POST /preferences/{token}",
  "POST /unsubscribe/{token}",
  "GET /t/{token}",
  "GET /o/{token}",
  "GET /",
  "GET /ws/v1/websocket",
  "OPTIONS /v1/users/{user_id}/feeds/{channel_id}",
];
/** It waits until nothing is due, for as long as its body says. */
const EXCLUDED = ["POST /__knock/idle"];

const ENDPOINTS = [...ROUTES, ...SUPPORT_ROUTES, ...PAGE_ROUTES]
  .map(({ endpoint }): string => endpoint)
  .concat(OTHER_ENDPOINTS)
  .filter((endpoint) => !EXCLUDED.includes(endpoint));

/**
 * Values that exist in the project, by the part of the path before them. `@message` and the like are replaced by an ID that
 * an earlier response contained.
 */
const KNOWN_PARTS: Record<string, string> = {
  users: "ada grace lin alan katherine",
  objects: "projects",
  projects: "p1 p2",
  tenants: "acme globex",
  messages: "@message",
  batch: "content",
  workflows: "new-comment welcome invite order-placed page-created page-shared",
  feeds: "in-app-feed",
  channels: "in-app-feed sendgrid slack",
  slack: "slack",
  preferences: "default acme",
  sources: "billing",
  audiences: "none",
  schedules: "@schedule",
  workflow_recipient_runs: "@run",
  runs: "@run",
  guides: "in-app-guide first-page",
  types: "email push",
  bulk: "read seen archived interacted delete",
};

/** Values of query parameters and headers. */
const KNOWN_VALUES = (
  "ada grace projects p1 acme default new-comment in-app-feed email @message @run @schedule @cursor @id read seen 1 50 true " +
  "false only exclude {} [] 2026-11-27T10:00:00Z"
).split(" ");

/** Encodes any text, also one with lone surrogates. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

const value = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(...KNOWN_VALUES).map((text) => (text.startsWith("@") ? text : encode(text))),
  },
  { weight: 2, arbitrary: hostileText.filter((text) => text.length < 1_000).map(encode) },
  { weight: 1, arbitrary: fc.constantFrom("", "%", "%00", "%2e%2e", "%FF%FE", "..", ".", "a%2Fb", "+", "[", "%5B%5D") },
);

/** Generates a value in one of `count` cases, and null in the others. */
const rarely = <T>(count: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: count - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** Chooses the value of a path parameter: one that is known for its place, or any other. */
const choice = fc.record({ at: fc.nat(20), other: rarely(5, value) });

function fillPath(path: string, choices: readonly { at: number; other: string | null }[]): string {
  const [...remaining] = choices;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    const { at = 0, other = null } = part.startsWith("{") ? (remaining.shift() ?? {}) : {};
    const parent = parts.at(-1) ?? "";
    const known = (Object.hasOwn(KNOWN_PARTS, parent) ? (KNOWN_PARTS[parent] as string) : "@id").split(" ");
    parts.push(part.startsWith("{") ? (other ?? known[at % known.length] ?? "") : part);
  }
  return parts.join("/");
}

const pair = fc.tuple(
  fc.oneof(
    fc.constantFrom(...QUERY_NAMES),
    hostileText.map((text) => encode(text.slice(0, 50))),
  ),
  value,
);
const query = fc.array(pair, { maxLength: 4 }).map((pairs) => pairs.map((one) => one.join("=")).join("&"));

const FIELDS = [
  "recipients",
  "data",
  "settings",
  "name",
  "users",
  "objects",
  "preferences",
  "message_ids",
  "id",
  "collection",
];
const json = hostileValue(...FIELDS);
const change = arbitraryChange(json);

/** Generates the change of a valid body into the one that is sent. */
const bodyChange = fc.oneof(
  { weight: 2, arbitrary: fc.constant((body: Json) => JSON.stringify(body)) },
  { weight: 5, arbitrary: change.map((apply) => (body: Json) => JSON.stringify(apply(body))) },
  { weight: 1, arbitrary: textChange().map((apply) => (body: Json) => apply(JSON.stringify(body))) },
  { weight: 1, arbitrary: json.map((other) => () => JSON.stringify(other)) },
);

const headers = fc
  .record({
    authorization: fc.oneof(
      { weight: 30, arbitrary: fc.constant("Bearer sk_test") },
      { weight: 2, arbitrary: fc.constant("Bearer pk_test") },
      {
        weight: 1,
        arbitrary: fc.constantFrom("", "Bearer", "Bearer  sk_x", "Basic eA==", "Bearer knock_st_x", "sk_test"),
      },
    ),
    "content-type": fc.constantFrom("application/json", "text/plain", "", "application/json; charset=utf-16"),
    extra: rarely(
      4,
      fc.tuple(
        fc.constantFrom(
          "x-knock-branch",
          "x-knock-user-token",
          "idempotency-key",
          "origin",
          "host",
          "x-knock-scene",
          "referer",
        ),
        fc
          .oneof(fc.constantFrom(...KNOWN_VALUES), hostileText)
          .map((text) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "?").slice(0, 2_000)),
      ),
    ),
  })
  .map(
    ({ extra, ...others }): Record<string, string> => ({
      ...others,
      ...(extra === null ? {} : { [extra[0]]: extra[1] }),
    }),
  );

const inputs = fc
  .record({
    endpoint: fc.constantFrom(...ENDPOINTS),
    otherMethod: rarely(20, fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")),
    choices: fc.array(choice, { minLength: 4, maxLength: 4 }),
    query,
    headers,
    bodyChange,
  })
  .map(({ endpoint, otherMethod, choices, query: search, headers: sent, bodyChange: toBody }): HttpInput => {
    const [method = "", path = ""] = endpoint.split(" ");
    const filled = fillPath(path, choices);
    const [, sample = {}] = REQUEST_BODIES.find(([pattern]) => pattern.test(path)) ?? [];
    const url = search === "" ? filled : `${filled}?${search}`;
    return { method: otherMethod ?? method, url, headers: sent, body: method === "GET" ? null : toBody(sample) };
  });

/** Remembers IDs of responses, so that later requests can refer to them. */
class KnownIds {
  private readonly ids: Record<string, string> = {
    message: "none",
    run: "none",
    schedule: "none",
    cursor: "none",
    id: "none",
  };

  /** Replaces the placeholders in a text. */
  fill(text: string): string {
    return text.replaceAll(/@(message|run|schedule|cursor|id)\b/g, (_all, kind: string) => this.ids[kind] ?? "");
  }

  collect(document: unknown): void {
    if (!isJsonObject(document)) return;
    const info = isJsonObject(document.page_info) ? document.page_info : {};
    if (typeof info.after === "string") this.ids.cursor = encode(info.after);
    if (typeof document.workflow_run_id === "string") this.ids.run = document.workflow_run_id;
    const items = Array.isArray(document.items) ? document.items : [document];
    const [item] = items.filter(isJsonObject);
    if (typeof item?.id !== "string") return;
    this.ids.id = encode(item.id);
    if (item.__typename === "Message") this.ids.message = item.id;
    if (item.__typename === "Schedule") this.ids.schedule = item.id;
  }
}

/** Sends a request. An event stream is closed after its headers. */
function send(agent: Agent, base: string, { method, url, headers: sent, body }: HttpInput): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const bytes = body === null ? undefined : Buffer.from(body);
    const length = bytes === undefined ? {} : { "content-length": String(bytes.length) };
    const { hostname, port } = new URL(base);
    const options = { agent, method, hostname, port, path: url, headers: { ...length, ...sent } };
    const request = sendRequest(options, async (response) => {
      const type = response.headers["content-type"] ?? "";
      const answer = { status: response.statusCode ?? 0, type, text: "" };
      if (type.startsWith("text/event-stream")) {
        response.destroy();
        return resolve(answer);
      }
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ ...answer, text: Buffer.concat(chunks).toString() });
    });
    request.on("error", reject).end(bytes);
  });
}

const COLLAB = resolve(import.meta.dirname, "../../../../fixtures/collab");

/** Requests of `knock dev`, through a socket. Responses conform to the description of the API. */
export const httpTarget: FuzzTarget<HttpInput> = {
  name: "http",
  runs: 60_000,
  shortRuns: 400,
  // A request that moves the clock runs everything that becomes due.
  maxMilliseconds: 5_000,
  inputs,
  async open() {
    const api = await openProjectApi(readProjectFiles(COLLAB), { logsRequests: true });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ids = new KnownIds();
    return {
      async check(input) {
        const request = { ...input, url: ids.fill(input.url), body: input.body === null ? null : ids.fill(input.body) };
        const { status, type, text } = await send(agent, api.url, request);
        const told = `${status} ${text.slice(0, 500)}`;
        if (status >= 500 && status !== 501) throw new Error(told);
        for (const line of api.stderrLines.splice(0)) {
          checkPrintable(line);
          if (/internal error/i.test(line)) throw new Error(line);
        }
        if (!type.startsWith("application/json") || request.method === "HEAD") return;
        const document: unknown = JSON.parse(text);
        const url = new URL(request.url, api.url);
        // `URL` resolves `..`, which names another operation then.
        const isSent = request.url.startsWith(url.pathname);
        const violations = isSent ? listResponseViolations(request.method, url, status, document) : [];
        // Conditions of preferences and data of channels are returned as they were written.
        const unexpected = violations.filter(
          (violation) => !/^\[?(?:List\w+)?PreferenceSet|^ChannelData\.data/.test(violation),
        );
        if (unexpected.length > 0) throw new Error(`${unexpected.join(", ")} in ${told}`);
        ids.collect(document);
      },
      async close() {
        agent.destroy();
        await api.close();
      },
    };
  },
};
