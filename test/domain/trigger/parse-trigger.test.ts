import { describe, expect, it } from "vitest";
import { parseCancellation, parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";
import { buildNestedJson } from "../../helpers/json-arbitraries.js";

const trigger = (payload: JsonObject) => parseTrigger(payload, "welcome").trigger;
const faults = (payload: unknown): string[] => formatDetails(catchThrown(() => parseTrigger(payload, "welcome")));

describe("recipients (E-034 to E-042)", () => {
  it.each<[string, Json, object]>([
    ["E-036 a string is a reference", "ada", { key: "$users/ada", upsert: null, trigger_data: null }],
    [
      "E-036 { id } identifies a user",
      { id: "ada" },
      { key: "$users/ada", upsert: { key: "$users/ada", properties: {} }, trigger_data: null },
    ],
    [
      "E-034 a user inline",
      { id: "ada", email: "ada@lark.test", address: { city: "Rome" } },
      {
        key: "$users/ada",
        upsert: { key: "$users/ada", properties: { email: "ada@lark.test", address: { city: "Rome" } } },
        trigger_data: null,
      },
    ],
    [
      "E-037 { id, collection } is a reference",
      { id: "p1", collection: "projects" },
      { key: "projects/p1", upsert: null, trigger_data: null },
    ],
    [
      "E-037 with a property an object is identified",
      { id: "p1", collection: "projects", name: "Kestrel" },
      { key: "projects/p1", upsert: { key: "projects/p1", properties: { name: "Kestrel" } }, trigger_data: null },
    ],
    [
      "E-042 $trigger_data alone does not identify an object",
      { id: "p1", collection: "projects", $trigger_data: { code: "X1" } },
      { key: "projects/p1", upsert: null, trigger_data: { code: "X1" } },
    ],
    [
      "E-048 a tenant is found or created",
      { id: "acme", collection: "$tenants" },
      { key: "$tenants/acme", upsert: { key: "$tenants/acme", properties: {} }, trigger_data: null },
    ],
    [
      "E-039 to E-042 what is not a property",
      {
        id: "ada",
        name: null,
        preferences: { default: { workflows: { welcome: false } } },
        channel_data: { ios: { tokens: ["t"] } },
        $trigger_data: { a: 1 },
      },
      {
        key: "$users/ada",
        upsert: {
          key: "$users/ada",
          properties: { name: null },
          preferences: { default: { workflows: { welcome: false } } },
          channel_data: { ios: { tokens: ["t"] } },
        },
        trigger_data: { a: 1 },
      },
    ],
  ])("parses %s", (_rule, recipient, parsed) => {
    expect(trigger({ recipients: [recipient] }).recipients).toEqual([parsed]);
    expect(trigger({ recipients: recipient }).recipients).toEqual([parsed]); // C-016
  });

  it("C-016, E-026 sends a single recipient as a list", () => {
    expect(trigger({ recipients: "ana" }).payload).toEqual({ recipients: ["ana"] });
  });

  it("E-051 accepts an id of 256 characters, of any script, with spaces inside", () => {
    for (const id of ["x".repeat(256), "渡辺", "a b", "a:b@c?d=e&f", "42"])
      expect(trigger({ recipients: [id] }).recipients[0]?.key).toBe(`$users/${id}`);
  });

  it.each<[string, Json, string]>([
    ["C-030 a slash", "a/b", '/recipients/0 must not contain "/" or "#"'],
    ["C-030 257 characters", { id: "x".repeat(257) }, "/recipients/0/id must be at most 256 characters"],
    ["E-051 a hash", { id: "a#b" }, '/recipients/0/id must not contain "/" or "#"'],
    [
      "a NUL, at which a store would cut it",
      { id: "ada\0x" },
      "/recipients/0/id must not contain NUL or half a surrogate pair",
    ],
    ["half a character", "a\ud800", "/recipients/0 must not contain NUL or half a surrogate pair"],
    ["an empty id", "", "/recipients/0 must not be empty"],
    ["an id of blanks", { id: " \t" }, "/recipients/0/id must not be empty"],
    ["no id", { email: "a@b.test" }, "/recipients/0/id is required (a string)"],
    ["a number", 42, "/recipients/0 must be a user ID, an object reference or an inline recipient, found a number"],
    ["null", null, "/recipients/0 must be a user ID, an object reference or an inline recipient, found null"],
    [
      "a list in the list",
      ["ada"],
      "/recipients/0 must be a user ID, an object reference or an inline recipient, found a list",
    ],
    ["an id that is a number", { id: 42 }, "/recipients/0/id must be a string, found a number"],
    [
      "a collection with a slash",
      { id: "a", collection: "a/b" },
      '/recipients/0/collection must not contain "/" or "#"',
    ],
    [
      "a collection that is null",
      { id: "a", collection: null },
      "/recipients/0/collection must be a string, found null",
    ],
    [
      "$trigger_data that is a list",
      { id: "a", $trigger_data: [] },
      "/recipients/0/$trigger_data must be an object, found a list",
    ],
    [
      "channel data that is text",
      { id: "a", channel_data: "x" },
      "/recipients/0/channel_data must be an object, found a string",
    ],
    [
      "a channel's data that is a list",
      { id: "a", channel_data: { "ios/1": [] } },
      "/recipients/0/channel_data/ios~11 must be an object, found a list",
    ],
    [
      "E-041 a set that is a switch",
      { id: "a", preferences: { default: false } },
      "/recipients/0/preferences/default must be an object, found a boolean",
    ],
  ])("rejects %s", (_what, recipient, fault) => {
    expect(faults({ recipients: [recipient] })).toEqual([fault]);
    const alone = fault.replace("/recipients/0", "/recipients");
    if (!Array.isArray(recipient) && recipient !== null) expect(faults({ recipients: recipient })).toEqual([alone]);
  });

  it("E-025 requires at least one recipient", () => {
    const missing = "/recipients is required (a user ID, an object reference, an inline recipient, or a list of them)";
    expect(faults({})).toEqual([missing]);
    expect(faults({ recipients: null })).toEqual([missing]);
    expect(faults({ recipients: [] })).toEqual(["/recipients must have at least one recipient"]);
  });

  it("E-027 accepts up to 1,000, and reports more as one error", () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`);
    expect(trigger({ recipients: ids(1_000) }).recipients).toHaveLength(1_000);
    expect(faults({ recipients: ids(1_001) })).toEqual(["/recipients must have at most 1000 entries, found 1001"]);
    expect(faults({ recipients: Array(5_000).fill(1) })).toHaveLength(1);
  });

  it("reports every error, and in the message the first one with the number of others", () => {
    const error = catchThrown(() => parseTrigger({ recipients: ["ada", "", { id: 1 }, "a#b"] }, "welcome"));
    expect(error.code).toBe("invalid_params");
    expect(error.message).toBe("the trigger: recipients[1] must not be empty (and 2 more)");
    expect(error.details.map(({ value }) => value)).toEqual(["", 1, "a#b"]);
  });
});

describe("actor and tenant (E-044 to E-050)", () => {
  it("accept the same formats as recipients", () => {
    expect(trigger({ recipients: ["a"] }).actor).toBeNull();
    expect(trigger({ recipients: ["a"], actor: null }).actor).toBeNull();
    expect(trigger({ recipients: ["a"], actor: "bo" }).actor).toEqual({ key: "$users/bo", upsert: null });
    expect(trigger({ recipients: ["a"], actor: { id: "p1", collection: "projects" } }).actor).toEqual({
      key: "projects/p1",
      upsert: null,
    });
    expect(trigger({ recipients: ["a"], actor: { id: "bo", name: "Bo" } }).actor?.upsert?.properties).toEqual({
      name: "Bo",
    });
    expect(faults({ recipients: ["a"], actor: ["bo"] })[0]).toMatch(/^\/actor must be .* found a list$/);
    expect(faults({ recipients: ["a"], actor: {} })).toEqual(["/actor/id is required (a string)"]);
  });

  it("E-047 accept a tenant by id or inline", () => {
    expect(trigger({ recipients: ["a"] }).tenant).toBeNull();
    expect(trigger({ recipients: ["a"], tenant: "acme" }).tenant).toEqual({ id: "acme", upsert: null });
    expect(trigger({ recipients: ["a"], tenant: { id: "acme" } }).tenant).toEqual({
      id: "acme",
      upsert: { key: "$tenants/acme", properties: {} },
    });
    expect(
      trigger({ recipients: ["a"], tenant: { id: "acme", name: "Acme", settings: { branding: {} } } }).tenant,
    ).toEqual({
      id: "acme",
      upsert: { key: "$tenants/acme", properties: { name: "Acme", settings: { branding: {} } } },
    });
    expect(faults({ recipients: ["a"], tenant: 5 })).toEqual([
      "/tenant must be a tenant id or an inline tenant, found a number",
    ]);
    expect(faults({ recipients: ["a"], tenant: "a/b" })).toEqual(['/tenant must not contain "/" or "#"']);
    expect(faults({ recipients: ["a"], tenant: { name: "x" } })).toEqual(["/tenant/id is required (a string)"]);
  });
});

describe("the other fields (E-025, E-028, E-032)", () => {
  it("E-032 defaults: data is {}, settings are off, keys are null", () => {
    const parsed = parseTrigger({ recipients: ["a"], data: null, settings: null, cancellation_key: null }, "welcome");
    expect(parsed.trigger).toMatchObject({
      data: {},
      cancellation_key: null,
      settings: { sandbox_mode: false, skip_delay: false },
    });
    expect(parsed.idempotency_key).toBeNull();
  });

  it.each<[string, JsonObject, string[]]>([
    ["data that is a list", { data: [1] }, ["/data must be an object, found a list"]],
    ["data that is text", { data: "x" }, ["/data must be an object, found a string"]],
    ["an empty cancellation key", { cancellation_key: "" }, ["/cancellation_key must not be empty"]],
    ["a NUL", { cancellation_key: "a\0" }, ["/cancellation_key must not contain NUL or half a surrogate pair"]],
    ["a number for a key", { cancellation_key: 7 }, ["/cancellation_key must be a string, found a number"]],
    [
      "256 characters of idempotency key",
      { idempotency_key: "x".repeat(256) },
      ["/idempotency_key must be at most 255 characters"],
    ],
    ["settings that are a list", { settings: [] }, ["/settings must be an object, found a list"]],
    [
      "a setting that is text",
      { settings: { sandbox_mode: "yes" } },
      ["/settings/sandbox_mode must be true or false, found a string"],
    ],
    [
      "a setting mistyped",
      { settings: { skip_dely: true } },
      ['/settings/skip_dely unknown key "skip_dely"; did you mean "skip_delay"?'],
    ],
    [
      "a field mistyped",
      { cancelation_key: "x" },
      ['/cancelation_key unknown key "cancelation_key"; did you mean "cancellation_key"?'],
    ],
    [
      "a field nothing like one",
      { zzz: 1 },
      [
        '/zzz unknown key "zzz"; valid keys are key, recipients, actor, tenant, data, cancellation_key, idempotency_key, settings',
      ],
    ],
  ])("rejects %s", (_what, fields, expected) => {
    expect(faults({ recipients: ["a"], ...fields })).toEqual(expected);
  });

  it("suggests recipients for a similar field", () => {
    expect(faults({ recipient: ["a"] })).toContain('/recipient unknown key "recipient"; did you mean "recipients"?');
  });

  it("excludes only key and idempotency_key from the request to the API", () => {
    const payload = {
      key: "welcome",
      idempotency_key: "k",
      recipients: ["a"],
      data: { x: [1] },
      actor: "b",
      tenant: null,
    };
    const { trigger: parsed, idempotency_key } = parseTrigger(payload, null);
    expect(idempotency_key).toBe("k");
    expect(parsed.workflow).toBe("welcome");
    expect(parsed.payload).toEqual({ recipients: ["a"], data: { x: [1] }, actor: "b", tenant: null });
  });

  it("requires exactly one workflow", () => {
    expect(catchThrown(() => parseTrigger({ recipients: ["a"] }, null)).code).toBe("usage");
    expect(parseTrigger({ recipients: ["a"], key: "welcome" }, "welcome").trigger.workflow).toBe("welcome");
    const error = catchThrown(() => parseTrigger({ recipients: ["a"], key: "other" }, "welcome"));
    expect([error.code, ...formatDetails(error)]).toEqual(["usage", '/key must be "welcome"']);
  });
});

describe("a value that is not a payload", () => {
  it.each<[Json, string]>([
    [null, "null"],
    ["text", "a string"],
    [7, "a number"],
    [[{ recipients: ["a"] }], "a list"],
  ])("is rejected: %j", (payload, found) => {
    expect(faults(payload)).toEqual([` must be an object, found ${found}`]);
  });

  it("causes a hint on how to send several if it is a list", () => {
    expect(catchThrown(() => parseTrigger([], "welcome")).hint).toContain("--format jsonl");
  });
});

describe("sizes (C-017, E-028)", () => {
  it("are accepted up to 10 MB in bytes, and rejected above", () => {
    const around = (size: number) => ({ recipients: ["a"], data: { x: "y".repeat(size) } });
    expect(() => trigger(around(10 * 1_048_576 - 100))).not.toThrow();
    expect(catchThrown(() => trigger(around(10 * 1_048_576))).code).toBe("payload_too_large");
    expect(catchThrown(() => trigger({ recipients: ["a"], data: { x: "ä".repeat(5 * 1_048_576) } })).code).toBe(
      "payload_too_large",
    );
  });

  it("accepts four million small values", () => {
    const list = Array<number>(4_000_000).fill(0);
    expect(trigger({ recipients: ["a"], data: { list } }).data.list).toHaveLength(4_000_000);
  });

  it.each([200, 100_000])("reject data nested %d deep without a stack overflow", (levels) => {
    const error = catchThrown(() => parseTrigger({ recipients: ["a"], data: buildNestedJson(levels) }, "welcome"));
    expect(error.code).toBe("invalid_params");
    expect(error.message).toContain("nested too deep");
  });

  it("allow data nested 199 objects deep", () => {
    expect(() => trigger({ recipients: ["a"], data: buildNestedJson(199) as JsonObject })).not.toThrow();
  });

  it("reject the key __proto__ at any depth, with its location", () => {
    const payload = JSON.parse('{"recipients":[{"id":"a","x":[{"__proto__":{"admin":true}}]}]}');
    expect(faults(payload)).toEqual(["/recipients/0/x/0/__proto__ is not allowed as a key"]);
    expect(({} as JsonObject).admin).toBeUndefined();
  });
});

describe("parseCancellation (A-403)", () => {
  it("cancels for all recipients, or for those listed, with inline ones as references", () => {
    expect(parseCancellation({ cancellation_key: "k" }, "w")).toEqual({
      workflow: "w",
      cancellation_key: "k",
      recipients: null,
    });
    expect(parseCancellation({ cancellation_key: "k", recipients: null }, "w").recipients).toBeNull();
    expect(
      parseCancellation(
        { cancellation_key: "k", recipients: ["a", { id: "p", collection: "c" }, { id: "b", x: 1 }] },
        "w",
      ).recipients,
    ).toEqual(["$users/a", "c/p", "$users/b"]);
  });

  it.each<[Json, string]>([
    [{}, "/cancellation_key is required (a string)"],
    [{ cancellation_key: "" }, "/cancellation_key must not be empty"],
    [{ cancellation_key: "k", recipients: [] }, "/recipients must have at least one recipient"],
    [{ cancellation_key: "k", recipients: ["a/b"] }, '/recipients/0 must not contain "/" or "#"'],
    // If it were ignored, this key would cancel for all recipients.
    [{ cancellation_key: "k", recipient: ["a"] }, '/recipient unknown key "recipient"; did you mean "recipients"?'],
    [null, " must be an object, found null"],
  ])("rejects %j", (payload, fault) => {
    expect(formatDetails(catchThrown(() => parseCancellation(payload, "w")))).toEqual([fault]);
  });
});
