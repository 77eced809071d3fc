import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  CHANNEL_TYPES,
  findChannelType,
  hasTrait,
  listChannelTypesWithout,
} from "../../../src/domain/message/channel-types.js";

/** Matches code that compares with a channel type's name. Such code would have to change with each new type. */
const COMPARISON = new RegExp(`(?:[=!]==?|\\bcase) ?["'\`](?:${CHANNEL_TYPES.join("|")})["'\`]`);

describe("channel types", () => {
  it("are never compared by name, because the registry and records of all types are used instead", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
    expect(files.length).toBeGreaterThan(500);
    const places = files.flatMap((file) =>
      readFileSync(`src/${file}`, "utf8")
        .split("\n")
        .flatMap((line, index) => (COMPARISON.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(places).toEqual([]);
  });

  it("E-135 have preferences, except guides", () => {
    expect(listChannelTypesWithout("isGuide")).toEqual(CHANNEL_TYPES.filter((type) => type !== "in_app_guide"));
  });

  it("have no traits if they are unknown or missing", () => {
    for (const type of ["constructor", "emails", null, undefined]) {
      expect(findChannelType(type)).toBeUndefined();
      expect(hasTrait(type, "isFeed")).toBe(false);
    }
    expect(hasTrait("in_app_feed", "isFeed")).toBe(true);
  });
});
