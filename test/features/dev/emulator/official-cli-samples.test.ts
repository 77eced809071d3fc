import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runOfficialCommands } from "../../../helpers/run-official-command.js";

const FIXTURES = join(import.meta.dirname, "../../../../fixtures");

/** Accepts everything, because the official command parses files and their Liquid before it sends them. */
const api = createServer((request, response) => {
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ account_features: { translations_allowed: true } }));
  });
});
let url = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
});
afterAll(() => api.close());

/** Samples and kinds of files, each with the key of one. */
const VALIDATIONS: readonly [sample: string, kind: string, key: string][] = [
  ["collab", "workflow", "storage-low"],
  ["collab", "translation", "storage.de"],
  ["collab", "guide", "history-is-here"],
  ["collab", "message-type", "banner"],
  ["ops", "workflow", "incident"],
  ["shop", "workflow", "order-shipped"],
  ["shop", "partial", "order-line"],
  ["shop", "layout", "promo"],
];

describe("the official command with the sample projects (CLI-177)", () => {
  let results: Awaited<ReturnType<typeof runOfficialCommands>>;
  let copy: string;
  beforeAll(async () => {
    copy = mkdtempSync(join(tmpdir(), "knock-sample-"));
    cpSync(join(FIXTURES, "collab"), copy, { recursive: true });
    writeFileSync(join(copy, "knock/workflows/storage-low/email_1/html_body.html"), "{% t %}Hello{% endt %}");
    results = await runOfficialCommands(url, [
      ...VALIDATIONS.map(([sample, kind]) => ({ args: [kind, "validate", "--all"], cwd: join(FIXTURES, sample) })),
      { args: ["workflow", "validate", "--all"], cwd: copy },
    ]);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it.each(VALIDATIONS.map((validation, index) => [...validation, index] as const))(
    "accepts %s: %s validate --all",
    (_sample, _kind, key, index) => {
      const { exitCode, stdout, stderr } = results[index] ?? {};
      expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("Error")]);
      expect(stdout).toContain("Successfully validated");
      expect(stdout).toContain(key);
    },
  );

  it("rejects a tag that its parser does not have", () => {
    const { exitCode, stderr } = results.at(-1) ?? {};
    expect([exitCode, stderr]).toEqual([expect.any(Number), expect.stringContaining('tag "t" not found')]);
    expect(exitCode).not.toBe(0);
  });
});
