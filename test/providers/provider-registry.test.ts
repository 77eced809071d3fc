import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { getProviderCatalog, mapSettingNames } from "../../src/providers/catalog.js";

/** The generated lists. Only some vendors have a fake. */
const LISTS = ["providers/vendor-fakes.ts", "providers/vendor-modules.ts", "providers/vendors.ts"];

describe("a provider", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const texts = new Map(files.map((file) => [file, readFileSync(`src/${file}`, "utf8")]));

  it.each(getProviderCatalog().map(({ vendor, type }) => [vendor, type]))(
    "%s is one folder, which only the generated lists import, and no other file compares its name",
    (vendor, type) => {
      const isWhole = files.includes(`providers/${type}/${vendor}/definition.ts`);
      const folder = isWhole ? vendor : vendor.replace(new RegExp(`-${type}$`), "");
      const own = `providers/${type}/${folder}/`;
      for (const name of ["definition.ts", "send.ts"]) expect(files).toContain(`${own}${name}`);
      const importing = files.filter(
        (file) => !file.startsWith(own) && texts.get(file)?.includes(`./${type}/${folder}/`),
      );
      const hasFake = files.includes(`${own}fake.ts`);
      expect(importing.sort()).toEqual(hasFake ? LISTS : LISTS.slice(1));
      const compared = new RegExp(`(?:[=!]==?|\\bcase) ?["'\`]${vendor}["'\`]`);
      expect(files.filter((file) => !file.startsWith(own) && compared.test(texts.get(file) ?? ""))).toEqual([]);
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
