import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import { BIN, cliTest, type Sample } from "../helpers/run-knock.js";

const STREAM = ["notify", "--file", "-", "--format", "jsonl"];

function invite(recipient: string, data: JsonObject = {}): string {
  return JSON.stringify({ key: "invite", recipients: [recipient], data });
}

/** Starts a command whose standard input stays open. */
function open(sample: Sample, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: sample.dir,
    env: { PATH: process.env.PATH, HOME: sample.home, TZ: "UTC", ...env },
  });
  const ended = once(child, "exit").then(([code]) => code as number);
  let stdout = "";
  let lineCount = 0;
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const read = (): void => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lineCount++;
    });
  };
  /** Resolves when standard output has this many lines. */
  const lines = async (count: number): Promise<string[]> => {
    while (lineCount < count) await once(child.stdout, "data");
    return stdout.split("\n").slice(0, count);
  };
  return { child, ended, read, lines, errors: () => stderr, output: () => stdout };
}

/** Returns the highest memory use of a process, in MB. */
function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

describe.concurrent("notify with one payload per line", () => {
  cliTest("triggers each line as it arrives, and reports what was done when it is interrupted", async ({ collab }) => {
    const { child, ended, read, lines, errors } = open(collab, [...STREAM, "--json"]);
    read();
    child.stdin.write(`${invite("ada")}\n${invite("grace")}\n`);
    expect((await lines(2)).map((line) => JSON.parse(line).recipients[0].recipient)).toEqual(["ada", "grace"]);
    child.stdin.write(`${invite("lin")}\n`);
    expect(JSON.parse((await lines(3))[2] as string).recipients[0].recipient).toBe("lin");
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(errors()).toContain("interrupted in standard input after line 3: 3 lines triggered");
    expect((await collab.knock(["runs", "--json"])).json.items).toHaveLength(3);
  });

  inProcessTest("names missing data by its path and not by --set, which applies to all lines", async ({ collab }) => {
    const input = JSON.stringify({ key: "new-comment", recipients: ["ada"], data: {} });
    const { stderr } = await collab.knock(STREAM, { input });
    expect(stderr).toContain("hint: Add data.page to this line. The workflow's trigger_data_json_schema");
  });

  inProcessTest("reports an invalid line with its location, and triggers the others", async ({ collab }) => {
    const input = [invite("ada"), "{oops", "", '{"key":"invite"}', invite("grace")].join("\n");
    const { documents, stderr, exitCode } = await collab.knock([...STREAM, "--json"], { input });
    expect(exitCode).toBe(9);
    expect(documents).toHaveLength(2);
    expect(stderr).toContain("error: standard input:2:2: invalid JSON: ");
    expect(stderr).toContain("error: standard input:4: recipients is required");
    const error = JSON.parse(stderr.split("\n").find((line) => line.startsWith("{")) as string).error;
    expect(error.details).toEqual([
      { pointer: "", message: expect.any(String), file: "standard input", line: 2, column: 2 },
    ]);
  });

  inProcessTest("prints results in the order of the input, including failed lines", async ({ collab }) => {
    const names = Array.from({ length: 230 }, (_, n) => `user-${n}`);
    const lines = names.map((id) => JSON.stringify({ key: "invite", recipients: [{ id, name: id }] }));
    const { documents, exitCode } = await collab.knock([...STREAM, "--json"], { input: lines.join("\n") });
    expect(documents.map((document) => (document.recipients as JsonObject[])[0]?.recipient)).toEqual(names);
    expect(exitCode).toBe(0);
  });

  inProcessTest("prints the number of failed lines at the end", async ({ collab }) => {
    const { stderr } = await collab.knock(STREAM, { input: `${invite("ada")}\noops\n` });
    expect(stderr).toMatch(/\nstandard input: 1 line triggered, 1 line failed$/);
  });

  inProcessTest("identifies recipients in a line for later lines", async ({ collab }) => {
    const first = JSON.stringify({ key: "invite", recipients: [{ id: "zoe", name: "Zoe" }] });
    const second = JSON.stringify({ key: "invite", recipients: ["zoe"], actor: "zoe" });
    const { exitCode } = await collab.knock(STREAM, { input: `${first}\n${second}` });
    expect(exitCode).toBe(0);
  });

  inProcessTest("exits with the code of the failure if every line failed", async ({ collab }) => {
    const run = async (...lines: string[]) => (await collab.knock(STREAM, { input: lines.join("\n") })).exitCode;
    expect(await run("oops", "[]")).toBe(2);
    expect(await run(invite("ada").replace("invite", "invit"))).toBe(5);
    expect(await run("oops", invite("ada").replace("invite", "invit"))).toBe(1);
    expect(await run(invite("nobody"))).toBe(1);
  });

  inProcessTest("creates no store if all lines are rejected", async ({ collab }) => {
    const before = collab.storeDigest();
    await collab.knock(STREAM, { input: 'oops\n{"key":"new-comment","recipients":["ada"]}\n' });
    expect(collab.storeDigest()).toBe(before);
  });

  inProcessTest("reports a line above 16 MB and one that is not UTF-8, and triggers the others", async ({ collab }) => {
    const input = Buffer.concat([
      Buffer.from(`"${"x".repeat(17 * 1024 * 1024)}"\n${invite("ada")}\n`),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from(invite("grace")),
    ]);
    const { documents, stderr, exitCode } = await collab.knock([...STREAM, "--json"], { input });
    expect(documents).toHaveLength(2);
    expect(stderr).toContain("error: standard input:1:1: the line is longer than 16 MB");
    expect(stderr).toContain("error: standard input:3:1: the line is not valid UTF-8");
    expect(exitCode).toBe(9);
  });

  inProcessTest("--all-or-nothing triggers nothing if any line is invalid", async ({ collab }) => {
    await collab.openStore();
    const before = collab.storeDigest();
    collab.write("two.jsonl", `${invite("lin")}\n{"key":"new-comment","recipients":["lin"]}\n`);
    const args = ["notify", "-f", "two.jsonl", "--all-or-nothing", "--json"];
    const refused = await collab.knock(args);
    expect(refused.exitCode).toBe(2);
    expect(refused.stdout).toBe("");
    expect(refused.stderr).toContain("error: two.jsonl:2: the data does not fit workflow");
    expect(collab.storeDigest()).toBe(before);
    collab.write("two.jsonl", `${invite("lin")}\n${invite("ada")}\n`);
    const { documents, exitCode } = await collab.knock(args);
    expect([documents.length, exitCode]).toEqual([2, 0]);
  });

  inProcessTest("--all-or-nothing without a file of lines is an error", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["notify", "invite", "-r", "ada", "--all-or-nothing"]);
    expect(stderr).toContain("error: --all-or-nothing requires a file with one trigger per line");
    expect(exitCode).toBe(2);
  });

  inProcessTest("--dry-run shows the request of every valid line", async ({ collab }) => {
    const input = `${invite("ada")}\noops\n${invite("lin")}\n`;
    const { documents, exitCode } = await collab.knock([...STREAM, "--dry-run", "--json"], { input });
    expect(documents.map((document) => (document.body as JsonObject).recipients)).toEqual([["ada"], ["lin"]]);
    expect(exitCode).toBe(9);
  });

  inProcessTest("ends at once for a missing file, a folder and a missing project", async ({ collab, empty }) => {
    const missing = await collab.knock(["notify", "-f", "none.jsonl"]);
    expect([missing.exitCode, missing.stderr]).toEqual([
      2,
      expect.stringContaining("error: none.jsonl does not exist"),
    ]);
    const none = await empty.knock(STREAM, { input: `${invite("ada")}\n${invite("ada")}\n` });
    expect(none.exitCode).toBe(3);
    expect(none.stderr.match(/error:/g)).toHaveLength(1);
  });
});

describe.skipIf(process.platform !== "linux")("notify with an endless stream", () => {
  cliTest("stays within its memory limit, and ends on SIGTERM with what was done", async ({ collab }) => {
    // Old lines must not be kept: the lines here are three times the heap.
    const options = { NODE_OPTIONS: "--max-old-space-size=48" };
    const { child, ended, read, lines, errors, output } = open(collab, [...STREAM, "--json"], options);
    read();
    const padding = "x".repeat(1024 * 1024);
    for (let n = 0; n < 150; n++)
      if (!child.stdin.write(`oops ${padding}\n${invite("ada")}\n`)) await once(child.stdin, "drain");
    await lines(120);
    expect(peakMemory(child.pid as number)).toBeLessThan(250);
    child.kill("SIGTERM");
    expect(await ended).toBe(143);
    expect(errors()).toMatch(/interrupted in standard input after line \d+: \d+ lines triggered, \d+ lines failed/);
    const done = output().trim().split("\n").length;
    const { json } = await collab.knock(["runs", "--json", "--limit", "50"]);
    expect(json.items).toHaveLength(50);
    expect(done).toBeGreaterThanOrEqual(120);
  });

  cliTest("waits for a slow reader instead of filling the memory", async ({ collab }) => {
    const { child, ended, read, lines } = open(collab, [...STREAM, "--json"]);
    // Standard output is not read: when the pipes are full, the command must stop reading standard input.
    let written = 0;
    const line = `${invite("ada", { text: "x".repeat(1000) })}\n`;
    let isBlocked = false;
    while (!isBlocked && written < 20_000) {
      written++;
      if (child.stdin.write(line)) continue;
      const drained = await Promise.race([
        once(child.stdin, "drain").then(() => true),
        new Promise<boolean>((resolve) => setTimeout(resolve, 3_000, false)),
      ]);
      isBlocked = !drained;
    }
    expect(isBlocked).toBe(true);
    expect(peakMemory(child.pid as number)).toBeLessThan(400);
    read();
    child.stdin.end();
    expect(await lines(written)).toHaveLength(written);
    expect(await ended).toBe(0);
  });

  cliTest("ends on SIGTERM although its output is not read", async ({ collab }) => {
    const { child, errors } = open(collab, [...STREAM, "--json"]);
    const ended = once(child, "exit");
    child.stdin.on("error", () => {}); // the process ends before everything is written
    const line = `${invite("ada", { text: "x".repeat(1000) })}\n`;
    let left = 20_000;
    const write = (): void => {
      while (left-- > 0) if (!child.stdin.write(line)) return void child.stdin.once("drain", write);
    };
    write();
    // When the command stops reading, its own write is waiting.
    const read = (): number => (child.stdin as Socket).bytesWritten - child.stdin.writableLength;
    const isFull = (): boolean => child.stdout.readableLength >= child.stdout.readableHighWaterMark;
    for (let before = -1; before !== read() || !isFull(); ) {
      before = read();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
    child.kill("SIGTERM");
    // The process ends by the signal, as a regular exit would wait for the write; on a slow machine that write may not
    // have started.
    expect([
      [null, "SIGTERM"],
      [143, null],
    ]).toContainEqual(await ended);
    expect(errors()).toMatch(/interrupted in standard input after line [\d,]+: [\d,]+ lines triggered/);
  });

  cliTest("stops at the first write error of a full disk and reports how far it got", async ({ collab }) => {
    await collab.openStore();
    const lines = Array.from({ length: 3_000 }, () => invite("ada", { text: "x".repeat(2_000) }));
    collab.write("many.jsonl", lines.join("\n"));
    const ran = await collab.shell("ulimit -f 4000; exec knock notify -f many.jsonl --json");
    expect(ran.exitCode).toBe(3);
    const done = ran.documents.length;
    expect(done).toBeGreaterThan(10);
    expect(done).toBeLessThan(3_000);
    expect(ran.stderr).toContain(
      `stopped in many.jsonl after line ${done}: ${done.toLocaleString("en-US")} lines triggered`,
    );
    expect(ran.error).toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining(`many.jsonl:${done + 1}: the store`),
    });
    // All reported results are present.
    const last = ran.documents.at(-1)?.workflow_run_id as string;
    expect((await collab.knock(["runs", "show", last])).exitCode).toBe(0);
  });
});

describe.concurrent("standard input without an end", () => {
  cliTest.for<[args: string]>([
    ["notify invite -r @-"],
    ["notify invite -r ada -d @-"],
    ["notify --file -"],
    ["users set ada --file -"],
    ["auth login --with-key"],
    ["notify --file - --format jsonl --all-or-nothing"],
  ])("causes an error for %s", async ([args], { collab }) => {
    const endless = args.includes("jsonl") ? `yes '${invite("ada", { text: "x".repeat(50_000) })}'` : "yes";
    const { stderr, exitCode } = await collab.shell(`${endless} | NODE_OPTIONS=--max-old-space-size=700 knock ${args}`);
    expect(stderr).toMatch(/error: .*(is larger than 64 MB|reads up to 64 million characters)\nhint: /);
    expect(exitCode).toBe(2);
  });
});
