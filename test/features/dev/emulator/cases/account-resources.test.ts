import { expect } from "vitest";
import { askAccount, DOCUMENTS, pushDocuments, SERVICE } from "../../../../helpers/account-requests.js";
import { type ApiCase, buildErrorBody, describeApiCases, EXPECT_MISSING } from "../../../../helpers/api-case.js";

const HELLO = DOCUMENTS["workflows/hello"]?.workflow as Record<string, unknown>;

type Row = Omit<ApiCase, "status" | "headers"> & { status?: number };

/** Returns a case whose account has one resource of each kind. */
const withDocuments = ({ given, ...row }: Row): ApiCase => ({
  status: 200,
  ...row,
  headers: SERVICE,
  given: async (api) => {
    await pushDocuments(api);
    await given?.(api);
  },
});

const expectFields = (...fields: string[]) => ({
  status: 422,
  expectedBody: {
    ...(buildErrorBody("invalid_params", 422) as object),
    errors: fields.map((field) => ({ field, message: expect.any(String), type: null })),
  },
});

const KINDS = Object.keys(DOCUMENTS).map((path) => {
  const [kind = "", id = ""] = path.split("/");
  return { path, kind, id, type: Object.keys(DOCUMENTS[path] ?? {})[0] ?? "" };
});

const ROWS: Row[] = [
  ...KINDS.map(({ path, kind, id }): Row => {
    const identity =
      kind === "translations" ? { locale_code: id } : kind === "schemas" ? { item_type: id } : { key: id };
    return {
      title: `A-930 to A-968 list, get and validate ${kind}`,
      request: `GET /v1/${kind}?environment=development`,
      expectedBody: { entries: [identity], page_info: { after: null, before: null, page_size: 25 } },
      async check(api) {
        expect((await askAccount(api, `GET /v1/${path}`)).body).toMatchObject(identity);
        const validated = await askAccount(api, `PUT /v1/${path}/validate`, DOCUMENTS[path]);
        expect(validated.status).toBe(200);
        const missing = await askAccount(api, `GET /v1/${kind}/${kind === "translations" ? "fr" : "other"}`);
        expect([missing.status, missing.body?.code]).toEqual([404, "resource_missing"]);
      },
    };
  }),
  {
    title: "A-931 returns the read-only fields of a workflow",
    request: "GET /v1/workflows/hello",
    expectedBody: {
      ...HELLO,
      key: "hello",
      active: false,
      valid: true,
      environment: "development",
      sha: expect.stringMatching(/^[0-9a-f]{64}$/),
      created_at: expect.any(String),
      updated_at: expect.any(String),
    },
  },
  {
    title: "A-930 annotates every level of a resource",
    request: "GET /v1/workflows?annotate=true",
    expectedBody: {
      entries: [
        {
          steps: [
            {
              template: {
                __annotation: {
                  extractable_fields: { html_body: { default: true, file_ext: "html" } },
                  readonly_fields: [],
                },
                settings: { __annotation: { extractable_fields: { pre_content: { default: true } } } },
              },
            },
          ],
          __annotation: { readonly_fields: expect.arrayContaining(["key", "active", "sha"]) },
        },
      ],
    },
  },
  {
    title: "A-907 returns pages with cursors, and null cursors for a single page",
    given: (api) => askAccount(api, "PUT /v1/workflows/second", { workflow: HELLO as never }),
    request: "GET /v1/workflows?limit=1",
    expectedBody: { entries: [{ key: "hello" }], page_info: { before: null, page_size: 1, after: expect.any(String) } },
    async check(api, { body }) {
      const { after } = (body as { page_info: { after: string } }).page_info;
      const next = await askAccount(api, `GET /v1/workflows?limit=1&after=${after}`);
      expect(next.body).toMatchObject({ entries: [{ key: "second" }], page_info: { after: null } });
    },
  },
  { title: "A-907 rejects a limit above 100", request: "GET /v1/workflows?limit=101", ...expectFields("limit") },
  {
    title: "A-930 hides uncommitted changes",
    request: "GET /v1/workflows?hide_uncommitted_changes=true",
    expectedBody: { entries: [] },
  },
  {
    title: "A-932 commits with the push",
    given: (api) =>
      askAccount(api, "PUT /v1/workflows/hello?commit=true&commit_message=First", DOCUMENTS["workflows/hello"]),
    request: "GET /v1/commits",
    expectedBody: { entries: [{ commit_message: "First", resource: { type: "workflow", identifier: "hello" } }] },
  },
  {
    title: "A-932 accepts a pulled workflow with its read-only fields, annotations and $schema",
    request: "GET /v1/workflows/hello?annotate=true",
    async check(api, { body }) {
      const pulled = { ...body, $schema: "https://schemas.knock.app/cli/workflow.json", __readonly: { key: "hello" } };
      const { body: pushed } = await askAccount(api, "PUT /v1/workflows/hello", { workflow: pulled });
      expect(pushed?.workflow).toMatchObject({ sha: body?.sha });
      expect(pushed?.workflow).not.toHaveProperty("$schema");
    },
  },
  {
    title: "A-995 reports invalid content per field",
    request: "PUT /v1/workflows/hello/validate",
    body: { workflow: { steps: [] } },
    ...expectFields("name"),
  },
  { title: "A-932 requires the wrapper", request: "PUT /v1/workflows/hello", body: {}, ...expectFields("workflow") },
  {
    title: "A-994 rejects the key of another resource",
    request: "PUT /v1/workflows/hello",
    body: { workflow: { ...HELLO, key: "other" } },
    ...expectFields("key"),
  },
  {
    title: "A-994 never reads files that a body names",
    request: "PUT /v1/workflows/hello",
    body: {
      workflow: { ...HELLO, steps: [{ ref: "a", template: { "html_body@": "/etc/passwd" } }], "description@": "d.txt" },
    },
    ...expectFields("steps[0].template.html_body@", "description@"),
  },
  {
    title: "A-994 drops references beside their texts, as the official command sends them",
    request: "PUT /v1/partials/greeting",
    body: { partial: { name: "Greeting", type: "html", content: "<b>Hi</b>", "content@": "/etc/passwd" } },
    async check(_api, { body }) {
      expect(body?.partial).toMatchObject({ content: "<b>Hi</b>" });
      expect(body?.partial).not.toHaveProperty("content@");
    },
  },
  {
    title: "A-994 rejects keys that are paths",
    request: "PUT /v1/workflows/..%2Fother",
    body: { workflow: HELLO },
    ...expectFields("key"),
  },
  ...(
    [
      ["translations/en?namespace=a~b", "namespace"],
      ["translations/en?tenant=..%2Fx", "locale_code"],
      ["translations/e.n.", "locale_code"],
      ["schemas/object?collection=..", "collection"],
      [`schemas/object?collection=${"a".repeat(300)}`, "key"],
    ] as const
  ).map(
    ([path, field]): Row => ({
      title: `A-994 rejects ${path}`,
      request: `PUT /v1/${path}`,
      body: path.startsWith("s") ? { schema: { properties: [] } } : { translation: { format: "json", content: "{}" } },
      ...expectFields(field),
    }),
  ),
  { title: "A-994 does not find keys that are paths", request: "GET /v1/partials/..%2F..%2Fknock", ...EXPECT_MISSING },
  {
    title: "A-932 rejects invalid JSON",
    request: "PUT /v1/workflows/hello",
    body: '{"workflow": ',
    status: 400,
    expectedBody: buildErrorBody("invalid_params", 400),
  },
  {
    title: "A-902 rejects an unknown environment",
    request: "GET /v1/workflows?environment=nowhere",
    ...EXPECT_MISSING,
  },
  {
    title: "A-902 rejects an unknown branch",
    request: "GET /v1/workflows?branch=nowhere",
    status: 404,
    expectedBody: buildErrorBody("branch_not_found", 404),
  },
  {
    title: "A-932 rejects a push to production without force",
    request: "PUT /v1/workflows/hello?environment=production",
    body: DOCUMENTS["workflows/hello"],
    status: 422,
    expectedBody: buildErrorBody("conflict", 422),
  },
  {
    title: "A-934 reads the status from the query (CLI-390)",
    request: "PUT /v1/workflows/hello/activate?environment=development&status=true",
    body: {},
    expectedBody: { workflow: { key: "hello", active: true } },
  },
  {
    title: "A-934 reads the status from the body",
    request: "PUT /v1/workflows/hello/activate?environment=development",
    body: { status: true },
    expectedBody: { workflow: { key: "hello", active: true } },
  },
  { title: "A-934 requires a status", request: "PUT /v1/workflows/hello/activate", ...expectFields("status") },
  {
    title: "A-958 schedules a guide",
    request: "PUT /v1/guides/tour/activate?environment=production&from=2030-01-01T00:00:00Z",
    status: 404,
    async check(api) {
      const scheduled = await askAccount(api, "PUT /v1/guides/tour/activate", { from: "2030-01-01T00:00:00Z" });
      expect(scheduled.body).toMatchObject({ guide: { key: "tour", type: "banner", semver: "0.0.1" } });
      const times = { from: "2030-01-01T00:00:00Z", until: "2029-12-31T00:00:00Z" };
      expect((await askAccount(api, "PUT /v1/guides/tour/activate", times)).body?.errors).toMatchObject([
        { field: "until", message: "must be after from" },
      ]);
      const contradiction = await askAccount(api, "PUT /v1/guides/tour/activate?status=true", times);
      expect(contradiction.body).toMatchObject({ errors: [{ field: "status" }] });
      const invalid = await askAccount(api, "PUT /v1/guides/tour/activate", { until: "soon" });
      expect(invalid.body).toMatchObject({ errors: [{ field: "until" }] });
    },
  },
  {
    title: "A-959 archives a guide",
    request: "DELETE /v1/guides/tour",
    expectedBody: { result: "success" },
    check: async (api) => expect((await askAccount(api, "GET /v1/guides/tour")).status).toBe(404),
  },
  {
    title: "A-964 archives an audience",
    request: "DELETE /v1/audiences/club?environment=development",
    expectedBody: { result: "success" },
    check: async (api) => expect((await askAccount(api, "DELETE /v1/audiences/club")).status).toBe(404),
  },
  {
    title: "A-956 stores no field of a guide that is derived from its content",
    request: "GET /v1/guides/tour",
    async check(api, { body }) {
      const { body: pushed } = await askAccount(api, "PUT /v1/guides/tour", { guide: body as never });
      expect(pushed?.guide).toMatchObject({ sha: body?.sha, type: "banner" });
    },
  },
  {
    title: "A-954 adds the JSON Schema of the values of each step",
    request: "GET /v1/guides?include_json_schema=true",
    expectedBody: {
      entries: [
        { steps: [{ json_schema: { type: "object", properties: { title: { type: "string" } }, required: [] } }] },
      ],
    },
  },
  {
    title: "A-951 returns a translation flat and wrapped, with both times",
    request: "GET /v1/translations/en",
    expectedBody: {
      locale_code: "en",
      format: "json",
      content: '{"greeting":"Hi"}',
      created_at: expect.any(String),
      inserted_at: expect.any(String),
      translation: { locale_code: "en", namespace: "", inserted_at: expect.any(String) },
    },
  },
  {
    title: "A-950 filters translations by locale, namespace and tenant",
    given: (api) =>
      askAccount(api, "PUT /v1/translations/en?namespace=shop&tenant=acme", {
        translation: { format: "json", content: "{}" },
      }),
    request: "GET /v1/translations?locale_code=en&namespace=shop&tenant=acme",
    expectedBody: { entries: [{ locale_code: "en", namespace: "shop", tenant: "acme" }] },
    async check(api, { rows }) {
      expect(rows).toHaveLength(1);
      expect((await askAccount(api, "GET /v1/translations?locale_code=en")).rows).toHaveLength(2);
      expect((await askAccount(api, "GET /v1/translations/en?namespace=shop")).status).toBe(404);
    },
  },
  {
    title: "A-951 converts between JSON and gettext",
    given: (api) =>
      askAccount(api, "PUT /v1/translations/de", {
        translation: {
          format: "json",
          content: JSON.stringify({ a: { b: 'Sag "hallo"\n' }, files: { one: "Datei", other: "Dateien" } }),
        },
      }),
    request: "GET /v1/translations/de?format=po",
    expectedBody: {
      format: "po",
      content: expect.stringContaining('msgid "files"\nmsgid_plural "files"\nmsgstr[0] "Datei"\nmsgstr[1] "Dateien"'),
    },
    async check(api, { body }) {
      const translation = { format: "po", content: body?.content as string };
      await askAccount(api, "PUT /v1/translations/fr", { translation });
      const { body: french } = await askAccount(api, "GET /v1/translations/fr");
      expect(JSON.parse(String(french?.content))).toEqual({
        a: { b: 'Sag "hallo"\n' },
        files: { one: "Datei", other: "Dateien" },
      });
    },
  },
  {
    title: "A-966 reads the collection of a schema as item_id and as collection (CLI-391)",
    given: (api) =>
      askAccount(api, "PUT /v1/schemas/object?item_id=orders", { schema: { properties: [{ key: "total" }] } }),
    request: "GET /v1/schemas/object?collection=orders",
    expectedBody: { schema: { item_type: "object", item_id: "orders", properties: [{ key: "total" }] } },
  },
  {
    title: "A-965 filters schemas by type",
    request: "GET /v1/schemas?item_type=tenant",
    expectedBody: { entries: [] },
    check: async (api) =>
      expect((await askAccount(api, "GET /v1/schemas/object")).body).toMatchObject({
        errors: [{ field: "collection" }],
      }),
  },
];

describeApiCases("resources of an account (http-api, A-930 to A-968)", ROWS.map(withDocuments));
