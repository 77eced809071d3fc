import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { copyCommandForOthers, makeReadableForOthers } from "../helpers/copy-command-for-others.js";
import { cliTest as it, type Sample } from "../helpers/run-knock.js";

/** Runs `knock dev`, runs an action, and stops it. Returns what it wrote to standard error. */
async function whileDev(sample: Sample, work: (url: string) => Promise<void>): Promise<string> {
  const process = sample.start(["dev", "--port", "0", "--ready-file", "ready.json"]);
  while (!existsSync(sample.path("ready.json"))) await new Promise((resolve) => setTimeout(resolve, 20));
  const { url } = JSON.parse(sample.read("ready.json")) as { url: string };
  try {
    await work(url);
  } finally {
    process.kill("SIGTERM");
  }
  return (await process).stderr;
}

async function trigger(url: string): Promise<{ status: number; body: Record<string, unknown>; retry: string | null }> {
  const response = await fetch(`${url}/v1/workflows/welcome/trigger`, {
    method: "POST",
    headers: { authorization: "Bearer sk_x", "content-type": "application/json" },
    body: JSON.stringify({ recipients: ["ada"] }),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body, retry: response.headers.get("x-should-retry") };
}

describe.skipIf(process.platform === "win32").concurrent("knock dev with a deleted store", () => {
  it.for<[name: string, remove: (sample: Sample) => void, reason: RegExp]>([
    [
      "the folder",
      (sample) => rmSync(sample.path(".knock-local"), { recursive: true }),
      /was deleted while it was open/,
    ],
    ["only the log", (sample) => rmSync(sample.path(".knock-local/store.db-wal")), /was deleted while it was open/],
    [
      "another file in its place",
      (sample) => {
        cpSync(sample.path(".knock-local/store.db"), sample.path("copy.db"));
        renameSync(sample.path("copy.db"), sample.path(".knock-local/store.db"));
      },
      /was replaced by another file while it was open/,
    ],
  ])("answers triggers with 503 and the reason: %s", async ([, remove, reason], { collab }) => {
    await whileDev(collab, async (url) => {
      expect((await trigger(url)).status).toBe(200);
      remove(collab);
      const { status, body, retry } = await trigger(url);
      expect(status).toBe(503);
      expect(body).toEqual({
        code: "store_unusable",
        message: expect.stringMatching(reason),
        status: 503,
        type: "api_error",
      });
      expect(retry).toBe("false");
    });
  });
});

describe.skipIf(process.platform === "win32")("a read-only store", () => {
  it("is listed, and commands that write exit 3 and say so", async ({ collab }) => {
    await collab.knock(["notify", "welcome", "-r", "ada"]);
    // File modes do not stop the superuser, so that another user has to run the command.
    const others = process.getuid?.() === 0 ? copyCommandForOthers() : null;
    const user = others === null ? {} : { uid: 65_534, gid: 65_534, bin: join(others, "bin/knock.js") };
    makeReadableForOthers(collab.path(".."));
    const folder = collab.path(".knock-local");
    const before = [readdirSync(folder), collab.storeDigest()];
    chmodSync(join(folder, "store.db"), 0o444);
    chmodSync(folder, 0o555);
    try {
      for (const args of [["runs"], ["messages"], ["users"], ["clock"], ["schedules"], ["feed", "list", "ada"]]) {
        const { exitCode, stderr } = await collab.knock(args, user);
        expect([args, exitCode, stderr]).toEqual([args, 0, ""]);
      }
      const listed = await collab.knock(["messages", "--json"], user);
      expect((listed.json.items as unknown[]).length).toBeGreaterThan(0);
      for (const args of [
        ["notify", "welcome", "-r", "ada"],
        ["users", "set", "ada", "--set", "name=A"],
        ["clock", "advance", "1h"],
      ]) {
        const { exitCode, stderr } = await collab.knock(args, user);
        expect(exitCode).toBe(3);
        expect(stderr).toMatch(/^error: the store .+ cannot be written\nhint: Make the file and its folder writable/m);
      }
      expect([readdirSync(folder), collab.storeDigest()]).toEqual(before);
    } finally {
      chmodSync(folder, 0o755);
      if (others !== null) rmSync(others, { recursive: true });
    }
  });
});
