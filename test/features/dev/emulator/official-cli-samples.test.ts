import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OfficialProcess } from "../../../helpers/official-process.js";

const FIXTURES = join(import.meta.dirname, "../../../../fixtures");

/** Accepts everything, because the official command parses files and their Liquid before it sends them. */
const api = createServer((request, response) => {
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ account_features: { translations_allowed: true } }));
  });
});
let url = "";
let official: OfficialProcess;

beforeAll(async () => {
  official = await OfficialProcess.start();
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
});
afterAll(async () => {
  api.close();
  await official.stop();
});

describe("the official command with the sample projects (CLI-177)", () => {
  it.each([
    ["collab", "workflow", "storage-low"],
    ["collab", "translation", "storage.de"],
    ["collab", "guide", "history-is-here"],
    ["collab", "message-type", "banner"],
    ["ops", "workflow", "incident"],
    ["shop", "workflow", "order-shipped"],
    ["shop", "partial", "order-line"],
    ["shop", "layout", "promo"],
  ])("accepts %s: %s validate --all", async (sample, kind, key) => {
    const { exitCode, stdout, stderr } = await official.run(url, [kind, "validate", "--all"], {
      cwd: join(FIXTURES, sample),
    });
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("Error")]);
    expect(stdout).toContain("Successfully validated");
    expect(stdout).toContain(key);
  });

  it("rejects a tag that its parser does not have", async () => {
    const copy = mkdtempSync(join(tmpdir(), "knock-sample-"));
    try {
      cpSync(join(FIXTURES, "collab"), copy, { recursive: true });
      writeFileSync(join(copy, "knock/workflows/storage-low/email_1/html_body.html"), "{% t %}Hello{% endt %}");
      const { exitCode, stderr } = await official.run(url, ["workflow", "validate", "--all"], { cwd: copy });
      expect([exitCode, stderr]).toEqual([expect.any(Number), expect.stringContaining('tag "t" not found')]);
      expect(exitCode).not.toBe(0);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
});
