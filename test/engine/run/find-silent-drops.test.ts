import { describe, expect, it } from "vitest";
import { type RecipientUpsert, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { RenderError } from "../../../src/engine/liquid/liquid-errors.js";
import {
  findCertainSkips,
  findSilentDrops,
  sendsOnlyByChannelSteps,
} from "../../../src/engine/run/find-silent-drops.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";
import type { JsonObject } from "../../../src/util/json.js";
import { compileSteps, emailStep, smsStep } from "../../helpers/compile-steps.js";

const DELAY = { ref: "delay", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
const CALL = { ref: "call", type: "trigger_workflow", settings: { workflow_key: "other" } };

const ada = (properties: JsonObject, preferences?: JsonObject): RecipientUpsert => ({
  key: toRecipientKey("ada"),
  properties,
  ...(preferences && { preferences: { default: preferences } }),
});
const off = (...channelTypes: string[]): JsonObject => ({
  channel_types: Object.fromEntries(channelTypes.map((type) => [type, false])),
});

async function findDrops(
  steps: JsonObject[],
  recipients: RecipientUpsert[],
  environment: JsonObject = {},
): Promise<Record<string, string[]>> {
  const compiled = await compileSteps(steps);
  const drops = findSilentDrops(compiled, parseEnvironment(environment, "environment.json"), recipients, 0);
  return Object.fromEntries(
    drops.map(({ user, reasons }) => [user, reasons.map(({ code, detail }) => detail ?? code)]),
  );
}

describe("findSilentDrops", () => {
  it("returns a user without an address, with the reasons of the steps", async () => {
    expect(await findDrops([emailStep({}), smsStep("Hi")], [ada({})])).toEqual({
      ada: ["no email address", "no phone number"],
    });
  });

  it("omits a user whom one of the steps reaches", async () => {
    expect(await findDrops([emailStep({}), smsStep("Hi")], [ada({ email: "ada@x.test" })])).toEqual({});
  });

  it("omits a user who turned all of it off, and returns one who turned off a part of it", async () => {
    const steps = [emailStep({}), smsStep("Hi")];
    const addresses = { email: "ada@x.test", phone_number: "+4915112345678" };
    expect(await findDrops(steps, [ada(addresses, off("email", "sms"))])).toEqual({});
    expect(await findDrops(steps, [ada({ email: "ada@x.test" }, off("email"))])).toEqual({
      ada: [expect.stringContaining("channel_types.email = false"), "no phone number"],
    });
  });

  it("returns a user for whom the environment's preferences turn it off", async () => {
    const drops = await findDrops([emailStep({})], [ada({ email: "ada@x.test" })], {
      preferences: { default: off("email") },
    });
    expect(drops).toEqual({ ada: [expect.stringContaining("channel_types.email = false")] });
  });

  it("omits a user whose preference depends on the data", async () => {
    const conditions = [{ variable: "data.urgent", operator: "equal_to", argument: "true" }];
    const preferences = { channel_types: { email: { conditions } } };
    expect(await findDrops([emailStep({})], [ada({ email: "ada@x.test" }, preferences)])).toEqual({});
  });

  it("returns users of a channel that is not configured", async () => {
    expect(await findDrops([emailStep({})], [ada({ email: "ada@x.test" })], { channels: { email: null } })).toEqual({
      ada: ["email"],
    });
  });

  it("omits users of a group none of whose channels applies to this data", async () => {
    const condition = { variable: "data.urgent", operator: "equal_to", argument: "true" };
    const environment = {
      channels: { email: { type: "email" } },
      channel_groups: {
        mails: { type: "email", rules: [{ rule_type: "if", channel: "email", ...condition }] },
      },
    };
    const { channel_key: _, ...step } = emailStep({});
    expect(await findDrops([{ ...step, channel_group_key: "mails" }], [ada({})], environment)).toEqual({});
  });

  it("omits users whose address is in a template, because it may depend on the data", async () => {
    const settings = { to: "{{ data.address }}" };
    expect(await findDrops([emailStep({ settings })], [ada({})])).toEqual({});
    const overrides = { ...emailStep({}), channel_overrides: { to_address: "{{ data.address }}" } };
    expect(await findDrops([overrides], [ada({})])).toEqual({});
  });

  it("omits objects, and workflows that notify by another workflow or not at all", async () => {
    const object = { key: toRecipientKey({ collection: "projects", id: "p1" }), properties: {} };
    expect(await findDrops([emailStep({})], [object])).toEqual({});
    expect(await findDrops([emailStep({}), CALL], [ada({})])).toEqual({});
    expect(await findDrops([DELAY], [ada({})])).toEqual({});
  });
});

describe("findCertainSkips", () => {
  const environment = parseEnvironment({}, "environment.json");

  async function findSkipsWithError(error: unknown): Promise<unknown[]> {
    const compiled = await compileSteps([emailStep({})]);
    const renderer = compiled.renderers.get("email");
    Object.assign(renderer as object, {
      resolveDestinations: () => {
        throw error;
      },
    });
    return findCertainSkips(compiled, environment, [ada({})], 0);
  }

  it("omits users for whom a step fails without the data of a trigger", async () => {
    expect(await findSkipsWithError(new RenderError("no data"))).toEqual([]);
    expect(await findSkipsWithError(new KnockError("template_invalid", "no data"))).toEqual([]);
  });

  it("throws any other error", async () => {
    await expect(findSkipsWithError(new TypeError("a bug"))).rejects.toThrow("a bug");
  });

  it("returns null for a step that may send", async () => {
    const compiled = await compileSteps([emailStep({}), smsStep("Hi")]);
    const [user] = findCertainSkips(compiled, environment, [ada({ email: "ada@x.test" })], 0);
    expect(user?.steps.map(({ step, skip }) => [step.ref, skip])).toEqual([
      ["email", null],
      ["sms", { reason: { code: "missing_recipient_data", detail: "no phone number" }, isOwnChoice: false }],
    ]);
  });
});

describe("sendsOnlyByChannelSteps", () => {
  it.each([
    ["is true for channel steps", [emailStep({}), DELAY], true],
    ["is false without a channel step", [DELAY], false],
    ["is false for a channel step and another workflow", [emailStep({}), CALL], false],
    ["is false for another workflow", [CALL], false],
  ])("%s", async (_name, steps, expected) => {
    expect(sendsOnlyByChannelSteps((await compileSteps(steps as JsonObject[])).workflow)).toBe(expected);
  });
});
