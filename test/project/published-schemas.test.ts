import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadFileSchemas } from "../../src/app/published-schemas.js";

const FILE_SCHEMAS = await loadFileSchemas();

const ROOT = resolve(import.meta.dirname, "../..");

/** The fixtures' files for each published schema. */
const FILES: Readonly<Record<string, RegExp>> = {
  audience: /\/audiences\/[^/]+\/audience\.json$/,
  broadcast: /\/broadcasts\/[^/]+\/broadcast\.json$/,
  environment: /\/environment\.json$/,
  guide: /\/guides\/[^/]+\/guide\.json$/,
  knock: /\/knock\.json$/,
  layout: /\/layouts\/[^/]+\/layout\.json$/,
  "message-type": /\/message-types\/[^/]+\/message_type\.json$/,
  partial: /\/partials\/[^/]+\/partial\.json$/,
  prices: /\/prices\.json$/,
  recipients: /\/recipients\/[^/]+\.json$/,
  schedules: /\/schedules\/[^/]+\.json$/,
  source: /\/sources\/[^/]+\/source\.json$/,
  translation: /\/translations\/[^/]+\/[^/]+\.json$/,
  request: /\/requests\/[^/]+\/request\.json$/,
  scenario: /\.test\.yaml$/,
  workflow: /\/workflows\/[^/]+\/workflow\.json$/,
};

const samples = readdirSync(join(ROOT, "fixtures"), { recursive: true, encoding: "utf8" });
// The sample projects have no schedules, which would run whenever a test moves their clock, and no prices.
const ownFiles = ["/test/project/schedules/weekly.json", "/test/project/prices/prices.json"];
const fixtures = [...samples.map((path) => `/fixtures/${path}`), ...ownFiles];
type Document = Record<string, Record<string, unknown> | undefined>;

/** Reads a document. JSON is also YAML. */
const read = (path: string): object => parse(readFileSync(join(ROOT, path), "utf8")) as object;

/** Returns the pointers of properties without a description. */
function undescribed(schema: unknown, path = ""): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]: [string, unknown]) => {
    const here = `${path}/${key}`;
    if (key === "if") return []; // a condition of `if` only, which defines nothing
    if (key !== "properties" || /\/(properties|patternProperties)$/.test(path)) return undescribed(value, here);
    return Object.entries(value as Record<string, { description?: string }>).flatMap(([name, property]) => [
      ...(property.description ? [] : [`${here}/${name}`]),
      ...undescribed(property, `${here}/${name}`),
    ]);
  });
}

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, code: { optimize: false } });
const validators = new Map<string, ValidateFunction>();

function compileSchema(name: string): ValidateFunction {
  const validator = validators.get(name) ?? ajv.compile(read(`schemas/${name}.schema.json`));
  validators.set(name, validator);
  return validator;
}

const listFiles = (name: string) => fixtures.filter((path) => FILES[name]?.test(path));

describe.each(Object.keys(FILE_SCHEMAS))("schemas/%s.schema.json", (name) => {
  const validate = compileSchema(name);
  const files = listFiles(name);

  it("describes every property", () => {
    expect(undescribed(read(`schemas/${name}.schema.json`))).toEqual([]);
  });

  it("accepts every fixture", () => {
    expect(files).not.toEqual([]);
    for (const file of files) expect([file, validate(read(file)), validate.errors]).toEqual([file, true, null]);
  });

  it("rejects an unknown key in every fixture, and accepts $schema", () => {
    for (const file of files) {
      expect([file, validate({ ...read(file), nmae: name === "translation" ? 7 : "x" })]).toEqual([file, false]);
      expect([file, validate({ ...read(file), $schema: "https://lark.test/schema.json" })]).toEqual([file, true]);
    }
  });
});

it("contains the sections of environment.json that are built lazily", () => {
  const validate = compileSchema("environment");
  const valid = { channels: { mail: { type: "email" }, sms: null }, fetch: { allow: [] }, tracking: null };
  expect([validate(valid), validate.errors]).toEqual([true, null]);
  for (const section of [{ channels: { mail: { type: "emial" } } }, { fetch: { alow: [] } }, { webhooks: [{}] }])
    expect([section, validate(section)]).toEqual([section, false]);
});

it("accepts placeholders of a table in place of numbers, booleans and one of several texts", () => {
  const validate = compileSchema("scenario");
  const build = (step: object) => ({ scenarios: { a: { each: [{ x: 1 }], steps: [step] } } });
  const mark = { channel: "in-app", status: "${x}" };
  expect(validate(build({ mark, expect: { cancelled: "${x}", no_messages: true } }))).toBe(true);
  expect(validate(build({ mark: { ...mark, status: "sen" }, expect: { cancelled: 1 } }))).toBe(false);
});

it.each([
  ["environment", "channels"],
  ["guide", "steps"],
  ["message-type", "variants"],
  ["source", "mappings"],
  ["workflow", "steps"],
])("schemas/%s.schema.json rejects an unknown key in each of its %s", (name, field) => {
  const validate = compileSchema(name);
  const found = listFiles(name).flatMap((path) => {
    const parts = Object.keys((read(path) as Document)[field] ?? {});
    return parts.map((key) => {
      const document = read(path) as Document;
      const part = document[field]?.[key] as object;
      (document[field] as Record<string, object>)[key] = { ...part, nmae: "x" };
      return { path, key, isAccepted: validate(document) };
    });
  });
  expect(found).not.toEqual([]);
  expect(found.filter(({ isAccepted }) => isAccepted)).toEqual([]);
});
