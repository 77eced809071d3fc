import { describe, expect, it } from "vitest";
import { parseSource } from "../../../src/domain/trigger/parse-source.js";
import type { JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";

const parse = (raw: unknown) => parseSource("shop", raw, "sources/shop/source.json");
const mapped = (action_type: string, action_parameters: JsonObject): JsonObject => ({
  mappings: [{ event_type: "paid", action_type, action_parameters }],
});

describe("source.json (section 17, E-402)", () => {
  it("has defaults for omitted fields", () => {
    expect(parse({ $schema: "x", __readonly: { key: "shop" } })).toEqual({
      key: "shop",
      name: "shop",
      settings: {
        event_type_path: "type",
        timestamp_path: null,
        idempotency_key_path: null,
        enforce_idempotency: false,
        user_id_path: "user_id",
        handle_identifies: false,
        verification: null,
      },
      mappings: [],
    });
  });

  it.each<[string, unknown, string]>([
    ["a list", [], " must be an object, found a list"],
    ["an unknown key", { maping: [] }, '/maping unknown key "maping"; did you mean "mappings"?'],
    ["an unknown setting", { settings: { timestamp: "at" } }, '/settings/timestamp unknown key "timestamp"'],
    [
      "a script",
      { settings: { preprocess_script: "x" } },
      "/settings/preprocess_script is unsupported: scripts do not run locally",
    ],
    [
      "verification",
      { settings: { enforce_verification: true } },
      "/settings/verification is required if enforce_verification is true",
    ],
    [
      "a path with a hole",
      { settings: { event_type_path: "a..b" } },
      "/settings/event_type_path must be a dotted path",
    ],
    [
      "keys enforced that come from nowhere",
      { settings: { enforce_idempotency: true } },
      "/settings/idempotency_key_path is required",
    ],
    ["an unknown action", mapped("user_identify", {}), "/mappings/0/action_type must be"],
    [
      "an unknown parameter",
      mapped("users_identify", { user_id: "id", propertys: "p" }),
      '/mappings/0/action_parameters/propertys unknown key "propertys"; did you mean "properties"?',
    ],
    [
      "a parameter that is required",
      mapped("workflows_trigger", { workflow_key: "w" }),
      "/mappings/0/action_parameters/recipients is required for workflows_trigger",
    ],
    [
      "an empty path",
      mapped("users_delete", { user_id: "" }),
      "/mappings/0/action_parameters/user_id must be a dotted",
    ],
  ])("rejects %s", (_what, raw, fault) => {
    const error = catchThrown(() => parse(raw));
    expect(error.code).toBe("project_invalid");
    expect(error.message).toContain("sources/shop/source.json: ");
    expect(formatDetails(error)[0]).toContain(fault);
  });

  it("reports all errors at once, each once, also next to values of a wrong type", () => {
    const raw = {
      settings: {
        event_type_path: "a.",
        enforce_idempotency: true,
        handle_identifies: "yes",
        verification: { scheme: "hmca", secret: "s3cret" },
      },
      mappings: [
        { event_type: "paid", action_type: "users_delete" },
        { event_type: "", action_type: "audiences_add_member", action_parameters: { key: "vip", user_id: "a..b" } },
        { event_type: "x", action_type: "users_delete", action_parameters: [] },
        { event_type: "", action_type: "users_delet", active: "yes", action_parameters: { anything: true } },
      ],
    };
    expect(formatDetails(catchThrown(() => parse(raw)))).toEqual([
      "/settings/event_type_path must be a dotted path such as data.user.id",
      "/settings/handle_identifies must be true or false, found a string",
      '/settings/verification/scheme must be "hmac" or "secret", found "hmca"; did you mean "hmac"?',
      '/settings/verification/secret must name an environment variable, such as "$BILLING_SECRET": never write the secret here',
      "/settings/idempotency_key_path is required if enforce_idempotency is true",
      '/mappings/0/action_parameters/user_id is required for users_delete (a path into the event, or { "value": … })',
      "/mappings/1/event_type must not be empty",
      "/mappings/1/action_parameters/user_id must be a dotted path such as data.user.id",
      "/mappings/2/action_parameters must be an object, found a list",
      expect.stringMatching(/^\/mappings\/3\/action_type .* did you mean "users_delete"\?$/),
      "/mappings/3/event_type must not be empty",
      "/mappings/3/active must be true or false, found a string",
    ]);
  });

  it("accepts key as an alias of workflow_key and audience_key", () => {
    const { mappings } = parse(mapped("audiences_add_member", { key: "vip", user_id: "user.id" }));
    expect(mappings[0]?.action_parameters).toEqual({ audience_key: "vip", user_id: "user.id" });
  });
});
