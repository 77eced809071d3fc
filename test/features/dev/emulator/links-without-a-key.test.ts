import { generateKeyPairSync, sign } from "node:crypto";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { ROUTES } from "../../../../src/features/dev/emulator/route-table.js";
import { migratePostgresStore } from "../../../../src/store/postgres/open-postgres-store.js";
import { createUuidV5 } from "../../../../src/util/ids.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { eventually } from "../../../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../../../helpers/postgres-server.js";
import { TO_FIRST_VERSION as POSTGRES_TO_FIRST_VERSION } from "../../../helpers/postgres-tables.js";
import { openProjectApi, type ProjectApi } from "../../../helpers/project-emulator.js";
import { TO_FIRST_VERSION } from "../../../helpers/sqlite-tables.js";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const KNOCK_SIGNING_KEY = String(privateKey.export({ type: "pkcs8", format: "pem" }));

function signUser(sub: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ sub, exp: Math.floor(Date.now() / 1_000) + 600 })}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
}

const TRACKED = { channel_overrides: { link_tracking: true, open_tracking: true } };
const ANCHOR = '<a href="https://lark.test/a">A</a>';
const VARS = "{{ vars.commercial_unsubscribe_url }} {{ vars.manage_preferences_url }}";
const FILES = {
  "knock/environment.json": { enhanced_security: true, signing_key: "$KNOCK_SIGNING_KEY" },
  "knock/workflows/sale/workflow.json": {
    name: "Sale",
    settings: { is_commercial: true },
    steps: [
      {
        ref: "email_1",
        type: "channel",
        channel_type: "email",
        channel_key: "mail",
        ...TRACKED,
        template: { subject: "S", html_body: `${ANCHOR}<p>${VARS}</p>`, settings: {} },
      },
      {
        ref: "sms_1",
        type: "channel",
        channel_type: "sms",
        channel_key: "text",
        channel_overrides: { link_tracking: true },
        template: { text_body: "See https://lark.test/sms" },
      },
      {
        ref: "feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel_key: "feed",
        channel_overrides: { link_tracking: true },
        template: { markdown_body: `[A](https://lark.test/a) ${VARS}` },
      },
    ],
  },
  "knock/recipients/people.json": {
    users: ["ada", "bo"].map((id) => ({ id, email: `${id}@lark.test`, phone_number: "+32470000000" })),
  },
};

let api: ProjectApi | undefined;
afterEach(() => api?.close());

type Link = { kind: "unsubscribe" | "preferences" | "link" | "open" | "short"; path: string };

/** Returns the path of every link in a text that works without a key. */
function findLinks(text: string, url: string): Link[] {
  const paths = text.split(url).flatMap((after, index) => (index === 0 ? [] : (/^\/[\w./-]+/.exec(after)?.[0] ?? [])));
  return [...new Set(paths)].map((path) => {
    const [, kind = ""] = /^\/(unsubscribe|preferences|l|o)\//.exec(path) ?? [];
    return { kind: ({ l: "link", o: "open", "": "short" }[kind] ?? kind) as Link["kind"], path };
  });
}

async function readStatus(path: string): Promise<number> {
  return (await fetch(`${api?.url}${path}`, { redirect: "manual" })).status;
}

/** Returns everything that a user reads with a public key and a user token, from all routes that they open. */
async function readAllAs(user: string, { url }: ProjectApi): Promise<string> {
  const headers = { authorization: "Bearer pk_test", "x-knock-user-token": signUser(user) };
  const texts: string[] = [];
  const read = async (path: string): Promise<string> => {
    const answer = await fetch(`${url}${path}`, { headers });
    const text = `${JSON.stringify([...answer.headers])} ${await answer.text()}`;
    texts.push(text);
    return text;
  };
  const feed = await read(`/v1/users/${user}/feeds/feed`);
  const ids = new Set(feed.match(/\b[0-9A-Za-z]{27}\b/g));
  expect(ids.size).toBeGreaterThan(0);
  for (const { endpoint, publicAccess } of ROUTES) {
    const [method, path = ""] = endpoint.split(" ");
    if (method !== "GET" || publicAccess === undefined) continue;
    for (const message of path.includes("{message_id}") ? ids : [""])
      await read(
        path
          .replace("{user_id}", user)
          .replace("{message_id}", message)
          .replace(/\{(?:feed_)?channel_id\}|\{feed_id\}/, "feed")
          .replace(/\{\w+\}/g, "default"),
      );
  }
  return texts.join("\n");
}

/** An email with the links that older versions wrote, and tracked links of this version. */
const OLD_FILES = {
  "knock/workflows/old/workflow.json": {
    name: "Old",
    settings: { is_commercial: true },
    steps: [
      {
        ref: "email_1",
        type: "channel",
        channel_type: "email",
        channel_key: "mail",
        ...TRACKED,
        template: {
          subject: "S",
          settings: {},
          html_body: `${ANCHOR}<img src="/o/{{ current_message.id }}.png">`,
        },
      },
    ],
  },
};

/** Returns the paths of the links without a token that the messages of a user have in older versions, oldest message first. */
async function listOldLinks({ request }: ProjectApi): Promise<string[][]> {
  const messages = (await request("GET /v1/messages")).body.items as JsonObject[];
  return messages.reverse().map(({ id, recipient, source }) => {
    const run = createUuidV5(String((source as JsonObject).workflow_run_id), `gid://User/${recipient}`);
    return [`/unsubscribe/${run}`, `/preferences/${run}`, `/l/${id}/0`, `/${String(id).slice(-9)}0`, `/o/${id}.png`];
  });
}

async function checkOldLinks(store: string, downgrade: (location: string) => Promise<void>): Promise<void> {
  api = await openProjectApi(OLD_FILES, { store });
  const current = api;
  await current.trigger("old", "ada");
  const readStatuses = (paths: string[] = []) => Promise.all(paths.map(readStatus));
  expect(await readStatuses((await listOldLinks(current))[0])).toEqual([404, 404, 404, 404, 404]);
  await current.restart(() => downgrade(store));
  // Times are in milliseconds, and a later message may be of the same one.
  const restarted = Date.now();
  await eventually(() => Date.now() > restarted);
  await current.request("GET /v1/users"); // replaces the connection that the restart closed
  await current.trigger("old", "bo");
  const [before, after] = await listOldLinks(current);
  expect(await readStatuses(before)).toEqual([200, 200, 302, 302, 200]);
  expect(await readStatuses(after)).toEqual([404, 404, 404, 404, 404]);
}

describe("links without a token", () => {
  it("work only for messages from before the update of a file", () =>
    checkOldLinks("old.db", async () => {
      const database = new DatabaseSync(api?.project.path("old.db") ?? "");
      database.exec(TO_FIRST_VERSION);
      database.close();
    }));
});

describeOnPostgres("links without a token in a database", () => {
  it("work only for messages from before its update", async () => {
    const location = await createDatabase();
    try {
      await checkOldLinks(location, async () => {
        await withClient(location, (client) => client.query(POSTGRES_TO_FIRST_VERSION));
        await migratePostgresStore(location, []);
      });
    } finally {
      await api?.close();
      api = undefined;
      await dropDatabase(location);
    }
  });
});

describe("links that need no key", () => {
  it("cannot be derived from what another recipient of the trigger reads, even if all IDs are known", async () => {
    api = await openProjectApi(FILES, { env: { KNOCK_SIGNING_KEY } });
    await api.trigger("sale", "ada", "bo");
    const messages = (await api.request("GET /v1/messages")).body.items as JsonObject[];
    const contents: Record<string, string> = { ada: "", bo: "" };
    for (const { id, recipient } of messages) {
      const { body } = await api.request(`GET /v1/messages/${id}/content`);
      contents[String(recipient)] += JSON.stringify(body);
    }
    const [own, others] = [findLinks(contents.ada ?? "", api.url), findLinks(contents.bo ?? "", api.url)];
    const kinds = ["link", "open", "preferences", "short", "unsubscribe"];
    expect([...new Set(others.map(({ kind }) => kind))].sort()).toEqual(kinds);
    expect(await Promise.all(others.map(({ path }) => readStatus(path)))).not.toContain(404);

    const known = await readAllAs("ada", api);
    const getToken = (path: string): string => /[0-9A-Za-z]{22}(?=(?:\.png)?$)/.exec(path)?.[0] ?? "";
    for (const { path } of others) {
      expect(getToken(path)).toMatch(/^.{22}$/);
      expect(known).not.toContain(getToken(path));
    }
    // The run of another recipient can be derived, so no link may need only its ID.
    const [workflowRun = ""] = /(?<="workflow_run_id":")[^"]+/.exec(known) ?? [];
    const run = createUuidV5(workflowRun, "gid://User/bo");
    expect(others.map(({ path }) => path)).toContainEqual(expect.stringContaining(`/unsubscribe/${run}`));
    const guesses = new Set([`/unsubscribe/${run}`, `/preferences/${run}`]);
    const tokens = ["", ...own.map(({ path }) => getToken(path))];
    for (const { path } of others) for (const token of tokens) guesses.add(path.replace(getToken(path), token));
    for (const { path } of others) guesses.add(path.replace(/\.?[0-9A-Za-z]{22}(?=(?:\.png)?$)/, ""));
    for (const guess of guesses) expect([guess, await readStatus(guess)]).toEqual([guess, 404]);
    const { body } = await api.request("GET /v1/users/bo/preferences/default");
    expect(body.commercial_subscribed).not.toBe(false);
  });
});

describe("a message of another user", () => {
  it("gets the same answers as an unknown one, so that a user token finds out nothing about it", async () => {
    api = await openProjectApi(FILES, { env: { KNOCK_SIGNING_KEY } });
    const { request, trigger } = api;
    await trigger("sale", "bo");
    const [message] = (await request("GET /v1/messages")).body.items as JsonObject[];
    const headers = { authorization: "Bearer pk_test", "x-knock-user-token": signUser("ada") };
    const routes = ROUTES.filter(
      ({ endpoint, publicAccess }) => publicAccess?.owner === "message" && endpoint.includes("{message_id}"),
    );
    expect(routes.length).toBeGreaterThan(10);
    for (const { endpoint } of routes) {
      const send = (id: unknown) =>
        request(endpoint.replace("{message_id}", String(id)), endpoint.startsWith("GET") ? undefined : {}, headers);
      const [own, unknown] = [await send(message?.id), await send("2".repeat(27))];
      expect({ endpoint, ...own }).toEqual({ endpoint, ...unknown });
      expect(unknown.status).toBe(404);
    }
    expect((await request(`GET /v1/messages/${message?.id}`)).body.engagement_statuses).toEqual([]);
  });
});
