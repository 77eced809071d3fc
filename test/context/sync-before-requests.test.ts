import { describe, expect, it } from "vitest";
import { createLocalEngine } from "../../src/context/create-local-engine.js";
import { parseTrigger } from "../../src/domain/trigger/parse-trigger.js";
import { findProject } from "../../src/project/find-project.js";
import { openProject } from "../../src/project/open-project.js";
import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import { SAMPLE_FILES } from "../helpers/project-emulator.js";
import { startSmtpReceiver } from "../helpers/smtp-receiver.js";
import { TemporaryProject } from "../helpers/temporary-project.js";

describe("a request to another server", () => {
  it("is sent only after everything is on the disk", async () => {
    const receiver = await startSmtpReceiver();
    const settings = { host: "127.0.0.1", port: receiver.port, tls: "none", from_address: "hi@lark.test" };
    const fetchStep = {
      ref: "http_fetch_1",
      type: "http_fetch",
      settings: { method: "get", url: "https://lark.test/p" },
    };
    const mail = JSON.parse(JSON.stringify(SAMPLE_FILES["knock/workflows/letter/workflow.json"])) as {
      steps: object[];
    };
    const files = new TemporaryProject({
      ...SAMPLE_FILES,
      "knock/environment.json": {
        channels: { mail: { type: "email", provider: "smtp", deliver: true, settings } },
        fetch: { allow: ["https://lark.test/"] },
      },
      "knock/workflows/letter/workflow.json": { name: "Letter", steps: [fetchStep, ...mail.steps] },
    });
    const location = await findProject({ cwd: files.root, project: null, knockDir: null });
    if (location === null) throw new Error("the project is not found");
    const events: string[] = [];
    const store = await openSqliteStore(":memory:");
    const recordingStore = Object.assign(Object.create(store) as typeof store, {
      syncToDisk: async () => void events.push(`sync (${receiver.connections} emails)`),
    });
    const operations = createLocalEngine(
      openProject(location, files.root),
      recordingStore,
      { env: {}, sleep: async () => {} },
      {
        httpClient: {
          fetch: async () => {
            events.push("fetch");
            return { status: 200, text: "{}" };
          },
        },
      },
    );
    const { trigger } = parseTrigger({ recipients: [{ id: "ada", email: "ada@lark.test" }] }, "letter");
    await operations.triggerWorkflow(trigger, { idempotency_key: null });
    expect(events).toEqual(["sync (0 emails)", "fetch", "sync (0 emails)"]);
    expect(receiver.received).toHaveLength(1);
    await operations.close();
    await receiver.close();
    files.remove();
  });
});
