import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { toGid, toRecipientKey } from "../../src/domain/recipient/recipient.js";
import { computeDigest, createKsuid, createUuidV5, isUuid, systemIds } from "../../src/util/ids.js";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const EPOCH_SECONDS = 1_400_000_000;

function decode(text: string): { seconds: number; payload: string } {
  let value = 0n;
  for (const letter of text) value = value * 62n + BigInt(BASE62.indexOf(letter));
  const hex = value.toString(16).padStart(40, "0");
  return { seconds: Number.parseInt(hex.slice(0, 8), 16) + EPOCH_SECONDS, payload: hex.slice(8) };
}

const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe("createUuidV5", () => {
  const DNS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

  it.each([
    // RFC 9562, appendix A.4.
    [DNS, "www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2"],
    // C-003: a recipient run's id is derived from the workflow run's.
    ["3b0c8f5e-0d52-4c43-9a0c-2a1f6f2d9b10", toGid(toRecipientKey("ana")), "97ef1b00-7c5c-5d09-9034-9f40ddcf7153"],
    [
      "3b0c8f5e-0d52-4c43-9a0c-2a1f6f2d9b10",
      toGid(toRecipientKey({ collection: "projects", id: "p1" })),
      "8e7a93f2-8cbc-5f1d-a987-2aa4e13dc9c7",
    ],
  ])("derives from %s and %s the id %s", (namespace, name, id) => {
    expect(createUuidV5(namespace, name)).toBe(id);
  });

  it("returns the same UUID of version 5 for the same text, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const id = createUuidV5(DNS, name);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(createUuidV5(DNS.toUpperCase(), name)).toBe(id);
      }),
    );
  });
});

describe("systemIds.uuid", () => {
  it("returns UUIDs of version 4 that never repeat", () => {
    const ids = Array.from({ length: 2_000 }, () => systemIds.uuid());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("systemIds.ksuidPayload", () => {
  afterEach(() => vi.useRealTimers());

  it("makes KSUIDs that sort by time within a second and never repeat", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const second = Date.UTC(2026, 0, 1);
    const at = (milliseconds: number): string[] => {
      vi.setSystemTime(second + milliseconds);
      return Array.from({ length: 500 }, () => createKsuid(second + milliseconds, systemIds.ksuidPayload()));
    };
    const [early, later, last] = [at(0), at(500), at(999)].map((ids) => ids.sort());
    expect((early?.at(-1) as string) < (later?.[0] as string)).toBe(true);
    expect((later?.at(-1) as string) < (last?.[0] as string)).toBe(true);
    expect(new Set([...(early ?? []), ...(later ?? []), ...(last ?? [])]).size).toBe(1_500);
    // The first ten characters already distinguish ids of the same moment.
    expect(new Set(early?.map((id) => id.slice(0, 10))).size).toBeGreaterThan(490);
  });
});

describe("isUuid", () => {
  it.each([
    ["2ed6657d-e927-568b-95e1-2665a8aea6a2", true],
    ["2ED6657D-E927-568B-95E1-2665A8AEA6A2", true],
    ["2ed6657de927568b95e12665a8aea6a2", false],
    ["2ed6657d-e927-568b-95e1-2665a8aea6a2\n", false],
    ["sendgrid", false],
    ["", false],
  ])("returns for %j: %s", (text, is) => {
    expect(isUuid(text)).toBe(is);
  });
});

describe("createKsuid (A-065)", () => {
  it.each([
    // Vectors of the KSUID format's own documentation.
    [1_507_608_047, "b5a1cd34b5f99d1154fb6853345c9735", "0ujtsYcgvSTl8PAuAdqWYSMnLOv"],
    [EPOCH_SECONDS, "00000000000000000000000000000000", "000000000000000000000000000"],
    [EPOCH_SECONDS + 0xffff_ffff, "ffffffffffffffffffffffffffffffff", "aWgEPTl1tmebfsQzFP4bxwgy80V"],
  ])("encodes time %d and payload %s as %s", (seconds, payload, text) => {
    expect(createKsuid(seconds * 1_000, Buffer.from(payload, "hex"))).toBe(text);
  });

  it("returns 27 base-62 characters that decode to their time and payload", () => {
    const seconds = fc.integer({ min: EPOCH_SECONDS, max: EPOCH_SECONDS + 0xffff_ffff });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 0, max: 999 }), bytes, (at, milliseconds, payload) => {
        const text = createKsuid(at * 1_000 + milliseconds, payload);
        expect(text).toMatch(/^[0-9A-Za-z]{27}$/);
        expect(decode(text)).toEqual({ seconds: at, payload: Buffer.from(payload).toString("hex") });
      }),
    );
  });

  it("sorts by time for any setting of a virtual clock", () => {
    const anyTime = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });
    const zero = new Uint8Array(16);
    fc.assert(
      fc.property(anyTime, anyTime, (a, b) => {
        const [earlier, later] = [createKsuid(Math.min(a, b), zero), createKsuid(Math.max(a, b), zero)];
        expect(earlier <= later).toBe(true);
      }),
    );
    expect(createKsuid(1_700_000_000_000, zero) < createKsuid(1_700_000_001_000, zero)).toBe(true);
  });
});

it("computeDigest returns different digests for different texts", () => {
  expect(computeDigest("")).toBe("da39a3ee5e6b4b0d3255bfef95601890afd80709");
  expect(computeDigest("ä")).not.toBe(computeDigest("a\u0308"));
});
