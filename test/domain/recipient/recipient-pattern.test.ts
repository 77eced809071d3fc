import { describe, expect, it } from "vitest";
import {
  createPatternMatcher,
  describeInvalidPattern,
  type RecipientIdentity,
  toIdentity,
} from "../../../src/domain/recipient/recipient-pattern.js";

const isAllowed = (pattern: string, kind: RecipientIdentity["kind"], value: string): boolean =>
  createPatternMatcher([pattern])({ kind, value });

describe("a pattern of a recipient guard", () => {
  it.each<[pattern: string, kind: RecipientIdentity["kind"], value: string]>([
    ["*@example.com", "email", "ada@example.com"],
    ["*@example.com", "email", "Ada.Lovelace+x@EXAMPLE.com"],
    ["QA@example.com", "email", "qa@Example.com"],
    ["qa-*@*.example.com", "email", "qa-1@mail.example.com"],
    ["user:qa-*", "user", "qa-1"],
    ["user:*@example.com", "user", "ada@example.com"],
    ["user:a*b*c", "user", "a-b-b-c"],
    ["user:Zoë 1", "user", "Zoë 1"],
    ["object:projects/qa-*", "object", "projects/qa-1"],
    ["object:*/*", "object", "projects/p1"],
    ["phone:+1555*", "phone", "+15550100"],
    ["token:test-*", "token", "test-token/1"],
  ])("%s matches the %s %j", (pattern, kind, value) => {
    expect(describeInvalidPattern(pattern)).toBeNull();
    expect(isAllowed(pattern, kind, value)).toBe(true);
  });

  it.each<[pattern: string, kind: RecipientIdentity["kind"], value: string]>([
    ["*@example.com", "email", "ada@example.com.evil.test"],
    ["*@example.com", "email", "ada@evil.test@example.com"],
    ["*@example.com", "email", "ada@mail.example.com"],
    ["*@example.com", "email", "ceo@acme.com,qa@example.com"],
    ["*@example.com", "email", "ceo@acme.com qa@example.com"],
    ["*@example.com", "email", "ceo@acme.com\nBcc: qa@example.com"],
    ["*@example.com", "email", '"QA" <ceo@acme.com>'],
    ["*@example.com", "email", "<qa@example.com>"],
    ["*@example.com", "email", '"ceo@acme.com"@example.com'],
    ["*@example.com", "email", "qa@example.com "],
    ["*@example.com", "email", "qa@example.com\u0000"],
    ["*@example.com", "email", "qa@exаmple.com"],
    ["*@example.com", "email", "qa@ｅxample.com"],
    ["*@example.com", "email", "@example.com"],
    ["*@example.com", "email", "example.com"],
    ["*@kelvin.com", "email", "qa@\u212aelvin.com"],
    ["*@*", "email", "ada"],
    ["user:qa-*", "user", "QA-1"],
    ["user:qa-*", "user", " qa-1"],
    ["user:qa-*", "user", "qа-1"],
    ["user:qa-*", "user", "qa-1 "],
    ["user:qa-*", "user", "qa-\u200b1"],
    ["user:qa-*", "user", "qa-\ud800"],
    ["user:qa-*", "user", "qa-1/../ada"],
    ["user:qa-*", "user", "ada qa-1"],
    ["user:qa-*", "user", ""],
    ["user:qa-1", "user", "qa-10"],
    ["user:q.-1", "user", "qa-1"],
    ["user:*", "object", "projects/p1"],
    ["user:*", "email", "ada@example.com"],
    ["*@example.com", "user", "ada@example.com"],
    ["object:projects/*", "object", "projectsx/p1"],
    ["object:projects/*", "object", "Projects/p1"],
    ["object:projects/*", "object", "projects/p1/x"],
    ["object:*/*", "object", "/p1"],
    ["phone:+1555*", "phone", "+1555\u0660"],
    ["phone:+1555*", "phone", "+1555,+4420"],
    ["phone:+1555*", "phone", "+44 1555"],
    ["token:test-*", "token", "test-1 live"],
    ["token:test-*", "token", "live-test-1"],
  ])("%s does not match the %s %j", (pattern, kind, value) => {
    expect(isAllowed(pattern, kind, value)).toBe(false);
  });

  it.each([
    ["", /^must be a pattern such as "\*@example\.com"/],
    ["*", /^must be a pattern/],
    ["qa-1", /^must be a pattern/],
    ["users:qa-1", /^must be a pattern/],
    ["a@b@c", /^must be a pattern/],
    ["@example.com", /^must be a pattern/],
    ["*@exаmple.com", /^must be a pattern/],
    ["user:", /^must have a value after "user:"/],
    ["user:projects/p1", /object:<collection>\/<id>/],
    ["object:projects", /^must have the form/],
    ["object:projects/a/b", /^must have the form/],
    ["phone:1 2", /^must have only digits/],
    [`user:${"a".repeat(300)}`, /^must be at most 256 characters/],
  ])("is rejected: %j", (pattern, message) => {
    expect(describeInvalidPattern(pattern)).toMatch(message);
  });

  it("is matched in linear time", () => {
    expect(isAllowed(`user:${"*a".repeat(120)}b`, "user", "a".repeat(256))).toBe(false);
  });

  it("treats the system collection of users as users", () => {
    expect(toIdentity("ada", "$users")).toEqual({ kind: "user", value: "ada" });
    expect(toIdentity("acme", "$tenants")).toEqual({ kind: "object", value: "$tenants/acme" });
  });
});
