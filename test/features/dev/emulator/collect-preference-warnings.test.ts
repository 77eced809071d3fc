import { describe, expect, it } from "vitest";
import type { RequestLogEntry } from "../../../../src/features/dev/emulator/emulator-options.js";
import { withApi } from "../../../helpers/test-emulator.js";

/** The example of a condition in the API description. */
const CONDITION = { variable: "specimen.dna_sequence", operator: "contains", argument: "frog_dna" };
const SET = { channel_types: { email: { conditions: [CONDITION] } } };
const KNOWN = { channel_types: { email: { conditions: [{ ...CONDITION, variable: "recipient.plan" }] } } };
const WARNING =
  'starts with the unknown scope "specimen"; the scopes are data, recipient, actor, tenant, vars, workflow, run';
const PLACE = "channel_types/email/conditions/0/variable";

const CALLS: [on: string, body: (set: object) => object, place: string][] = [
  ["PUT /v1/users/u1/preferences/default", (set) => set, `/${PLACE}`],
  ["PUT /v1/objects/projects/p1/preferences/default", (set) => set, `/${PLACE}`],
  ["PUT /v1/users/u1", (set) => ({ preferences: { default: set } }), `/preferences/default/${PLACE}`],
  ["PUT /v1/tenants/acme", (set) => ({ settings: { preference_set: set } }), `/settings/preference_set/${PLACE}`],
  [
    "POST /v1/workflows/hello/trigger",
    (set) => ({ recipients: [{ id: "u1", preferences: { default: set } }], data: { preferences: { conditions: [] } } }),
    `/recipients/0/preferences/default/${PLACE}`,
  ],
  ["POST /v1/users/bulk/preferences", (set) => ({ user_ids: ["u1"], preferences: set }), `/preferences/${PLACE}`],
];

describe("a preference condition with an unknown scope (E-154 A-444)", () => {
  it.each(CALLS)("is accepted by %s, with a warning in the request log", async (on, body, place) => {
    const logEntries: RequestLogEntry[] = [];
    await withApi(
      async ({ request }) => {
        expect((await request(on, body(KNOWN))).status).toBe(200);
        const { status, text } = await request(on, body(SET));
        expect(status, text).toBe(200);
        expect((await request(on, body({ channel_types: { email: { conditions: [{}] } } }))).status).toBe(422);
      },
      { onResponse: (request) => logEntries.push(request) },
    );
    expect(logEntries.map(({ warnings }) => warnings)).toEqual([undefined, [`${place} ${WARNING}`], undefined]);
  });

  it("causes a warning with the nearest scope", async () => {
    const logEntries: RequestLogEntry[] = [];
    const set = { workflows: { hello: { conditions: [{ ...CONDITION, variable: "recpient.plan" }] } } };
    await withApi(async ({ request }) => void (await request("PUT /v1/users/u1/preferences/default", set)), {
      onResponse: (request) => logEntries.push(request),
    });
    expect(logEntries[0]?.warnings).toEqual([
      '/workflows/hello/conditions/0/variable starts with the unknown scope "recpient"; did you mean "recipient"?',
    ]);
  });

  it("is never met: the channel stays off, and the run continues", () =>
    withApi(async ({ request, knock }) => {
      await request("PUT /v1/users/u1/preferences/default", SET);
      await knock.workflows.trigger("hello", { recipients: ["u1"], data: { n: 1 } });
      const { items } = await knock.messages.list();
      expect(items.map(({ channel }) => channel?.key)).toEqual(["feed"]);
    }));
});
