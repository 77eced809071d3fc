import { describe, expect } from "vitest";
import { isLiveKey } from "../../src/context/confirm-live-key.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

describe.concurrent("the remote target", () => {
  it("treats every key as live that does not start with sk_test or pk_test", () => {
    const isLive = (key: string): boolean => isLiveKey(key, "https://api.example.com");
    expect(
      ["sk_test_1", "pk_test_1", "sk_live_1", "pk_live_1", "sk_1", "knock_st_1", " sk_test_1"].map(isLive),
    ).toEqual([...[false, false], ...[true, true, true, true, true]]);
  });

  it("is not supported by local commands, which exit 3 with an alternative and change nothing", async ({ collab }) => {
    await collab.openStore();
    const before = collab.storeDigest();
    const env = { KNOCK_API_KEY: "sk_test_1", KNOCK_BASE_URL: "http://127.0.0.1:1" };
    for (const command of [
      ...["preview invite", "clock", "clock advance 1h", "sources list", "broadcasts list", "workflows list"],
      ...["worker --once", "test", "forecast x.jsonl", "messages retry 1", "runs retry --failed"],
    ]) {
      const { exitCode, stdout, stderr } = await collab.knock([...command.split(" "), "--remote"], { env });
      expect([command, exitCode, stdout, stderr]).toEqual([
        command,
        3,
        "",
        expect.stringMatching(/^error: .*\bonly .*on the local target.*\nhint: .*(--remote|--local)/),
      ]);
    }
    expect(collab.storeDigest()).toBe(before);
  });
});
