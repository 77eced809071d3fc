import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Recipient, RecipientKey } from "../../../src/domain/recipient/recipient.js";
import { getLiquid } from "../../../src/engine/liquid/liquid-engine.js";
import type { JsonObject } from "../../../src/util/json.js";
import { renderContent } from "../../helpers/render-step.js";
import { renderTemplate } from "../../helpers/render-template.js";

const PAGE = readFileSync(resolve(import.meta.dirname, "../../../docs/reference/liquid.md"), "utf8");
const [, , tagSection = ""] = /^([\s\S]*)(^## Tags[\s\S]*)$/m.exec(PAGE) ?? [];

/** A row of a table: the name, and an example with its result. */
interface Row {
  name: string;
  example: string;
  result: string;
}

function readRows(text: string): Row[] {
  return [...text.matchAll(/^\| `([^`:]+)(?:: [^`]+)?` \|.*\| `(.+)` → `(.*)` \|$/gm)].map(
    ([, name = "", example = "", result = ""]) => ({
      name,
      example: example.replaceAll("\\|", "|"),
      result: result.replaceAll("\\|", "|"),
    }),
  );
}

const readJson = (index: number): JsonObject => {
  const blocks = [...PAGE.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
    ([, text = ""]) => JSON.parse(text) as JsonObject,
  );
  return blocks[index] ?? {};
};

const recipient = (key: string, properties: JsonObject): Recipient => ({
  key: key as RecipientKey,
  properties,
  preferences: {},
  channel_data: {},
  inserted_at: 0,
  updated_at: 0,
});
const recipients = [
  recipient("$users/ada", { email: "ada@example.com" }),
  recipient("projects/p1", { name: "Apollo" }),
  recipient("$tenants/acme", { name: "Acme" }),
];
const translations = { en: { greeting: "Hi {{ who }}" } };
const scope = readJson(0);

describe("the reference of Liquid", () => {
  it("has a row with an example for each filter and tag", () => {
    const { filters, tags } = getLiquid();
    const rows = readRows(PAGE.slice(0, PAGE.indexOf(tagSection)));
    const [, others = ""] = /Other filters[^:]*:([^.]*)\./.exec(PAGE) ?? [];
    const named = [...rows.map(({ name }) => name), ...[...others.matchAll(/`(\w+)`/g)].map(([, name]) => name)];
    expect(named.sort()).toEqual(Object.keys(filters).sort());
    const tagNames = readRows(tagSection).map(({ name }) => name);
    expect([...tagNames, "include"].sort()).toEqual(Object.keys(tags).sort());
  });

  it("has examples with the results of the engine", async () => {
    for (const { name, example, result } of readRows(PAGE)) {
      const partials = { "sign-off": { type: "text", content: "Yours, {{ name }}" } };
      const template = { text_body: example };
      const found =
        name === "render"
          ? (
              await renderContent({
                type: "sms",
                template,
                partials,
                data: scope,
                properties: { phone_number: "+15550000001" },
              })
            ).body
          : renderTemplate(example, { scope, recipients, translations });
      expect(`${example} → ${found}`).toBe(`${example} → ${result}`);
    }
  });
});
