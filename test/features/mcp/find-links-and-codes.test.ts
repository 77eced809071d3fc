import { expect, it } from "vitest";
import { findLinksAndCodes } from "../../../src/features/mcp/find-links-and-codes.js";

const EMAIL = {
  __typename: "MessageEmailContent",
  data: {
    html_body: '<p>Your code is <b>482 913</b>.</p><a href="https://a.example/x?a=1&amp;b=2">Open</a>',
    text_body: "Your code is 482 913. Open https://a.example/x?a=1&b=2.",
  },
};

it("returns each link and each code of an email once", () => {
  expect(findLinksAndCodes(EMAIL)).toEqual({ links: ["https://a.example/x?a=1&b=2"], codes: ["482 913"] });
});

it.for([
  ["Your verification code is: 123456", ["123456"]],
  ["123456 is your login code", ["123456"]],
  ["PIN: A7K2Q9, valid for 10 minutes", ["A7K2Q9"]],
  ["Order 20391 was shipped in 2026", []],
  ["Use promo code to save 20 percent at https://a.example/123456", []],
] as const)("finds the codes of %j", ([body, codes]) => {
  expect(findLinksAndCodes({ body }).codes).toEqual(codes);
});

it("returns at most 20 links", () => {
  const body = Array.from({ length: 100 }, (_, index) => `https://a.example/${index}`).join(" ");
  expect(findLinksAndCodes({ body }).links).toHaveLength(20);
});
