import { expect, it } from "vitest";
import { parseBaseUrl } from "../../../src/domain/request/parse-base-url.js";
import { KnockError } from "../../../src/errors/knock-error.js";

it.each([
  ["https://api.knock.app", { origin: "https://api.knock.app", host: "api.knock.app", prefix: "", isLoopback: false }],
  ["https://api.knock.app/", { origin: "https://api.knock.app", host: "api.knock.app", prefix: "", isLoopback: false }],
  [
    "https://gate.example.com:8443/knock/",
    { origin: "https://gate.example.com:8443", host: "gate.example.com:8443", prefix: "/knock", isLoopback: false },
  ],
  ["http://localhost:8484", { origin: "http://localhost:8484", host: "localhost:8484", prefix: "", isLoopback: true }],
  ["http://127.0.0.1:1", { origin: "http://127.0.0.1:1", host: "127.0.0.1:1", prefix: "", isLoopback: true }],
  ["http://[::1]:8484", { origin: "http://[::1]:8484", host: "[::1]:8484", prefix: "", isLoopback: true }],
])("A-001 parseBaseUrl accepts %s", (text, parsed) => {
  expect(parseBaseUrl(text)).toEqual(parsed);
});

it.each([
  ["", /not a URL/],
  ["api.knock.app", /not a URL/],
  ["ftp://api.knock.app", /https:\/\/ or http:\/\/, not ftp:/],
  ["file:///etc/hosts", /https:\/\/ or http:\/\//],
  ["http://api.example.com", /unencrypted/],
  ["http://127.0.0.1.example.com", /unencrypted/],
  ["http://10.0.0.1:8484", /unencrypted/],
  ["https://user:hunter2@api.knock.app", /user name or password/],
  ["https://api.knock.app/?key=hunter2", /query/],
  ["https://api.knock.app/v1", /must not end with \/v1/],
  ["http://127.0.0.1:8484/proxy/v1/", /must not end with \/v1/],
])("parseBaseUrl rejects %s as usage", (text, message) => {
  let thrown: unknown;
  try {
    parseBaseUrl(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(KnockError);
  expect(thrown).toMatchObject({ code: "usage", message: expect.stringMatching(message), hint: expect.any(String) });
  expect(JSON.stringify([(thrown as KnockError).message, (thrown as KnockError).hint])).not.toContain("hunter2");
});

it("parseBaseUrl suggests the base URL without /v1", () => {
  expect(() => parseBaseUrl("https://gate.example.com/knock/v1")).toThrow(
    expect.objectContaining({ hint: "Use https://gate.example.com/knock." }),
  );
});
