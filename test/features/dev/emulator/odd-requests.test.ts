import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../../../src/features/dev/emulator/route-table.js";
import { getPropertyRuns } from "../../../helpers/get-property-runs.js";
import { openCatalogueEmulator, type TestEmulator, withApi } from "../../../helpers/test-emulator.js";

const PARTS: Record<string, string> = {
  user_id: "u1",
  collection: "projects",
  object_id: "p1",
  channel_id: "feed",
  message_id: "none",
  key: "hello",
  type: "email",
  action: "read",
};

const ODD_VALUES: unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  "",
  "x",
  "\u0000",
  "\ud800",
  [],
  [null],
  [[]],
  [5],
  [""],
  ["a/b"],
  {},
  { a: {} },
  { id: 5 },
  [{ id: null }],
  [{ id: "x", collection: 7 }],
];

/** The names of all fields in request bodies. */
const FIELDS = [
  "recipients actor tenant data cancellation_key settings name users user_ids preferences objects object_ids",
  "subscriptions properties members tenants schedules schedule_ids workflow repeats scheduled_at ending_at message_ids",
  "metadata from_user_id channel_types categories workflows channels commercial_subscribed __persistence_strategy__",
  "recipient_ids engagement_status delivery_status archived has_tenant newer_than trigger_data email created_at",
  "channel_data id subscribed $trigger_data timezone locale",
].flatMap((line) => line.split(" "));

const ODD_QUERIES = [
  "page_size=x",
  "page_size=1e1",
  "after=%00&before=%FF",
  "after=cnVuczox",
  "status[]=x",
  "status=",
  "recipient[id]=",
  "recipient={",
  "recipients[0][id]=a/b",
  "recipients[][collection]=x",
  "objects[0]=p1",
  "trigger_data=%7B",
  "trigger_data=[]",
  "inserted_at.gt=2025-13-01",
  "inserted_at[gt][x]=1",
  "include[]=x",
  "mode=x",
  "has_tenant=1",
  "exclude=,,.",
  "tenant=%00",
  "workflow=%F0%9F%98%80",
  "access_token_object=5",
  "ms_teams_tenant_object[id]=x",
  "tenant_ids[]=",
  "message_ids[]=%00",
  "starting_at=yesterday",
  "%5B%5D=1&=2&[[[=3",
];

const buildPath = (path: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => PARTS[name] ?? "x1");

// A server error would be a 500, which also fails the closing of the emulator.
describe("odd requests never cause a server error", () => {
  // Reads change nothing, so they share an emulator.
  let reads: TestEmulator;
  beforeAll(async () => {
    reads = await openCatalogueEmulator();
  });
  afterAll(() => reads.close());

  const sendAll = async ({ request }: TestEmulator, on: string): Promise<void> => {
    const [method = "", path = ""] = on.split(" ");
    const target = `${method} ${buildPath(path)}`;
    const answers = new Map<string, number>();
    for (const query of ODD_QUERIES) answers.set(query, (await request(`${target}?${query}`)).status);
    if (method !== "GET") {
      for (const text of ["null", "5", '"x"', "[", "{}", '{"a":', "\ufeff{}", "\u0000"])
        answers.set(text, (await request(target, text)).status);
      for (const field of FIELDS) {
        // The other fields are valid, so that this field is checked.
        const rest = { recipients: ["u1"], workflow: "hello", cancellation_key: "k", name: "hello" };
        const value = ODD_VALUES[(field.length * 7 + on.length) % ODD_VALUES.length];
        answers.set(field, (await request(target, { ...rest, [field]: value })).status);
      }
    }
    expect([...answers].filter(([, status]) => status >= 500)).toEqual([]);
  };

  it.each(ROUTES.filter(({ unavailable }) => unavailable === undefined).map(({ endpoint }) => [endpoint] as const))(
    "for %s",
    (on) => (on.startsWith("GET ") ? sendAll(reads, on) : withApi((api) => sendAll(api, on))),
  );

  /** Requests with one odd field each. */
  const ODD_FIELD_REQUESTS: ((field: string, value: unknown) => [on: string, body: object])[] = [
    (field, value) => ["POST /v1/workflows/hello/trigger", { recipients: ["u1"], [field]: value }],
    (field, value) => ["POST /v1/workflows/hello/trigger", { recipients: [{ id: "u3", [field]: value }] }],
    (field, value) => ["PUT /v1/users/u3", { [field]: value }],
    (field, value) => ["PUT /v1/tenants/t3", { settings: { [field]: value }, [field]: value }],
  ];
  const PAIRS = FIELDS.flatMap((field) => ODD_VALUES.map((value) => [field, value] as const));
  const { numRuns } = getPropertyRuns(PAIRS.length * ODD_FIELD_REQUESTS.length, PAIRS.length);

  it("for every odd value of the fields of a trigger and an identification", () =>
    withApi(async ({ request }) => {
      const answers: [string, number][] = [];
      // The normal suite sends each pair in one of the requests, and `npm run test:properties` in all of them.
      for (let run = 0; run < numRuns; run++) {
        const [field, value] = PAIRS[run % PAIRS.length] as (typeof PAIRS)[number];
        const turn = run + Math.floor(run / PAIRS.length) + Math.floor((run % PAIRS.length) / ODD_VALUES.length);
        const build = ODD_FIELD_REQUESTS[turn % ODD_FIELD_REQUESTS.length] as (typeof ODD_FIELD_REQUESTS)[number];
        const [on, body] = build(field, value);
        answers.push([`${on} ${field} ${JSON.stringify(value)}`, (await request(on, body)).status]);
      }
      expect(answers.filter(([, status]) => status >= 500)).toEqual([]);
    }));
});
