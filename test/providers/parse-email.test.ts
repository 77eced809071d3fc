import { describe, expect, it } from "vitest";
import { parseEmail } from "../../src/providers/email/parse-email.js";
import { buildEmailMessage } from "../helpers/provider-harness.js";

const parseCc = (cc: string) => parseEmail(buildEmailMessage({ cc })).cc;

describe("an address list", () => {
  it.each([
    ["bo@lark.test, cy@lark.test", ["bo@lark.test", "cy@lark.test"]],
    ['"Lark, Bo" <bo@lark.test>,cy@lark.test', ["bo@lark.test", "cy@lark.test"]],
    ['"Bo \\" Lark, jr" <bo@lark.test>, cy@lark.test', ["bo@lark.test", "cy@lark.test"]],
    [" , bo@lark.test,, ", ["bo@lark.test"]],
    ["", []],
  ])("is split at commas outside quotes: %s", (list, addresses) => {
    expect(parseCc(list).map(({ address }) => address)).toEqual(addresses);
  });

  it.each(["bo@lark.test>", '"bo@lark.test'])("is rejected if a quote or bracket is not closed: %s", (list) => {
    expect(() => parseCc(list)).toThrow("is not an");
  });

  it.each(['"a', "<", '"', '"\\"', "a@"])("of 24 MB of %j is rejected in linear time", (pump) => {
    expect(() => parseCc(pump.repeat(24_000_000 / pump.length))).toThrow("is not an");
  });
});

describe("an address", () => {
  it("is rejected if it is longer than a header line, and shortened in the error", () => {
    const long = `bo@${"l".repeat(2_000)}.test`;
    expect(() => parseCc(long)).toThrow(`${"l".repeat(97)}…`);
    expect(() => parseCc(long)).not.toThrow("l".repeat(98));
  });
});
