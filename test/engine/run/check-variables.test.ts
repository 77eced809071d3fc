import { describe, expect, it } from "vitest";
import { createDefaultEnvironment } from "../../../src/domain/environment/environment.js";
import {
  buildUnidentifiedRecipient,
  type RecipientReference,
  toRecipientKey,
} from "../../../src/domain/recipient/recipient.js";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { EngineContext } from "../../../src/engine/context/engine-context.js";
import { checkVariables, createVariableChecker } from "../../../src/engine/run/check-variables.js";
import { systemIds } from "../../../src/util/ids.js";
import type { JsonObject } from "../../../src/util/json.js";
import { compileSteps, smsStep } from "../../helpers/compile-steps.js";

const ADA = { name: "Ada" };

interface Case {
  /** A text of a step, or the texts of several steps. */
  text: string | string[];
  data?: JsonObject;
  recipients?: (string | JsonObject)[];
  /** Properties of the known recipients, by their reference. By default, only ada is known. */
  known?: [RecipientReference, JsonObject][];
  more?: JsonObject;
}

/** Returns the warnings of a trigger, with the step's names but without the places in them. */
async function warnAbout({ text, data = {}, recipients = ["ada"], known = [["ada", ADA]], more = {} }: Case) {
  const texts = Array.isArray(text) ? text : [text];
  const compiled = await compileSteps(texts.map((each, index) => smsStep(each, `sms_${index + 1}`)));
  const { trigger } = parseTrigger({ recipients, data, ...more }, "w");
  const people = new Map(
    known.map(([reference, properties]) => {
      const key = toRecipientKey(reference);
      return [key, { ...buildUnidentifiedRecipient(key, 0), properties }];
    }),
  );
  const context = { ids: systemIds } as EngineContext<unknown>;
  const environment = createDefaultEnvironment();
  const warnings = checkVariables(context, { trigger, compiled, environment, now: 0 }, people);
  return warnings.map((warning) => warning.replace(/^step (\w+): .*?: /, "$1: ").replaceAll(/; \S+ line .*?: /g, "; "));
}

/** Returns what a trigger for ada is warned about. */
async function warned(text: string, data: JsonObject, triggerData?: JsonObject): Promise<string[]> {
  const recipients = triggerData === undefined ? ["ada"] : [{ id: "ada", $trigger_data: triggerData }];
  const warnings = await warnAbout({ text, data, recipients });
  return warnings.map((warning) => warning.replace("sms_1: ", ""));
}

describe("checkVariables", () => {
  it("accepts variables of the trigger data, with and without `data`", async () => {
    expect(await warned("{{ page }} {{ data.page }} {{ order.total }}", { page: "Home", order: { total: 3 } })).toEqual(
      [],
    );
  });

  it("reports a misspelled variable beside defined ones", async () => {
    expect(await warned("{{ page }} {{ order.totl }}", { page: "Home", order: { total: 3 } })).toEqual([
      'the template reads "order.totl", and the data has "order.total"',
    ]);
  });

  it("E-074 reports a variable of the recipient that only the trigger data has", async () => {
    expect(await warned("{{ recipient.naem }}", { recipient: { naem: "Ada" } })).toEqual([
      'recipient.naem is undefined; did you mean "recipient.name"?',
    ]);
  });

  it("EQ-08 reports a variable that the recipient's own trigger data replaces", async () => {
    expect(await warned("{{ order.totl }}", { order: { totl: 3 } }, { order: { total: 3 } })).toEqual([
      'the template reads "order.totl", and the data has "order.total"',
    ]);
  });

  it("reports a property of an object that only the data itself has", async () => {
    expect(await warned("{{ order.totl }}", { order: { total: 3 }, totl: 3 })).toEqual([
      'the template reads "order.totl", and the data has "order.total"',
    ]);
  });

  it("reports a misspelled name without a property", async () => {
    expect(await warned("{{ customre }}", { customer: "Ada" })).toEqual([
      'the template reads "customre", and the data has "customer"',
    ]);
  });

  it("accepts properties of null, texts and lists", async () => {
    expect(
      await warned("{{ page.title }} {{ name.title }} {{ list[0].title }}", { page: null, name: "Home", list: [] }),
    ).toEqual([]);
  });

  it("reports steps one by one, and the variables of a step together", async () => {
    const data = { order: { total: 3 }, customer: "Ada" };
    const text = ["{{ order.totl }} {{ customre }}", "{{ recipient.nickname }}", "{{ customer }}", "{{ order.totl }}"];
    expect(await warnAbout({ text, data })).toEqual([
      'sms_1: the template reads "order.totl", and the data has "order.total"; the template reads "customre", and the data has "customer"',
      'sms_4: the template reads "order.totl", and the data has "order.total"',
    ]);
  });

  it("reports nothing if no recipient is known, because the recipients may have the property", async () => {
    expect(await warnAbout({ text: "{{ recipient.naem }} {{ order.totl }}", recipients: ["zoe"] })).toEqual([]);
  });

  it("EQ-08 checks the trigger data of the first known recipient", async () => {
    const zoe = { id: "zoe", collection: "absent" };
    const ada = { id: "ada", $trigger_data: { order: { total: 3 } } };
    const data = { order: { totl: 3 } };
    expect(await warnAbout({ text: "{{ order.totl }}", data, recipients: [zoe, ada] })).toEqual([
      'sms_1: the template reads "order.totl", and the data has "order.total"',
    ]);
  });

  it("accepts a property that one of the first five known recipients has, and not only the first", async () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const warnWithNickname = (owner: string) =>
      warnAbout({
        text: "{{ recipient.nicknam }}",
        recipients: names,
        known: names.map((name): [string, JsonObject] => [name, { [name === owner ? "nicknam" : "nickname"]: "x" }]),
      });
    expect(await warnWithNickname("b")).toEqual([]);
    expect(await warnWithNickname("e")).toEqual([]);
    expect(await warnWithNickname("f")).toEqual([
      'sms_1: recipient.nicknam is undefined; did you mean "recipient.nickname"?',
    ]);
  });

  it("checks variables of the tenant and the actor", async () => {
    const more = { tenant: "acme", actor: "bob" };
    const known: Case["known"] = [
      ["ada", ADA],
      ["bob", { nickname: "B" }],
      [{ collection: "$tenants", id: "acme" }, { slogan: "Hi" }],
    ];
    expect(await warnAbout({ text: "{{ tenant.slogna }} {{ actor.nickame }}", known, more })).toEqual([
      'sms_1: tenant.slogna is undefined; did you mean "tenant.slogan"?; actor.nickame is undefined; did you mean "actor.nickname"?',
    ]);
    expect(await warnAbout({ text: "{{ tenant.slogna }} {{ actor.nickame }}", known })).toEqual([]);
  });
});

describe("createVariableChecker", () => {
  it("finds the misspelled variables of a step in a scope", async () => {
    const compiled = await compileSteps([
      smsStep("{{ order.totl }}", "one"),
      smsStep("{{ page }}", "two"),
      smsStep("Hi", "three"),
    ]);
    const check = createVariableChecker(compiled);
    const scope = { data: { order: { total: 3 } }, order: { total: 3 }, page: "Home" };
    expect(check("one", scope)).toEqual([
      expect.stringMatching(/order\.totl is undefined; did you mean "order\.total"\?$/),
    ]);
    expect(check("two", scope)).toEqual([]);
    expect(check("three", scope)).toEqual([]);
  });

  it("finds nothing in a workflow without templates", async () => {
    expect(createVariableChecker(await compileSteps([smsStep("Hi")]))("sms", {})).toEqual([]);
  });
});
