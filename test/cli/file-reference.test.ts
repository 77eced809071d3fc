import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { FEATURES } from "../../src/app/features.js";
import { loadFileSchemas } from "../../src/app/published-schemas.js";
import { PAGE_ROUTES } from "../../src/features/dev/emulator/page/page-routes.js";
import { SUPPORT_ROUTES } from "../../src/features/dev/emulator/routes/support-routes.js";
import { getProviderCatalog } from "../../src/providers/catalog.js";
import { PROVIDER_SETTING_DESCRIPTIONS } from "../../src/providers/setting-descriptions.js";
import { isJsonObject, type Json, type JsonObject } from "../../src/util/json.js";

const FILE_SCHEMAS = await loadFileSchemas();

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "docs/reference/files");

const readPage = (name: string): string => readFileSync(join(FOLDER, name), "utf8");
const providersPage = readFileSync(join(ROOT, "docs/reference/providers.md"), "utf8");

/** Pages with formats that several documents share. */
const SHARED_PAGES = readPage("workflow-json.md") + readPage("recipients-json.md");

/** Pages whose name is not that of the schema. */
const PAGE_NAMES: Record<string, string> = { translation: "translations-json.md", scenario: "scenarios-yaml.md" };

const getPageName = (schema: string): string => PAGE_NAMES[schema] ?? `${schema}-json.md`;

/** Returns the names of all properties of a schema, except those that the hosted service writes. */
function listProperties(schema: Json): Set<string> {
  const names = new Set<string>();
  const visit = (value: Json | undefined): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    if (!isJsonObject(value)) return;
    for (const [keyword, content] of Object.entries(value)) {
      // Conditions of the schema repeat the property that selects a variant.
      if (keyword === "if" || keyword === "patternProperties") continue;
      if (keyword !== "properties" || !isJsonObject(content)) visit(content);
      else
        for (const [name, property] of Object.entries(content)) {
          const isDocumented =
            name !== "$schema" && isJsonObject(property) && property.description !== "Written by the hosted service.";
          if (isDocumented) names.add(name);
          visit(property);
        }
    }
  };
  visit(schema);
  return names;
}

const ajv = new Ajv2020({ strict: false, code: { optimize: false } });

/**
 * Returns the examples of a schema that do not match the part of the schema that they belong to. `uri` is the URI of the
 * part, which has the schema's name and a JSON pointer.
 */
function listInvalidExamples(part: Json | undefined, uri: string): Json[] {
  if (!isJsonObject(part) && !Array.isArray(part)) return [];
  const own = !Array.isArray(part) && Array.isArray(part.examples) ? part.examples : [];
  const isValid = own.length === 0 ? () => true : ajv.getSchema(uri);
  if (isValid === undefined) throw new Error(`${uri} is not a schema`);
  const invalid = own.filter((example) => !isValid(example));
  const below = Object.entries(part).flatMap(([key, value]) =>
    listInvalidExamples(value, `${uri}/${encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"))}`),
  );
  return [...invalid, ...below];
}

function readSchema(name: string): Json {
  return JSON.parse(readFileSync(join(ROOT, `schemas/${name}.schema.json`), "utf8")) as Json;
}

const toSnakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Returns whether providers.md has a setting, possibly as an alias or in camel case. */
const isProviderSetting = (name: string): boolean =>
  [name, toSnakeCase(name)].some((form) => providersPage.includes(`\`${form}\``));

/** Returns whether a page has a property in a table, or describes it as the only property of a variant. */
const isListed = (property: string, page: string): boolean =>
  page.includes(`| \`${property}\` |`) || page.includes(`\n\`${property}\`: `);

/** A row of a table of properties. The columns that are empty in all rows of a table are left out of it. */
interface PropertyRow {
  Property: string;
  Type: string;
  Description: string;
  Default?: string;
  Example?: string;
}

/** Returns the rows of all tables of properties in a page. */
function listRows(page: string): PropertyRow[] {
  return page
    .trimEnd()
    .split("\n\n")
    .filter((block) => block.startsWith("| Property |"))
    .flatMap((table) => {
      const [header = [], , ...rows] = table.split("\n").map((line) =>
        line
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
      return rows.map((cells) => Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ""])));
    }) as unknown as PropertyRow[];
}

/** Matches the type of a property whose contents are in tables of their own. */
const HAS_SECTION = /object|list of|by key|\[(conditions|send windows|preference set|settings of the provider)\]/;
/** Matches the description of a property that says the same as another one, or nothing. */
const NEEDS_NO_EXAMPLE = /^(Alias of|Written by the hosted service|Not supported|Has no effect)/;

describe("the reference of project files", () => {
  it.each(readdirSync(FOLDER))(
    "%s shows an example of each property, and the default of each optional flag",
    (name) => {
      const rows = listRows(readPage(name));
      const needExample = rows.filter(
        ({ Type, Description }) => !HAS_SECTION.test(Type) && !NEEDS_NO_EXAMPLE.test(Description),
      );
      expect(needExample.filter(({ Example = "" }) => Example === "")).toEqual([]);
      const optionalFlags = rows.filter(({ Type }) => /^true or false(?!.*required)/.test(Type));
      expect(optionalFlags.filter(({ Default = "" }) => Default === "")).toEqual([]);
    },
  );

  it.each(Object.keys(FILE_SCHEMAS))("lists every property of the schema %s", (name) => {
    const page = readPage(getPageName(name));
    const missing = [...listProperties(readSchema(name))].filter(
      (property) => ![page, SHARED_PAGES].some((text) => isListed(property, text)) && !isProviderSetting(property),
    );
    expect(missing).toEqual([]);
  });

  it.each(Object.keys(FILE_SCHEMAS))("shows valid examples of the schema %s", (name) => {
    const schema = readSchema(name) as JsonObject;
    ajv.addSchema(schema, `/${name}`);
    expect(listInvalidExamples(schema, `/${name}#`)).toEqual([]);
  });

  it("links to every page in its index", () => {
    const index = readPage("README.md");
    const pages = readdirSync(FOLDER).filter((name) => name !== "README.md");
    expect(pages.filter((name) => !index.includes(`](${name})`))).toEqual([]);
  });

  it.each(readdirSync(FOLDER))("%s has an anchor of its own for each heading", (name) => {
    const text = readPage(name).replaceAll(/^```[\s\S]*?^```$/gm, "");
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading);
    expect(headings.filter((heading, index) => headings.indexOf(heading) !== index)).toEqual([]);
  });
});

describe("the reference of providers", () => {
  it.each(getProviderCatalog())("lists every setting and name of $title", ({ title, type, names, settings }) => {
    const headings = [`## ${title}\n`, `## ${title} (${type})\n`];
    const isOwn = (text: string): boolean => headings.some((heading) => text.startsWith(heading));
    const section = providersPage.split(/^(?=## )/m).find(isOwn) ?? "";
    expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
    expect(Object.keys(settings).filter((name) => !section.includes(`| \`${name}\` |`))).toEqual([]);
  });

  it("describes exactly the settings of the catalog", () => {
    // A setting that only one provider has is described in its definition.
    const shared = getProviderCatalog().flatMap(({ settings }) =>
      Object.keys(settings).filter((name) => settings[name]?.description === undefined),
    );
    expect(Object.keys(PROVIDER_SETTING_DESCRIPTIONS).sort()).toEqual([...new Set(shared)].sort());
  });
});

describe("the reference of the test API", () => {
  const page = readFileSync(join(ROOT, "docs/reference/test-api.md"), "utf8");

  const hasExample = (endpoint: string | undefined): boolean => {
    const section = page.split(/^(?=## )/m).find((text) => text.startsWith(`## ${endpoint}\n`)) ?? "";
    return /```sh\ncurl .*\n```\n\n```(?:json|yaml)\n/.test(section);
  };

  it.each(SUPPORT_ROUTES)("has a section with a request and a response of $endpoint", ({ endpoint }) =>
    expect(hasExample(endpoint)).toBe(true),
  );

  it("has a section of each service of a feature below /__knock/", async () => {
    const services = await Promise.all(FEATURES.map((feature) => feature.loadHttpServices?.() ?? []));
    const tested = services.flat().filter(({ path }) => path.startsWith("/__knock/"));
    expect(tested).not.toEqual([]);
    expect(tested.filter(({ route }) => !hasExample(route?.endpoint)).map(({ path }) => path)).toEqual([]);
  });

  it("leaves out the routes of the page, which are not for tests", () => {
    expect(PAGE_ROUTES.filter(({ endpoint }) => page.includes(`## ${endpoint}\n`))).toEqual([]);
  });
});
