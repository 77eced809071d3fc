import KnockMgmt from "@knocklabs/mgmt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../../../../src/util/json.js";
import { DOCUMENTS } from "../../../helpers/account-requests.js";
import { listTypeErrors } from "../../../helpers/list-type-errors.js";
import { openProjectApi, type ProjectApi } from "../../../helpers/project-emulator.js";

const DEV = { environment: "development" } as const;

const FILES = {
  "knock/environment.json": {
    channels: {
      feed: { type: "in_app_feed" },
      mail: { type: "email" },
      text: { type: "sms" },
      tours: { type: "in_app_guide" },
    },
    channel_groups: {
      reach: { type: "email", rules: [{ index: 0, rule_type: "always", channel: "mail" }] },
    },
    variables: { app_name: "Lark" },
  },
  "knock/broadcasts/launch/broadcast.json": {
    name: "Launch",
    steps: [
      {
        ref: "feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel_key: "feed",
        template: { markdown_body: "Hi" },
      },
    ],
  },
};

let api: ProjectApi;
let sdk: KnockMgmt;
/** The body of the last response. */
let lastBody: Json = null;

beforeAll(async () => {
  api = await openProjectApi(FILES);
  sdk = new KnockMgmt({
    serviceToken: "knock_st_x",
    baseURL: api.url,
    maxRetries: 0,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const text = await response.clone().text();
      lastBody = text === "" ? null : (JSON.parse(text) as Json);
      return response;
    },
  });
});
afterAll(() => api.close());

/** Returns the document of a kind as the parameter of an SDK's method. */
const document = (path: string): never => ({ ...DEV, ...DOCUMENTS[path] }) as never;

const firstCommit = async (): Promise<string> => (await sdk.commits.list(DEV)).entries[0]?.id ?? "";
const firstMember = async (): Promise<string> => (await sdk.members.list()).entries[0]?.id ?? "";

const PREVIEW = { ...DEV, recipient: "ada", data: { n: 1 } };

/** Calls of every method of the SDK, in an order in which all of them succeed. */
const CALLS: [method: string, call: () => Promise<unknown>][] = [
  ["auth.verify", () => sdk.auth.verify()],
  ["apiKeys.exchange", () => sdk.apiKeys.exchange(DEV)],
  ["environments.list", () => sdk.environments.list()],
  ["environments.retrieve", () => sdk.environments.retrieve("production")],
  ["channels.list", () => sdk.channels.list({ include: ["environment_settings"] })],
  ["channels.retrieve", () => sdk.channels.retrieve("mail")],
  ["channelGroups.list", () => sdk.channelGroups.list()],
  ["channelGroups.retrieve", () => sdk.channelGroups.retrieve("reach")],
  ["members.list", () => sdk.members.list()],
  ["members.retrieve", async () => sdk.members.retrieve(await firstMember())],
  ["variables.list", () => sdk.variables.list(DEV)],
  ["variables.retrieve", () => sdk.variables.retrieve("app_name")],
  ["broadcasts.list", () => sdk.broadcasts.list(DEV)],
  ["broadcasts.retrieve", () => sdk.broadcasts.retrieve("launch", DEV)],
  ["partials.upsert", () => sdk.partials.upsert("greeting", document("partials/greeting"))],
  ["partials.validate", () => sdk.partials.validate("greeting", document("partials/greeting"))],
  ["partials.list", () => sdk.partials.list(DEV)],
  ["partials.retrieve", () => sdk.partials.retrieve("greeting", DEV)],
  ["emailLayouts.upsert", () => sdk.emailLayouts.upsert("default", document("email_layouts/default"))],
  ["emailLayouts.validate", () => sdk.emailLayouts.validate("default", document("email_layouts/default"))],
  ["emailLayouts.list", () => sdk.emailLayouts.list(DEV)],
  ["emailLayouts.retrieve", () => sdk.emailLayouts.retrieve("default", DEV)],
  ["messageTypes.upsert", () => sdk.messageTypes.upsert("banner", document("message_types/banner"))],
  ["messageTypes.validate", () => sdk.messageTypes.validate("banner", document("message_types/banner"))],
  ["messageTypes.list", () => sdk.messageTypes.list(DEV)],
  ["messageTypes.retrieve", () => sdk.messageTypes.retrieve("banner", DEV)],
  [
    "translations.upsert",
    () => sdk.translations.upsert("en", { namespace: "", ...(document("translations/en") as object) } as never),
  ],
  ["translations.validate", () => sdk.translations.validate("en", document("translations/en"))],
  ["translations.list", () => sdk.translations.list({ ...DEV, format: "po" })],
  ["translations.retrieve", () => sdk.translations.retrieve("en", DEV)],
  ["workflows.upsert", () => sdk.workflows.upsert("greet", document("workflows/hello"))],
  ["workflows.validate", () => sdk.workflows.validate("greet", document("workflows/hello"))],
  ["workflows.list", () => sdk.workflows.list({ ...DEV, limit: 1 })],
  ["workflows.retrieve", () => sdk.workflows.retrieve("greet", { ...DEV, annotate: true })],
  ["workflows.activate", () => sdk.workflows.activate("greet", { ...DEV, status: true })],
  ["workflows.run", () => sdk.workflows.run("greet", { ...DEV, recipients: ["ada"] })],
  [
    "workflows.steps.previewTemplate",
    () => sdk.workflows.steps.previewTemplate("email_1", { ...PREVIEW, workflow_key: "greet" }),
  ],
  [
    "templates.preview",
    () =>
      sdk.templates.preview({
        ...PREVIEW,
        channel_type: "email",
        template: { subject: "S", html_body: "<p>B</p>", settings: {} },
      }),
  ],
  ["guides.upsert", () => sdk.guides.upsert("tour", document("guides/tour"))],
  ["guides.validate", () => sdk.guides.validate("tour", document("guides/tour"))],
  ["guides.list", () => sdk.guides.list(DEV)],
  ["guides.retrieve", () => sdk.guides.retrieve("tour", DEV)],
  ["guides.activate", () => sdk.guides.activate("tour", { ...DEV, status: true })],
  ["guides.archive", () => sdk.guides.archive("tour")],
  ["audiences.upsert", () => sdk.audiences.upsert("club", document("audiences/club"))],
  ["audiences.validate", () => sdk.audiences.validate("club", document("audiences/club"))],
  ["audiences.list", () => sdk.audiences.list(DEV)],
  ["audiences.retrieve", () => sdk.audiences.retrieve("club", DEV)],
  ["audiences.archive", () => sdk.audiences.archive("club", DEV)],
  ["commits.commitAll", () => sdk.commits.commitAll({ ...DEV, commit_message: "All" })],
  ["commits.list", () => sdk.commits.list({ ...DEV, resource_type: ["workflow", "partial"] })],
  ["commits.retrieve", async () => sdk.commits.retrieve(await firstCommit())],
  ["commits.promoteOne", async () => sdk.commits.promoteOne(await firstCommit())],
  ["commits.promoteAll", () => sdk.commits.promoteAll({ to_environment: "production" })],
  ["branches.create", () => sdk.branches.create("feature", DEV)],
  ["branches.list", () => sdk.branches.list(DEV)],
  ["branches.retrieve", () => sdk.branches.retrieve("feature", DEV)],
  ["branches.delete", () => sdk.branches.delete("feature", DEV)],
];

const UNAVAILABLE: [method: string, call: () => Promise<unknown>][] = [
  ["broadcasts.upsert", () => sdk.broadcasts.upsert("launch", {} as never)],
  ["broadcasts.validate", () => sdk.broadcasts.validate("launch", {} as never)],
  ["broadcasts.send", () => sdk.broadcasts.send("launch", DEV)],
  ["broadcasts.cancel", () => sdk.broadcasts.cancel("launch", DEV)],
  ["channelGroups.upsert", () => sdk.channelGroups.upsert("reach", {} as never)],
  ["channelGroups.delete", () => sdk.channelGroups.delete("reach")],
  ["members.delete", () => sdk.members.delete("m")],
];

/** Returns the names of all methods of a client and the resources below it, such as `workflows.steps.previewTemplate`. */
function listMethods(owner: object, path: readonly string[] = []): string[] {
  const isResource = (value: unknown): value is object =>
    typeof value === "object" && value !== null && "_client" in value;
  const below = Object.entries(owner).flatMap(([name, value]) =>
    name !== "_client" && isResource(value) ? listMethods(value, [...path, name]) : [],
  );
  if (path.length === 0) return below;
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(owner)).filter((name) => name !== "constructor");
  return [...own.map((name) => [...path, name].join(".")), ...below];
}

/** Returns the type of a method's response. A page's cursors are optional there, while the API has null. */
function getResponseType(method: string): string {
  const type = `KnockMgmt${method
    .split(".")
    .map((name) => `["${name}"]`)
    .join("")}`;
  return `Awaited<ReturnType<${type}>>${method.endsWith(".list") ? '["entries"]' : ""}`;
}

describe("the official SDK of the management API", () => {
  it("has a call here for each of its methods", () => {
    const called = [...CALLS, ...UNAVAILABLE].map(([method]) => method);
    expect(called.sort()).toEqual(listMethods(sdk).sort());
  });

  it.each(UNAVAILABLE)("gets the reason why %s is not emulated", async (_method, call) => {
    await expect(call()).rejects.toMatchObject({ status: 501, error: { code: "not_supported" } });
  });

  it("gets a response of the right type from every method", async () => {
    const responses: Parameters<typeof listTypeErrors>[1][number][] = [];
    for (const [name, call] of CALLS) {
      await call();
      const value = name.endsWith(".list") ? (lastBody as { entries: Json }).entries : lastBody;
      if (name.endsWith(".list")) expect([name, value]).not.toEqual([name, []]);
      if (value !== null) responses.push({ name, type: getResponseType(name), value });
    }
    // The check can fail.
    responses.push({ name: "wrong", type: getResponseType("auth.verify"), value: { account_name: 1 } });
    expect(listTypeErrors('import type KnockMgmt from "@knocklabs/mgmt";', responses)).toEqual([
      expect.stringMatching(/^wrong: .*missing the following properties/),
    ]);
  });
});
