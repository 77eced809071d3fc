import { expect } from "vitest";
import { getGuideId } from "../../../../../src/domain/guide/guide.js";
import type { JsonObject } from "../../../../../src/util/json.js";
import { type ApiCase, buildErrorBody, EXPECT_MISSING, expectInvalidField } from "../../../../helpers/api-case.js";
import { buildBannerStep, buildCondition } from "../../../../helpers/build-steps.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const PATH = "/v1/users/u1/guides";
const PUBLIC = { authorization: "Bearer pk_test" };

const tour = (api: TestEmulator) =>
  api.harness.defineGuide("tour", { steps: [buildBannerStep({ title: "Page {{ data.page }}" })] });

function step(more: JsonObject = {}): JsonObject {
  return {
    channel_id: "c-tours",
    guide_id: getGuideId("tour"),
    guide_key: "tour",
    guide_step_ref: "step_1",
    content: {},
    ...more,
  };
}

async function statuses({ harness }: TestEmulator): Promise<unknown[]> {
  const { items } = await harness.engine.listMessages({ workflow: "tour" }, { limit: 10 });
  return items.map(({ engagement_statuses }) => engagement_statuses);
}

const DONE = { status: 200, expectedBody: { status: "ok" } };

export const GUIDE_CASES: ApiCase[] = [
  {
    title: "A-298 returns a user's guides to a public key, rendered with the request's data",
    given: tour,
    request: `GET ${PATH}/c-tours?tenant=acme&data=${encodeURIComponent('{"page":{"a":1},"x":null}')}&type=banner`,
    headers: PUBLIC,
    status: 200,
    expectedBody: {
      entries: [{ __typename: "Guide", key: "tour", steps: [{ ref: "step_1", message: { id: null, seen_at: null } }] }],
      guide_groups: [{ __typename: "GuideGroup", key: "default", display_sequence: ["tour"] }],
      guide_group_display_logs: {},
      ineligible_guides: [],
    },
  },
  {
    title: "A-532 R-121 names a guide that is not for the user with the reason",
    given: ({ harness }) =>
      harness.defineGuide("tour", { target_property_conditions: buildCondition("recipient.plan", "exists") }),
    request: `GET ${PATH}/c-tours?force_all_guides=true`,
    status: 200,
    expectedBody: {
      entries: [{ key: "tour" }],
      ineligible_guides: [
        {
          __typename: "GuideIneligibilityMarker",
          key: "tour",
          reason: "target_conditions_not_met",
          message: "recipient.plan exists (was missing)",
        },
      ],
    },
  },
  {
    title: "A-298 returns no guides for an undeclared channel's UUID",
    request: `GET ${PATH}/6b8b0c2a-0000-4000-8000-000000000000`,
    status: 200,
    expectedBody: { entries: [], ineligible_guides: [] },
  },
  { title: "AC-224 reports an unknown channel as missing", request: `GET ${PATH}/nowhere`, ...EXPECT_MISSING },
  {
    title: "AC-225 rejects a channel of another type",
    request: `GET ${PATH}/c-feed`,
    status: 422,
    expectedBody: buildErrorBody("channel_invalid", 422),
  },
  {
    title: "A-298 rejects data that is not JSON",
    request: `GET ${PATH}/c-tours?data=x`,
    ...expectInvalidField("data"),
  },
  {
    title: "A-298 rejects data that is not an object",
    request: `GET ${PATH}/c-tours?data=[1]`,
    ...expectInvalidField("data"),
  },
  {
    title: "A-298 rejects data that is nested too deep",
    request: `GET ${PATH}/c-tours?data=${encodeURIComponent(`{"a":${"[".repeat(300)}${"]".repeat(300)}}`)}`,
    status: 422,
    expectedBody: buildErrorBody("invalid_params", 422),
  },
  {
    title: "A-298 rejects an invalid boolean",
    request: `GET ${PATH}/c-tours?force_all_guides=1`,
    ...expectInvalidField("force_all_guides"),
  },
  {
    title: "A-294 marks a guide as seen, and A-293 as interacted",
    given: async (api) => {
      tour(api);
      await api.request(`PUT ${PATH}/messages/seen`, step());
    },
    request: `PUT ${PATH}/messages/interacted`,
    body: step({ metadata: { a: 1 } }),
    headers: PUBLIC,
    ...DONE,
    check: async (api) => expect(await statuses(api)).toEqual([["seen", "read", "interacted"]]),
  },
  {
    title: "A-291 archives a guide, and A-292 reverses it",
    given: async (api) => {
      tour(api);
      await api.request(`PUT ${PATH}/messages/archived`, step({ is_final: true, unthrottled: null }));
      expect(await statuses(api)).toEqual([["archived"]]);
    },
    request: `DELETE ${PATH}/messages/archived`,
    body: { guide_key: "tour" },
    headers: PUBLIC,
    ...DONE,
    check: async (api) => expect(await statuses(api)).toEqual([[]]),
  },
  {
    title: "A-290 creates a new message for the next engagement after a reset",
    given: async (api) => {
      tour(api);
      await api.request(`PUT ${PATH}/messages/seen`, step());
      await api.request(`PUT ${PATH}/engagements/reset`, { guide_key: "tour" });
    },
    request: `PUT ${PATH}/messages/archived`,
    body: step(),
    ...DONE,
    check: async (api) => expect(await statuses(api)).toEqual([["archived"], ["seen"]]),
  },
  ...(["A-295 archived", "A-296 interacted", "A-297 seen"] as const).map((title): ApiCase => {
    const [, action] = title.split(" ");
    return {
      title: `${title} is accepted in the older format, and the id in the path is ignored`,
      given: tour,
      request: `PUT ${PATH}/messages/any-id/${action}`,
      body: step(),
      ...DONE,
      check: async (api) => expect(await statuses(api)).toHaveLength(1),
    };
  }),
  {
    title: "A-533 rejects a body without required fields",
    given: tour,
    request: `PUT ${PATH}/messages/seen`,
    body: {},
    ...expectInvalidField("guide_key"),
  },
  {
    title: "A-533 requires the shown content for seen",
    given: tour,
    request: `PUT ${PATH}/messages/seen`,
    body: step({ content: null }),
    ...expectInvalidField("content"),
  },
  {
    title: "A-534 rejects nested metadata",
    given: tour,
    request: `PUT ${PATH}/messages/interacted`,
    body: step({ metadata: { a: { b: 1 } } }),
    ...expectInvalidField("metadata.a"),
  },
  {
    title: "A-536 reports an unknown guide as missing",
    request: `DELETE ${PATH}/messages/archived`,
    body: { guide_key: "x" },
    ...EXPECT_MISSING,
  },
  {
    title: "A-537 reports an unknown guide of a reset as missing",
    request: `PUT ${PATH}/engagements/reset`,
    body: { guide_key: "x" },
    ...EXPECT_MISSING,
  },
  {
    title: "A-208 A-610 finds guides' messages by their channel and source, and marks them like others",
    given: async (api) => {
      tour(api);
      await api.request(`PUT ${PATH}/messages/seen`, step());
    },
    request: "GET /v1/messages?channel_id=c-tours&source=tour",
    status: 200,
    expectedBody: {
      items: [{ channel: { type: "in_app_guide" }, source: { type: "guide", key: "tour" }, workflow: "tour" }],
    },
    async check({ request }, { rows }) {
      const [message] = rows;
      const marked = await request(`PUT /v1/messages/${String(message?.id)}/archived`);
      expect(marked.body).toMatchObject({ engagement_statuses: ["seen", "archived"] });
      const content = await request(`GET /v1/messages/${String(message?.id)}/content`);
      expect(content.body).toMatchObject({ data: { __typename: "MessageInAppGuideContent", content: {} } });
      expect((await request(`GET ${PATH}/c-tours`)).body).toMatchObject({ ineligible_guides: [{ key: "tour" }] });
      expect((await request("GET /v1/workflow_recipient_runs?workflow=tour")).rows).toEqual([]);
    },
  },
];
