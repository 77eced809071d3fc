import type Knock from "@knocklabs/node";
import { expect } from "vitest";
import { getGuideId } from "../../../../src/domain/guide/guide.js";
import type { ClientCase } from "../../../helpers/client-case.js";
import type { TestEmulator } from "../../../helpers/test-emulator.js";

/** The initial data: u1 has messages of hello, a paused run and a schedule. */
interface Scene {
  knock: Knock;
  api: TestEmulator;
  message: string;
  run: string;
  schedule: string;
}

async function scene(api: TestEmulator): Promise<Scene> {
  const { knock } = api;
  await knock.workflows.trigger("hello", { recipients: ["u1"], data: { n: 1 }, tenant: "acme" });
  const [message] = (await knock.users.listMessages("u1", { channel_id: "feed" })).items;
  const [run] = (await knock.workflowRecipientRuns.list({ workflow: "hello", recipient: "u1" })).items;
  const [schedule] = await knock.schedules.create({
    workflow: "hello",
    recipients: ["u1"],
    repeats: [{ frequency: "daily", hours: 9 }],
  });
  return { api, knock, message: message?.id ?? "", run: run?.id ?? "", schedule: schedule?.id ?? "" };
}

const P1 = { id: "p1", collection: "projects" };
const CHAT = { data: { token: { access_token: "x" }, connections: [] } };
const SLACK = { access_token_object: JSON.stringify({ object_id: "acme", collection: "$tenants" }) };
const TEAMS = { ms_teams_tenant_object: JSON.stringify({ object_id: "acme", collection: "$tenants" }) };
const SET = { channel_types: { sms: false } };

const METHODS: [name: string, call: (scene: Scene) => Promise<unknown>, expected: unknown][] = [
  [
    "audiences.addMembers",
    ({ knock }) => knock.audiences.addMembers("vip", { create_audience: true, members: [{ user: { id: "u1" } }] }),
    undefined,
  ],
  [
    "audiences.listMembers, removeMembers",
    async ({ knock }) => {
      const members = [{ user: { id: "u1" } }];
      await knock.audiences.addMembers("vip", { create_audience: true, members });
      await knock.audiences.removeMembers("vip", { members });
      return knock.audiences.listMembers("vip");
    },
    { entries: [] },
  ],
  [
    "bulkOperations.get",
    async ({ knock }) => knock.bulkOperations.get((await knock.users.bulk.identify({ users: [{ id: "b1" }] })).id),
    { name: "users.bulk.identify" },
  ],
  [
    "channels.bulk.updateMessageStatus",
    ({ knock }) =>
      knock.channels.bulk.updateMessageStatus("feed", "read", {
        recipient_ids: ["u1"],
        has_tenant: true,
        newer_than: "2020-01-01T00:00:00Z",
      }),
    { estimated_total_rows: 1 },
  ],
  ["messages.archive", ({ knock, message }) => knock.messages.archive(message), { engagement_statuses: ["archived"] }],
  ["messages.unarchive", ({ knock, message }) => knock.messages.unarchive(message), { archived_at: null }],
  ["messages.get", ({ knock, message }) => knock.messages.get(message), { __typename: "Message", tenant: "acme" }],
  ["messages.getContent", ({ knock, message }) => knock.messages.getContent(message), { __typename: "MessageContent" }],
  [
    "messages.listActivities",
    ({ knock, message }) => knock.messages.listActivities(message, { page_size: 5 }),
    { items: [{ data: { n: 1 } }] },
  ],
  ["messages.listDeliveryLogs", ({ knock, message }) => knock.messages.listDeliveryLogs(message), { items: [] }],
  [
    "messages.listEvents",
    ({ knock, message }) => knock.messages.listEvents(message),
    { items: [{ type: "message.delivered" }, {}, {}] },
  ],
  [
    "messages.markAsInteracted",
    ({ knock, message }) => knock.messages.markAsInteracted(message, { metadata: { a: 1 } }),
    { engagement_statuses: ["read", "interacted"] },
  ],
  [
    "messages.markAsRead",
    ({ knock, message }) => knock.messages.markAsRead(message),
    { engagement_statuses: ["read"] },
  ],
  [
    "messages.markAsSeen",
    ({ knock, message }) => knock.messages.markAsSeen(message),
    { engagement_statuses: ["seen"] },
  ],
  ["messages.markAsUnread", ({ knock, message }) => knock.messages.markAsUnread(message), { read_at: null }],
  ["messages.markAsUnseen", ({ knock, message }) => knock.messages.markAsUnseen(message), { seen_at: null }],
  [
    "messages.list with every filter",
    ({ knock, message, run }) =>
      knock.messages.list({
        tenant: "acme",
        channel_id: "feed",
        status: ["delivered"],
        engagement_status: ["unread"],
        message_ids: [message],
        workflow_categories: ["social"],
        source: "hello",
        workflow_recipient_run_id: run,
        trigger_data: JSON.stringify({ n: 1 }),
        inserted_at: { gte: "2025-01-01T00:00:00Z" },
      }),
    { items: [{ channel: { key: "feed" } }] },
  ],
  [
    "messages.batch.archive",
    ({ knock, message }) => knock.messages.batch.archive({ message_ids: [message] }),
    [{ engagement_statuses: ["archived"] }],
  ],
  [
    "messages.batch.unarchive",
    ({ knock, message }) => knock.messages.batch.unarchive({ message_ids: [message] }),
    [{ archived_at: null }],
  ],
  [
    "messages.batch.getContent",
    ({ knock, message }) => knock.messages.batch.getContent({ message_ids: [message] }),
    [{ __typename: "MessageContent" }],
  ],
  [
    "messages.batch.markAsInteracted",
    ({ knock, message }) => knock.messages.batch.markAsInteracted({ message_ids: [message], metadata: { a: 1 } }),
    [{ engagement_statuses: ["read", "interacted"] }],
  ],
  [
    "messages.batch.markAsRead",
    ({ knock, message }) => knock.messages.batch.markAsRead({ message_ids: [message] }),
    [{ engagement_statuses: ["read"] }],
  ],
  [
    "messages.batch.markAsSeen",
    ({ knock, message }) => knock.messages.batch.markAsSeen({ message_ids: [message] }),
    [{ engagement_statuses: ["seen"] }],
  ],
  [
    "messages.batch.markAsUnread",
    ({ knock, message }) => knock.messages.batch.markAsUnread({ message_ids: [message] }),
    [{ read_at: null }],
  ],
  [
    "messages.batch.markAsUnseen",
    ({ knock, message }) => knock.messages.batch.markAsUnseen({ message_ids: [message] }),
    [{ seen_at: null }],
  ],
  [
    "objects.set, get, list, delete",
    async ({ knock }) => {
      await knock.objects.set("projects", "p2", { name: "P" });
      expect(await knock.objects.get("projects", "p2")).toMatchObject({ properties: { name: "P" } });
      await knock.objects.delete("projects", "p2");
      return knock.objects.list("projects", { include: ["preferences"] });
    },
    { entries: [{ id: "p1", preferences: { default: {} } }] },
  ],
  [
    "objects.addSubscriptions",
    ({ knock }) => knock.objects.addSubscriptions("projects", "p1", { recipients: ["u9"] }),
    [{ __typename: "Subscription" }],
  ],
  [
    "objects.deleteSubscriptions",
    ({ knock }) => knock.objects.deleteSubscriptions("projects", "p1", { recipients: ["u1"] }),
    [{ recipient: { id: "u1" } }],
  ],
  [
    "objects.listSubscriptions",
    ({ knock }) => knock.objects.listSubscriptions("projects", "p1", { mode: "object", recipients: ["u2"] }),
    { entries: [{ recipient: { id: "u2" } }] },
  ],
  [
    "objects.setChannelData, getChannelData, unsetChannelData",
    async ({ knock }) => {
      await knock.objects.setChannelData("projects", "p1", "chatty", CHAT);
      const data = await knock.objects.getChannelData("projects", "p1", "chatty");
      await knock.objects.unsetChannelData("projects", "p1", "chatty");
      return data;
    },
    { __typename: "ChannelData", ...CHAT },
  ],
  [
    "objects.setPreferences, getPreferences, listPreferences, unsetPreferences",
    async ({ knock }) => {
      await knock.objects.setPreferences("projects", "p1", "default", SET);
      expect(await knock.objects.listPreferences("projects", "p1")).toMatchObject([SET]);
      await knock.objects.unsetPreferences("projects", "p1", "default");
      return knock.objects.getPreferences("projects", "p1", "default");
    },
    { channel_types: null },
  ],
  ["objects.listMessages", ({ knock }) => knock.objects.listMessages("projects", "p1"), { items: [] }],
  ["objects.listSchedules", ({ knock }) => knock.objects.listSchedules("projects", "p1"), { entries: [] }],
  [
    "objects.bulk.set",
    ({ knock }) => knock.objects.bulk.set("projects", { objects: [{ id: "p3" }] }),
    { estimated_total_rows: 1 },
  ],
  [
    "objects.bulk.delete",
    ({ knock }) => knock.objects.bulk.delete("projects", { object_ids: ["p1"] }),
    { estimated_total_rows: 1 },
  ],
  [
    "objects.bulk.addSubscriptions",
    ({ knock }) =>
      knock.objects.bulk.addSubscriptions("projects", { subscriptions: [{ id: "p1", recipients: ["u1"] }] }),
    { estimated_total_rows: 1 },
  ],
  [
    "objects.bulk.deleteSubscriptions",
    ({ knock }) =>
      knock.objects.bulk.deleteSubscriptions("projects", { subscriptions: [{ id: "p1", recipients: ["u1"] }] }),
    { estimated_total_rows: 1 },
  ],
  [
    "providers.slack",
    async ({ knock }) => {
      expect(await knock.providers.slack.checkAuth("chatty", SLACK)).toMatchObject({ connection: { ok: false } });
      await knock.objects.setChannelData("$tenants", "acme", "chatty", CHAT);
      expect((await knock.providers.slack.listChannels("chatty", SLACK)).slack_channels).toEqual([]);
      expect(await knock.providers.slack.revokeAccess("chatty", SLACK)).toEqual({ ok: "ok" });
      return knock.providers.slack.checkAuth("chatty", SLACK);
    },
    { connection: { ok: false } },
  ],
  [
    "providers.msTeams",
    async ({ knock }) => {
      const id = "6f1f0f3e-0000-4000-8000-000000000001";
      await knock.objects.setChannelData("$tenants", "acme", "chatty", {
        data: { ms_teams_tenant_id: id, connections: [] },
      });
      expect((await knock.providers.msTeams.listTeams("chatty", TEAMS)).ms_teams_teams).toEqual([]);
      expect(await knock.providers.msTeams.listChannels("chatty", { ...TEAMS, team_id: "t" })).toMatchObject({
        ms_teams_channels: [],
      });
      const before = await knock.providers.msTeams.checkAuth("chatty", TEAMS);
      await knock.providers.msTeams.revokeAccess("chatty", TEAMS);
      await expect(knock.providers.msTeams.listTeams("chatty", TEAMS)).rejects.toMatchObject({ status: 403 });
      return before;
    },
    { connection: { ok: true, ms_teams_tenant_id: expect.any(String) } },
  ],
  [
    "schedules.list",
    ({ knock }) => knock.schedules.list({ workflow: "hello", recipients: ["u1", P1] }),
    { entries: [{ __typename: "Schedule" }] },
  ],
  [
    "schedules.update",
    ({ knock, schedule }) => knock.schedules.update({ schedule_ids: [schedule], data: { a: 1 } }),
    [{ data: { a: 1 } }],
  ],
  [
    "schedules.delete",
    ({ knock, schedule }) => knock.schedules.delete({ schedule_ids: [schedule] }),
    [{ __typename: "Schedule" }],
  ],
  [
    "schedules.bulk.create",
    ({ knock }) =>
      knock.schedules.bulk.create({
        schedules: [{ workflow: "hello", recipient: "u1", scheduled_at: "2030-01-01T00:00:00Z" }],
      }),
    { estimated_total_rows: 1 },
  ],
  [
    "tenants.set, get, list, delete",
    async ({ knock }) => {
      await knock.tenants.set("t1", { name: "T", resolve_full_preference_settings: true });
      expect(await knock.tenants.get("t1")).toMatchObject({ __typename: "Tenant", name: "T" });
      expect((await knock.tenants.list({ tenant_id: "t1" })).entries).toHaveLength(1);
      await knock.tenants.delete("t1");
      return knock.tenants.list({ name: "T" });
    },
    { entries: [] },
  ],
  [
    "tenants.bulk.set",
    ({ knock }) => knock.tenants.bulk.set({ tenants: ["t1", { id: "t2", name: "T" }] }),
    { estimated_total_rows: 2 },
  ],
  [
    "tenants.bulk.delete",
    ({ knock }) => knock.tenants.bulk.delete({ tenant_ids: ["acme"] }),
    { estimated_total_rows: 1 },
  ],
  [
    "users.setChannelData, getChannelData, unsetChannelData",
    async ({ knock }) => {
      await knock.users.setChannelData("u1", "ios", { data: { tokens: ["t"] } });
      const data = await knock.users.getChannelData("u1", "ios");
      await knock.users.unsetChannelData("u1", "ios");
      return data;
    },
    { data: { tokens: ["t"], devices: [{ token: "t" }] } },
  ],
  [
    "users.setPreferences, getPreferences, listPreferences, unsetPreferences",
    async ({ knock }) => {
      await knock.users.setPreferences("u1", "default", SET);
      expect(await knock.users.listPreferences("u1")).toMatchObject([SET]);
      expect(await knock.users.getPreferences("u1", "default", { tenant: "acme" })).toMatchObject(SET);
      await knock.users.unsetPreferences("u1", "default");
      return knock.users.getPreferences("u1", "default");
    },
    { channel_types: null },
  ],
  [
    "users.listMessages",
    ({ knock }) => knock.users.listMessages("u1", { status: ["delivered"] }),
    { items: [{ recipient: "u1" }] },
  ],
  ["users.listSchedules", ({ knock }) => knock.users.listSchedules("u1", { workflow: "hello" }), { entries: [{}] }],
  [
    "users.listSubscriptions",
    ({ knock }) => knock.users.listSubscriptions("u1", { objects: [P1], include: ["preferences"] }),
    { entries: [{ object: { id: "p1" }, recipient: { preferences: { default: {} } } }] },
  ],
  ["users.bulk.delete", ({ knock }) => knock.users.bulk.delete({ user_ids: ["u1"] }), { estimated_total_rows: 1 }],
  [
    "users.bulk.setPreferences",
    ({ knock }) => knock.users.bulk.setPreferences({ user_ids: ["u1"], preferences: SET }),
    { estimated_total_rows: 1 },
  ],
  [
    "users.feeds.getSettings",
    ({ knock }) => knock.users.feeds.getSettings("u1", "feed"),
    { features: { branding_required: false } },
  ],
  [
    "users.feeds.listItems",
    ({ knock }) =>
      knock.users.feeds.listItems("u1", "feed", {
        mode: "compact",
        status: "unread",
        tenant: "acme",
        has_tenant: true,
        inserted_at: { gte: "2025-01-01T00:00:00Z" },
      }),
    { entries: [{ __typename: "FeedItem", tenant: "acme" }] },
  ],
  [
    "users.guides.getChannel with every parameter",
    async ({ api, knock }) => {
      api.harness.defineGuide("tour");
      return knock.users.guides.getChannel("u1", "c-tours", { tenant: "acme", data: '{"a":1}', type: "banner" });
    },
    { entries: [{ __typename: "Guide", key: "tour" }] },
  ],
  ...(["markMessageAsSeen", "markMessageAsInteracted", "markMessageAsArchived"] as const).map(
    (method): (typeof METHODS)[number] => [
      `users.guides.${method}`,
      async ({ api, knock }) => {
        const { key } = api.harness.defineGuide("tour");
        const step = { channel_id: "c-tours", guide_id: getGuideId(key), guide_key: key, guide_step_ref: "step_1" };
        return knock.users.guides[method]("u1", { ...step, content: {}, data: {}, tenant: "acme" });
      },
      { status: "ok" },
    ],
  ),
  ...(["unarchiveGuideMessage", "resetGuideEngagements"] as const).map((method): (typeof METHODS)[number] => [
    `users.guides.${method}`,
    async ({ api, knock }) => {
      api.harness.defineGuide("tour");
      return knock.users.guides[method]("u1", { guide_key: "tour", tenant: "acme" });
    },
    { status: "ok" },
  ]),
  ["users.preferenceCenter.getConfig", ({ knock }) => knock.users.preferenceCenter.getConfig("u1"), { enabled: false }],
  [
    "users.preferenceCenter.generateSignedURL",
    ({ knock }) => knock.users.preferenceCenter.generateSignedURL("u1"),
    { url: expect.stringContaining("/preferences/"), token: expect.any(String) },
  ],
  [
    "workflowRecipientRuns.get",
    ({ knock, run }) => knock.workflowRecipientRuns.get(run),
    { status: "completed", tenant: "acme" },
  ],
  [
    "workflowRecipientRuns.list with every filter",
    ({ knock }) =>
      knock.workflowRecipientRuns.list({
        workflow: "hello",
        status: ["completed"],
        tenant: "acme",
        has_errors: false,
        recipient: "u1",
        starting_at: "2025-01-01T00:00:00Z",
        ending_at: "2100-01-01T00:00:00Z",
      }),
    { items: [{ recipient: "u1" }] },
  ],
];

const UNAVAILABLE: [name: string, call: (knock: Knock) => Promise<unknown>][] = [
  [
    "integrations.census",
    (knock) => knock.integrations.census.customDestination({ id: 1, jsonrpc: "2.0", method: "test" } as never),
  ],
];

function plain(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer;
  const page = answer as { items?: unknown; entries?: unknown };
  if (page.items !== undefined) return { items: page.items };
  if (page.entries !== undefined) return { entries: page.entries };
  return answer;
}

/** A case for each method of the official SDK. */
export const SDK_METHOD_CASES: ClientCase[] = [
  ...METHODS.map(([name, call, expected]) => ({
    title: `works: ${name}`,
    async run(api: TestEmulator) {
      const answer = await call(await scene(api));
      if (expected === undefined) return;
      // A page is an instance of a class with more than its fields.
      expect(JSON.parse(JSON.stringify(plain(answer)))).toMatchObject(expected as object);
    },
  })),
  ...UNAVAILABLE.map(([name, call]) => ({
    title: `returns 501 at once if unavailable locally: ${name}`,
    async run({ knock }: TestEmulator) {
      await expect(call(knock.withOptions({ maxRetries: 2 }))).rejects.toMatchObject({ status: 501 });
    },
  })),
];
