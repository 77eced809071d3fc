import { expect, it } from "vitest";
import { redirectEmail } from "../../../src/domain/message/redirect-email.js";

it("removes everything that names another recipient", () => {
  const content = {
    to: '"Lovelace, Ada" <ada@acme.com>',
    cc: "bo@acme.com",
    bcc: "cy@acme.com",
    subject_line: "Hello",
    headers: { Bcc: "eve@acme.com", "resent-to": "eve@acme.com", CC: "eve@acme.com", "X-Kept": "1" },
    json_overrides: { personalizations: [{ to: [{ email: "eve@acme.com" }] }] },
    html_body: "<p>Hi</p>",
  };
  expect(redirectEmail(content, "qa@example.com")).toEqual({
    to: "qa@example.com",
    subject_line: "[to ada@acme.com] Hello",
    headers: { "X-Kept": "1" },
    html_body: "<p>Hi</p>",
  });
});

it("does not mark an email to the same address", () => {
  expect(redirectEmail({ to: "QA@example.com", subject_line: "Hello" }, "qa@example.com")).toEqual({
    to: "qa@example.com",
    subject_line: "Hello",
  });
});
