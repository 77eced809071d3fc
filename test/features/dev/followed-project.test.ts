import { rmSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FollowedProject } from "../../../src/features/dev/followed-project.js";
import { openProject } from "../../../src/project/open-project.js";
import { type Files, TemporaryProject } from "../../helpers/temporary-project.js";

const SMS = { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "text", template: { text_body: "Hi" } };
const WORKFLOW = { name: "W", steps: [SMS] };

let folder: TemporaryProject | undefined;
afterEach(() => {
  vi.useRealTimers();
  folder?.remove();
});

function follow(files: Files): { followed: FollowedProject; root: TemporaryProject } {
  const root = new TemporaryProject({ "knock.json": { knockDir: "./knock" }, ...files });
  folder = root;
  const location = { root: root.root, knockDir: root.path("knock"), settings: {} };
  return { followed: new FollowedProject(openProject(location, root.root), root.root), root };
}

describe("FollowedProject", () => {
  it("lets requests be answered while it reads many workflows", async () => {
    const names = Array.from({ length: 200 }, (_none, index) => `knock/workflows/w${index}/workflow.json`);
    const { followed } = follow(Object.fromEntries(names.map((name) => [name, WORKFLOW])));
    await followed.readChanges(); // loads the modules that reading needs
    let turns = 0;
    let isReading = true;
    const countTurns = (): void => {
      turns++;
      if (isReading) setImmediate(countTurns);
    };
    setImmediate(countTurns);
    await followed.readChanges();
    isReading = false;
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  it("knows the warnings about the files that it has read, and does not read them again", async () => {
    const path = "knock/workflows/w/workflow.json";
    const { followed, root } = follow({ [path]: { ...WORKFLOW, trigger_frequenzy: "every_trigger" } });
    expect(await followed.readChanges()).toEqual([]);
    root.write({ [path]: "{" });
    expect(await followed.readFileWarnings(() => undefined)).toEqual([expect.stringContaining("trigger_frequenzy")]);
  });

  it("keeps what is missing while files are written again, until none has changed for a moment", async () => {
    const files: Files = {
      "knock/workflows/w/workflow.json": WORKFLOW,
      "knock/partials/sign/partial.json": { name: "Sign", type: "text", content: "Bye" },
      "knock/translations/en/en.json": { hello: "Hello" },
      "knock/translations/de/de.json": { hello: "Hallo" },
      "knock/audiences/beta/audience.json": { name: "Beta", type: "static" },
    };
    const { followed, root } = follow(files);
    const { definitions } = followed;
    const read = async () => [
      (await definitions.workflow("w")) !== null,
      (await definitions.partial("sign")) !== null,
      (await definitions.translations()).files.length,
      (await definitions.audiences()).length,
    ];
    await followed.readChanges();
    for (const folder of ["workflows/w", "partials", "translations/de", "audiences"]) {
      rmSync(root.path(`knock/${folder}`), { recursive: true });
      expect(await read()).toEqual([true, true, 2, 1]);
      followed.reload();
      expect(await read()).toEqual([true, true, 2, 1]);
    }
    root.write({ "knock/workflows/w/workflow.json": { ...WORKFLOW, name: "New" } });
    followed.reload();
    expect((await definitions.workflow("w"))?.name).toBe("New");
    await followed.readChanges();
    expect(await read()).toEqual([true, false, 1, 0]);
  });

  it("keeps a file that is missing again after it was written again, however long ago the last change was", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const path = "knock/workflows/w/workflow.json";
    const { followed, root } = follow({ [path]: WORKFLOW });
    const isAvailable = async (): Promise<boolean> => (await followed.definitions.workflow("w")) !== null;
    await followed.readChanges();
    rmSync(root.path(path));
    expect(await isAvailable()).toBe(true);
    root.write({ [path]: WORKFLOW });
    followed.reload();
    await followed.readChanges();
    rmSync(root.path(path));
    expect(await isAvailable()).toBe(true);
    root.write({ [path]: WORKFLOW });
    followed.reload();
    expect(await isAvailable()).toBe(true);
    vi.advanceTimersByTime(2_000);
    rmSync(root.path(path));
    expect(await isAvailable()).toBe(true);
    vi.advanceTimersByTime(2_000);
    expect(await isAvailable()).toBe(false);
  });
});
