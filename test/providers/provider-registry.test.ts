import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { getProviderCatalog, mapSettingNames } from "../../src/domain/environment/provider-catalog.js";

const CATALOGUE = "domain/environment/provider-catalog.ts";
const LOADERS = "providers/open-providers.ts";

describe("a provider", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const named = (vendor: string) => new RegExp(`(?:["'\`]${vendor}["'\`]|^ +${vendor}: )`, "m");
  const texts = new Map(files.map((file) => [file, readFileSync(`src/${file}`, "utf8")]));

  it.each(getProviderCatalog().map(({ vendor, type }) => [vendor, type]))(
    "%s is named only by the catalog, its own file and the loader",
    (vendor, type) => {
      const own = `providers/${type}/${vendor}.ts`;
      expect(files).toContain(own);
      for (const file of [CATALOGUE, LOADERS]) expect(texts.get(file)).toMatch(named(vendor));
      const compared = new RegExp(`(?:[=!]==?|\\bcase) ?["'\`]${vendor}["'\`]`);
      expect(files.filter((file) => file !== own && compared.test(texts.get(file) ?? ""))).toEqual([]);
    },
  );

  it.each(getProviderCatalog().map((vendor) => [vendor.vendor, vendor] as const))(
    "%s has all its settings in the published schema",
    (_name, vendor) => {
      const { properties } = JSON.parse(readFileSync("schemas/environment.schema.json", "utf8"));
      const channel = JSON.stringify(properties.channels);
      for (const name of mapSettingNames(vendor).keys()) expect(channel).toContain(`"${name}":{"description"`);
    },
  );
});
