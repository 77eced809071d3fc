import { join, resolve } from "node:path";
import Knock from "@knocklabs/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KnockDev, startKnockDev } from "../../src/testing-api/testing.js";

const project = join(resolve(import.meta.dirname, "../.."), "fixtures/collab");
const NOTIFY = { recipients: ["grace"], data: { page: "Home" } };

let dev: KnockDev;
beforeAll(async () => {
  dev = await startKnockDev({ project });
});
afterAll(() => dev.close());

describe("startKnockDev", () => {
  it("answers the SDK on a free port, and moves the clock of its scene", async () => {
    expect(dev.port).toBeGreaterThan(0);
    expect(dev.env.KNOCK_BASE_URL).toBe(dev.url);
    const knock = new Knock({ baseURL: dev.url, apiKey: dev.env.KNOCK_API_KEY });
    await dev.freeze(new Date("2026-03-02T09:00:00Z"));
    await knock.workflows.trigger("new-comment", NOTIFY);
    await dev.waitUntilIdle("5s");
    expect(await dev.messages({ recipient: "grace", channel: "sendgrid" })).toEqual([]);
    const { now, ran } = await dev.advance("30m");
    expect(now).toBe("2026-03-02T09:30:00.000Z");
    expect(ran).toHaveLength(1);
    const [email] = await dev.messages({ recipient: "grace", channel: "sendgrid" });
    expect(email?.content.data.subject_line).toContain("commented on Home");
    expect((await dev.clock()).frozen).toBe(true);
    await dev.reset({ keep: ["recipients"] });
    expect(await dev.messages()).toEqual([]);
  });

  it("gives each scene its own data", async () => {
    const scenes = [await dev.openScene(), await dev.openScene()] as const;
    await scenes[0].seed({ users: [{ id: "own", email: "own@example.com" }] });
    const knock = new Knock({ baseURL: scenes[0].url, apiKey: scenes[0].env.KNOCK_API_KEY });
    await knock.workflows.trigger("new-comment", { ...NOTIFY, recipients: ["own"], settings: { skip_delay: true } });
    await scenes[0].waitUntilIdle();
    expect((await scenes[0].messages({ recipient: "own" })).length).toBeGreaterThan(0);
    expect(await scenes[1].messages()).toEqual([]);
    expect(await dev.messages()).toEqual([]);
    for (const scene of scenes) await scene.close();
    await expect(scenes[0].messages()).rejects.toThrow("404");
  });

  it("makes deliveries fail until the failures are removed", async () => {
    const scene = await dev.openScene();
    await scene.failDeliveries({ channel: "email", error: "bounced", times: 5 });
    expect((await scene.request("GET faults")).items).toHaveLength(1);
    await scene.clearFailures();
    expect((await scene.request("GET faults")).items).toEqual([]);
    await scene.close();
  });

  it("rejects wrong input with the message of the server", async () => {
    await expect(dev.advance("soon")).rejects.toThrow(/POST \/__knock\/clock: 422 .*duration/);
    await expect(dev.request("GET messages?workflw=invite")).rejects.toThrow("workflw");
    await expect(startKnockDev({ project, port: dev.port })).rejects.toThrow(String(dev.port));
    await expect(startKnockDev({ project: "/nosuch" })).rejects.toThrow("/nosuch");
  });

  it("closes only once, and answers nothing afterwards", async () => {
    const own = await startKnockDev({ project });
    await Promise.all([own.close(), own.close()]);
    await expect(fetch(own.url)).rejects.toThrow();
  });
});
