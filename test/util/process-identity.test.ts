import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { getProcessIdentity, hasEnded } from "../../src/util/process-identity.js";

/** Returns an identity like that of this process, with another process ID. */
const withProcessId = (id: number) => String(getProcessIdentity()).replace(/^\d+/, String(id));

describe("the identity of a process", () => {
  it("is known to have ended only after its end", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    const { pid } = child;
    const start = execFileSync("sh", ["-c", `awk '{ sub(/.*\\) /, ""); print $20 }' /proc/${pid}/stat`], {
      encoding: "utf8",
    });
    const identity = withProcessId(Number(pid)).replace(/\.\d*@/, `.${start.trim()}@`);
    expect(hasEnded(identity)).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(hasEnded(identity)).toBe(true);
  });

  it("is not that of a later process with the same ID", () => {
    expect(hasEnded(String(getProcessIdentity()))).toBe(false);
    expect(hasEnded(String(getProcessIdentity()).replace(/\.\d*@/, ".1@"))).toBe(true);
  });

  it.each([
    ["another machine", String(getProcessIdentity()).replace(/@.*/, "@elsewhere")],
    ["no process", "01a21e99-43ea-461b-bd61-f96f7bb1fab9"],
    ["nothing", ""],
  ])("says nothing about %s", (_name, identity) => {
    expect(hasEnded(identity)).toBe(false);
  });
});
