import { expect } from "vitest";
import { askAccount, DOCUMENTS, pushDocuments, SERVICE } from "../../../../helpers/account-requests.js";
import { type ApiCase, buildErrorBody, describeApiCases, EXPECT_MISSING } from "../../../../helpers/api-case.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

type Row = Omit<ApiCase, "status" | "headers"> & { status?: number };

const toCase = (row: Row): ApiCase => ({ status: 200, ...row, headers: SERVICE });

const COMMITTED = { resource: { type: "workflow", identifier: "hello" }, environment: "development" };
const CONFLICT = { status: 422, expectedBody: buildErrorBody("conflict", 422) };

/** Pushes and commits one resource of each kind. */
async function commitDocuments(api: TestEmulator): Promise<void> {
  await pushDocuments(api);
  expect((await askAccount(api, "PUT /v1/commits?environment=development&commit_message=All")).status).toBe(200);
}

const listCommits = async (api: TestEmulator, query = "") => (await askAccount(api, `GET /v1/commits?${query}`)).rows;

describeApiCases(
  "commits and branches of an account (http-api, A-969 to A-978)",
  (
    [
      {
        title: "A-971 commits all changes",
        given: pushDocuments,
        request: "PUT /v1/commits?environment=development&commit_message=All",
        expectedBody: { result: "success" },
        async check(api) {
          const commits = await listCommits(api);
          expect(commits).toHaveLength(Object.keys(DOCUMENTS).length);
          expect(commits).toContainEqual({
            ...COMMITTED,
            id: expect.any(String),
            author: { name: "Local", email: expect.any(String) },
            commit_message: "All",
            created_at: expect.any(String),
          });
        },
      },
      {
        title: "A-971 commits only the named resource",
        given: pushDocuments,
        request: "PUT /v1/commits?resource_type=workflow&resource_id=hello",
        expectedBody: { result: "success" },
        check: async (api) => expect(await listCommits(api)).toEqual([expect.objectContaining(COMMITTED)]),
      },
      {
        title: "A-971 rejects a commit without changes",
        given: commitDocuments,
        request: "PUT /v1/commits",
        ...CONFLICT,
      },
      {
        title: "A-971 creates an empty commit of one resource",
        given: commitDocuments,
        request: "PUT /v1/commits?allow_empty=true&resource_type=workflow&resource_id=hello",
        expectedBody: { result: "success" },
      },
      {
        title: "A-971 rejects an empty commit of everything",
        request: "PUT /v1/commits?allow_empty=true",
        status: 422,
        expectedBody: buildErrorBody("invalid_params", 422, undefined, "allow_empty"),
      },
      {
        title: "A-969 filters by several types, and names a translation as the official command does",
        given: async (api) => {
          const translation = { format: "json", content: "{}" };
          await askAccount(api, "PUT /v1/translations/en?namespace=shop&commit=true", { translation });
          await commitDocuments(api);
        },
        request: "GET /v1/commits?resource_type[]=translation&resource_type[]=workflow",
        async check(api, { rows }) {
          const names = rows.map(({ resource }) => (resource as { identifier: string }).identifier);
          expect(names.sort()).toEqual(["en", "en/shop", "hello"]);
          expect(await listCommits(api, "resource_type=translation&resource_id=en/shop")).toHaveLength(1);
        },
      },
      {
        title: "A-969 requires one type for an ID",
        request: "GET /v1/commits?resource_id=hello",
        status: 422,
        expectedBody: buildErrorBody("invalid_params", 422, undefined, "resource_id"),
      },
      { title: "A-970 does not find an unknown commit", request: "GET /v1/commits/nope", ...EXPECT_MISSING },
      {
        title: "A-973 promotes one commit",
        given: commitDocuments,
        request: async (api) => {
          const [commit] = await listCommits(api, "resource_type=workflow");
          return `PUT /v1/commits/${commit?.id}/promote`;
        },
        expectedBody: { commit: { ...COMMITTED, environment: "production" } },
        async check(api) {
          expect((await askAccount(api, "GET /v1/workflows/hello?environment=production")).status).toBe(200);
          expect(await listCommits(api, "promoted=true")).toHaveLength(1);
          expect(await listCommits(api, "promoted=false")).toHaveLength(Object.keys(DOCUMENTS).length - 1);
        },
      },
      {
        title: "A-972 promotes everything, and rejects a promotion of nothing",
        given: commitDocuments,
        request: "PUT /v1/commits/promote?to_environment=production",
        expectedBody: { result: "success" },
        async check(api) {
          const again = await askAccount(api, "PUT /v1/commits/promote?to_environment=production");
          expect([again.status, again.body?.code]).toEqual([422, "conflict"]);
        },
      },
      {
        title: "A-972 requires a branch to promote to development",
        request: "PUT /v1/commits/promote?to_environment=development",
        status: 422,
        expectedBody: buildErrorBody("invalid_params", 422, undefined, "branch"),
      },
      {
        title: "A-976 creates a branch, whose commits a promotion merges",
        request: "POST /v1/branches/feature-one?environment=development",
        status: 201,
        expectedBody: { slug: "feature-one", created_at: expect.any(String), last_commit_at: null, deleted_at: null },
        async check(api) {
          await askAccount(api, "PUT /v1/workflows/hello?branch=feature-one&commit=true", DOCUMENTS["workflows/hello"]);
          expect((await askAccount(api, "GET /v1/workflows/hello")).status).toBe(404);
          const merged = await askAccount(api, "PUT /v1/commits/promote?to_environment=development&branch=feature-one");
          expect(merged.status).toBe(200);
          expect((await askAccount(api, "GET /v1/workflows/hello")).status).toBe(200);
          expect((await askAccount(api, "GET /v1/branches?environment=development")).rows).toHaveLength(1);
          expect((await askAccount(api, "PUT /v1/branches/feature-one/rebase")).body).toMatchObject({
            slug: "feature-one",
          });
          const deleted = await askAccount(api, "DELETE /v1/branches/feature-one");
          expect([deleted.status, deleted.text]).toEqual([204, ""]);
        },
      },
      {
        title: "A-976 rejects the slug of another branch",
        given: (api) => askAccount(api, "POST /v1/branches/feature-one"),
        request: "POST /v1/branches/feature-one",
        ...CONFLICT,
      },
      {
        title: "A-976 rejects a slug that is a path",
        request: "POST /v1/branches/..%2Fother",
        status: 422,
        expectedBody: buildErrorBody("invalid_params", 422, undefined, "slug"),
      },
      {
        title: "A-975 does not find an unknown branch",
        request: "GET /v1/branches/nope?environment=development",
        status: 404,
        expectedBody: buildErrorBody("branch_not_found", 404),
      },
      {
        title: "A-974 rejects branches of production",
        request: "GET /v1/branches?environment=production",
        status: 422,
        expectedBody: buildErrorBody("invalid_params", 422, undefined, "environment"),
      },
      {
        title: "A-905 runs the content of the branch that a test run names",
        given: async ({ account, harness }) => {
          await account.createBranch("draft");
          const feed = { ref: "f", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
          harness.define("hello", { steps: [{ ...feed, template: { markdown_body: "draft" } }] }, "draft");
        },
        request: "PUT /v1/workflows/hello/run?branch=draft",
        body: { recipients: ["u1"] },
        check: async ({ harness }) => expect(await harness.listMessages("u1")).toHaveLength(1),
      },
      {
        title: "A-905 does not run the content of an environment as a branch",
        given: ({ harness }) => harness.define("hello", { steps: [] }, "~production"),
        request: "PUT /v1/workflows/hello/run?branch=~production",
        body: { recipients: ["u1"] },
        status: 404,
        expectedBody: buildErrorBody("branch_not_found", 404),
      },
    ] satisfies Row[]
  ).map(toCase),
);

describeApiCases(
  "the settings of an account (http-api, A-979 to A-992)",
  (
    [
      {
        title: "A-979 lists the environments in the order of promotion",
        request: "GET /v1/environments",
        expectedBody: {
          entries: [
            { slug: "development", order: 0, owner: "system", deleted_at: null },
            { slug: "production", order: 1 },
          ],
        },
        check: async (api) =>
          expect((await askAccount(api, "GET /v1/environments/production")).body).toMatchObject({ name: "Production" }),
      },
      { title: "A-980 does not find an unknown environment", request: "GET /v1/environments/qa", ...EXPECT_MISSING },
      {
        title: "A-981 lists channels, also those that no environment configures",
        given: ({ harness }) => {
          harness.environment.null_channel_types.later = "sms";
        },
        request: "GET /v1/channels",
        async check(api, { rows }) {
          expect(rows.map(({ key, type }) => [key, type])).toContainEqual(["later", "sms"]);
          const { body } = await askAccount(api, "GET /v1/channels/mail");
          expect(body).toMatchObject({
            id: "c-mail",
            key: "mail",
            type: "email",
            visible_in: ["workflow", "broadcast"],
          });
          const found = await askAccount(api, "GET /v1/channels?id=c-mail&include[]=environment_settings");
          expect(found.rows).toMatchObject([
            { key: "mail", environment_settings: { development: { is_sandbox: false }, production: {} } },
          ]);
        },
      },
      {
        title: "A-983 lists variables, and obfuscates secret ones",
        given: ({ harness }) => {
          harness.environment.secret_references.token = "TOKEN";
        },
        request: "GET /v1/variables?environment=development&type=secret",
        expectedBody: { entries: [{ key: "token", type: "secret", value: "********" }] },
        async check(api) {
          const { body } = await askAccount(api, "GET /v1/variables/pause");
          const value = '{"unit":"minutes","value":2}';
          expect(body).toMatchObject({ value, environment_values: { development: value, production: value } });
        },
      },
      {
        title: "A-985 lists one local member",
        request: "GET /v1/members",
        expectedBody: { entries: [{ role: "owner", user: { name: "Local" } }] },
        async check(api, { rows }) {
          expect((await askAccount(api, `GET /v1/members/${rows[0]?.id}`)).status).toBe(200);
          expect((await askAccount(api, "GET /v1/members?email=other@lark.test")).rows).toEqual([]);
        },
      },
      {
        title: "A-987 lists channel groups with their rules",
        given: ({ harness }) => {
          harness.environment.channel_groups.pushes = {
            key: "pushes",
            type: "push",
            operator: "any",
            rules: [
              { index: 0, channel: "ios", rule_type: "always" },
              {
                index: 1,
                channel: "droid",
                rule_type: "if",
                variable: "recipient.age",
                operator: "greater_than",
                argument: 3,
              },
            ],
          };
        },
        request: "GET /v1/channel_groups",
        expectedBody: {
          entries: [
            {
              key: "pushes",
              channel_type: "push",
              channel_rules: [
                { index: 0, rule_type: "always", channel: { key: "ios", id: "c-ios" } },
                { rule_type: "if", variable: "recipient.age", operator: "greater_than", argument: "3" },
              ],
            },
          ],
        },
        check: async (api) => expect((await askAccount(api, "GET /v1/channel_groups/pushes")).status).toBe(200),
      },
      {
        title: "A-989 lists sources, and shows the settings of one",
        given: ({ documents }) =>
          documents.sources.set("billing", { name: "Billing", mappings: [{ event_type: "paid", action_type: "x" }] }),
        request: "GET /v1/sources",
        expectedBody: { entries: [{ key: "billing", name: "Billing", description: null }] },
        async check(api, { rows }) {
          expect(rows[0]).not.toHaveProperty("environment_settings");
          const { body } = await askAccount(api, "GET /v1/sources/billing?environment=development");
          expect(body).toMatchObject({
            environment_settings: { development: { mappings: [{ event_type: "paid", active: true }] } },
          });
        },
      },
      {
        title: "A-991 lists broadcasts with their status",
        given: ({ documents }) => documents.broadcasts.set("launch", { name: "Launch", steps: [] }),
        request: "GET /v1/broadcasts",
        expectedBody: { entries: [{ key: "launch", name: "Launch", status: "draft", sent_at: null, valid: true }] },
        check: async (api) => expect((await askAccount(api, "GET /v1/broadcasts/other")).status).toBe(404),
      },
      {
        title: "A-999 lists the categories of the workflows",
        given: (api) =>
          askAccount(api, "PUT /v1/workflows/paid", { workflow: { name: "Paid", steps: [], categories: ["orders"] } }),
        request: "GET /v1/preference_categories",
        expectedBody: { entries: [{ name: "orders", archived_at: null }] },
      },
    ] satisfies Row[]
  ).map(toCase),
);

const template = (channel_type: string, content: object) => ({
  channel_type,
  template: content,
  recipient: "u1",
  data: { n: 7 },
});

describeApiCases(
  "previews (http-api, A-935 to A-993)",
  (
    [
      ...(
        [
          [
            "email",
            { subject: "N {{ n }}", html_body: "<p>{{ n }}</p>" },
            { subject: "N 7", html_body: expect.stringContaining("<p>7</p>"), settings: {} },
          ],
          [
            "in_app_feed",
            { markdown_body: "**{{ n }}**", action_url: "https://lark.test/{{ n }}" },
            { action_url: "https://lark.test/7" },
          ],
        ] as const
      ).map(([type, content, expected]) => ({
        title: `A-993 renders a template of type ${type}`,
        request: "POST /v1/templates/preview?environment=development",
        body: template(type, content),
        expectedBody: { result: "success", content_type: type, template: expected },
      })),
      {
        title: "A-993 renders a template in a layout that is sent with it",
        request: "POST /v1/templates/preview",
        body: {
          ...template("email", { subject: "S", html_body: "<p>Body</p>" }),
          layout: { html_content: "<html><body><i>L</i>{{ content }}</body></html>" },
        },
        expectedBody: { template: { html_body: expect.stringMatching(/<i>L<\/i>\s*<p>Body<\/p>/) } },
      },
      {
        title: "A-993 returns the errors of a template",
        request: "POST /v1/templates/preview",
        body: template("sms", { text_body: "{{ n | nope }}" }),
        expectedBody: { result: "error", content_type: "sms", errors: [{ message: expect.stringContaining("nope") }] },
      },
      {
        title: "A-993 rejects an unknown channel type",
        request: "POST /v1/templates/preview",
        body: template("fax", {}),
        status: 422,
        expectedBody: buildErrorBody("invalid_params", 422, undefined, "channel_type"),
      },
      {
        title: "A-935 renders a step of a workflow",
        given: async (api) => {
          await pushDocuments(api);
        },
        request: "POST /v1/workflows/hello/steps/email_1/preview_template?environment=development",
        body: { recipient: "u1", data: { n: 3 } },
        expectedBody: {
          result: "success",
          content_type: "email",
          template: { subject: "Hi", html_body: expect.stringContaining("<p>3</p>"), settings: { pre_content: "P" } },
        },
        async check(api) {
          const missing = await askAccount(api, "POST /v1/workflows/hello/steps/nope/preview_template", {});
          expect([missing.status, missing.body?.code]).toEqual([404, "resource_missing"]);
        },
      },
      {
        title: "A-940 renders a layout that is not saved",
        request: "POST /v1/email_layouts/preview?environment=development",
        body: { ...DOCUMENTS["email_layouts/default"], recipient: "u1" },
        expectedBody: {
          result: "success",
          layout: { html_body: expect.stringContaining("The content of the email"), text_body: expect.any(String) },
        },
      },
      {
        title: "A-945 renders a partial that is not saved, with top-level variables",
        request: "POST /v1/partials/preview?environment=development",
        body: { ...DOCUMENTS["partials/greeting"], data: { name: "Una" } },
        expectedBody: { result: "success", type: "html", content: "<b>Hi Una</b>" },
      },
      {
        title: "A-945 reports invalid partials per field",
        request: "POST /v1/partials/preview",
        body: { partial: { name: "P", type: "html" } },
        status: 422,
        expectedBody: buildErrorBody("invalid_params", 422, undefined, "content"),
      },
    ] satisfies Row[]
  ).map(toCase),
);
