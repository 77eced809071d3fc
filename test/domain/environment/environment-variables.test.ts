import { describe, expect, it } from "vitest";
import { parseEnvironment } from "../../../src/domain/environment/parse-environment.js";

describe("16. Vars", () => {
  it.each([
    ["true", true],
    ["12.5", 12.5],
    ["007", "007"],
    ["TRUE", "TRUE"],
    ["[1]", [1]],
    ['{"a":1}', { a: 1 }],
    ["plain", "plain"],
  ])("T-250: the text %j is %j", (text, value) => {
    const { variables } = parseEnvironment({ variables: { v: text } }, "environment.json");
    expect(variables.v).toEqual(value);
  });
});

describe("T-185: the account's locale", () => {
  it("is en unless environment.json says otherwise", () => {
    expect(parseEnvironment({}, "environment.json").locale).toBe("en");
    expect(parseEnvironment({ locale: "fr-BE" }, "environment.json").locale).toBe("fr-BE");
  });
});
