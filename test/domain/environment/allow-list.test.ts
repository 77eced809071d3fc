import { describe, expect, it } from "vitest";
import {
  describeInvalidAddressRange,
  describeInvalidUrl,
  isAllowedBy,
} from "../../../src/domain/environment/allow-list.js";

describe("isAllowedBy", () => {
  it.each<[string, string, boolean]>([
    ["https://api.example.com", "https://api.example.com/", true],
    ["https://api.example.com", "https://api.example.com/v1/p?q=1", true],
    ["https://api.example.com", "https://API.example.com:443/x", true],
    ["https://api.example.com", "https://api.example.com.evil.net/", false],
    ["https://api.example.com", "https://api.example.com:8443/", false],
    ["https://api.example.com", "http://api.example.com/", false],
    ["http://127.0.0.1:1", "http://127.0.0.1:1@other.host/", false],
    ["http://127.0.0.1:1", "http://127.0.0.1:12/", false],
    ["https://api.example.com/v1", "https://api.example.com/v1", true],
    ["https://api.example.com/v1", "https://api.example.com/v1/p", true],
    ["https://api.example.com/v1", "https://api.example.com/v1?q=1", true],
    ["https://api.example.com/v1", "https://api.example.com/v1beta", false],
    ["https://api.example.com/v1/", "https://api.example.com/v1/p", true],
    ["https://api.example.com/v1/", "https://api.example.com/v1/", true],
    ["https://api.example.com/v1/", "https://api.example.com/v1", false],
    ["https://api.example.com/v1/", "https://api.example.com/v1/../admin", false],
    ["https://api.example.com/v1/", "https://api.example.com/v1/%2e%2e/admin", false],
    ["https://api.example.com/v1/", "https://api.example.com/v1/..%2fadmin", false],
    ["https://api.example.com/v1/", "https://api.example.com/v1/..\\admin", false],
    ["https://api.example.com/v1/", "https://api.example.com/v1/..%5cadmin", false],
    ["https://api.example.com/p?id=1", "https://api.example.com/p?id=1", true],
    ["https://api.example.com/p?id=1", "https://api.example.com/p?id=12", false],
    ["https://api.example.com/p?id=1", "https://api.example.com/p/x?id=1", false],
  ])("returns for %s and %s: %s", (entry, url, permitted) => {
    expect(isAllowedBy(entry, new URL(url))).toBe(permitted);
  });
});

describe("describeInvalidUrl", () => {
  it.each([
    "http://127.0.0.1:3000",
    "http://[::1]:3000/hook",
    "https://api.example.com/",
    "HTTPS://api.example.com/a?b",
  ])("accepts %s", (text) => {
    expect(describeInvalidUrl(text)).toBeNull();
  });

  it.each<[string, string]>([
    ["api.example.com", "must be a URL that starts with http:// or https://"],
    ["ftp://api.example.com", "must be a URL that starts with http:// or https://"],
    ["http://[bad", "must be a URL that starts with http:// or https://"],
    ["https:api.example.com", "must be a URL that starts with http:// or https://"],
    ["https://user:pw@api.example.com", "must not contain a user name or password"],
    ["https://*.example.com/", "wildcards are unsupported"],
  ])("reports for %s: %s", (text, fault) => {
    expect(describeInvalidUrl(text)).toContain(fault);
  });
});

describe("describeInvalidAddressRange", () => {
  it.each(["10.0.0.5", "172.18.0.0/16", "0.0.0.0/0", "fd00::/8", "::1"])("accepts %s", (text) => {
    expect(describeInvalidAddressRange(text)).toBeNull();
  });

  it.each([
    "",
    "10.0.0",
    "10.0.0.256",
    "10.0.0.1/33",
    "10.0.0.1/",
    "10.0.0.1/8/8",
    "fd00::/129",
    "fd00:::",
    "localhost",
  ])("rejects %j", (text) => {
    expect(describeInvalidAddressRange(text)).toContain("must be an IP address or a range");
  });
});
