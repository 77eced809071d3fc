import { describe, expect, it } from "vitest";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";

describe("variables (section 16)", () => {
  it.each([
    ["true", true],
    ["12.5", 12.5],
    ["007", "007"],
    ["TRUE", "TRUE"],
    ["[1]", [1]],
    ['{"a":1}', { a: 1 }],
    ["plain", "plain"],
  ])("T-250 parse the text %j as %j", (text, value) => {
    const { variables } = parseEnvironment({ variables: { v: text } }, "environment.json");
    expect(variables.v).toEqual(value);
  });
});

describe("the account's locale (T-185)", () => {
  it("is en unless environment.json sets another", () => {
    expect(parseEnvironment({}, "environment.json").locale).toBe("en");
    expect(parseEnvironment({ locale: "fr-BE" }, "environment.json").locale).toBe("fr-BE");
  });
});
