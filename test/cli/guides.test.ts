import { existsSync, readFileSync } from "node:fs";
import { describe, expect, vi } from "vitest";
import { createGuideClient } from "../helpers/browser-client.js";
import { WAIT_OPTIONS } from "../helpers/eventually.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import { formatOutcome, type Sample } from "../helpers/run-knock.js";

async function dev(sample: Sample) {
  const process = sample.start(["dev", "--port", "0", "--ready-file", "ready.json"]);
  await vi.waitFor(() => expect(existsSync(sample.path("ready.json"))).toBe(true), WAIT_OPTIONS);
  return { process, url: (JSON.parse(readFileSync(sample.path("ready.json"), "utf8")) as { url: string }).url };
}

const NOTIFY = ["notify", "page-created", "-r", "ada,grace", "--set", "page=Plan"];

describe.concurrent("the sample guides", () => {
  inProcessTest("are shown by notify for added users, and explained by runs show (E-196)", async ({ collab }) => {
    const { stdout } = await collab.knock(NOTIFY);
    expect(stdout).toContain("ada    ✓ guide added to first-page · in-app delivered");
    expect(stdout).toContain("2 delivered");
    const { json } = await collab.knock(["runs", "list", "--recipient", "ada", "--json"]);
    const [run] = json.items as { id: string }[];
    const shown = await collab.knock(["runs", "show", String(run?.id)]);
    expect(shown.stdout).toContain("in_app_guide_1: passed → added to guide first-page");
    expect(shown.stdout).toContain('true: recipient.plan not_equal_to "guest" (was "team")');
    const members = await collab.knock(["audiences", "list", "guide:first-page", "--quiet"]);
    expect(members.stdout.split("\n").sort()).toEqual(["ada", "grace"]);
  });

  inProcessTest("render no message for a guide's step, and a misspelled key is reported", async ({ collab }) => {
    const preview = await collab.knock(["preview", "page-created", "in_app_guide_1", "-r", "ada"]);
    expect([preview.exitCode, preview.stderr]).toEqual([
      expect.any(Number),
      expect.stringContaining("is an in-app guide step, so there is nothing to render"),
    ]);
    const file = "knock/workflows/page-created/workflow.json";
    collab.write(file, collab.read(file).replace('"first-page"', '"first-pgae"'));
    const { exitCode, stderr } = await collab.knock(NOTIFY);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('steps[0].guide_key is not a guide of this project: "first-pgae"');
    expect(stderr).toContain('Did you mean "first-page"?');
  });

  inProcessTest(
    "are served by knock dev to the official client, which follows their files (R-120, R-125)",
    async ({ collab }) => {
      const { url, process } = await dev(collab);
      const client = createGuideClient(url, "ada", "in-app-guide");
      const keys = () => Object.keys(client.guides.store.state.guides).sort();
      const getTitle = (key: string) => client.guides.store.state.guides[key]?.steps[0]?.content.title;
      await client.guides.fetch();
      expect(keys()).toEqual(["history-is-here"]);
      client.guides.subscribe();
      await collab.knock(NOTIFY); // another process uses the same store
      await vi.waitFor(() => expect(keys()).toEqual(["first-page", "history-is-here"]), WAIT_OPTIONS);
      expect(client.guides.store.state.guides["first-page"]?.steps[0]?.content).toMatchObject({
        title: "Well begun, Ada",
        body: expect.stringContaining("<strong>shared</strong>"),
        button: { text: "Show me", action: "https://app.collab.example.com/share" },
      });

      const file = "knock/guides/history-is-here/guide.json";
      const written = collab.read(file);
      collab.write(file, written.replace("Every version", "Each version"));
      await vi.waitFor(() => expect(getTitle("history-is-here")).toContain("Each version"), WAIT_OPTIONS);
      collab.write(file, written.replace('"title"', '"titel"'));
      collab.write(
        "knock/guides/first-page/guide.json",
        collab.read("knock/guides/first-page/guide.json").replace("Well", "All's well"),
      );
      await vi.waitFor(() => expect(getTitle("first-page")).toContain("All's well"), WAIT_OPTIONS);
      expect(getTitle("history-is-here")).toContain("Each version"); // the guide's last valid version stays in use

      await client.guides.fetch({ force: true }); // without this, the client keeps its first list of guides that it must not show
      client.guides.setLocation("https://app.collab.example.com/pages/plan");
      expect(client.selectGuide()?.key).toBe("first-page");
      await client.selectGuide()?.getStep()?.markAsSeen();
      const list = ["messages", "list", "--workflow", "first-page", "--quiet"];
      const ids = () => collab.knock(list).then(({ stdout }) => stdout.split("\n").filter(Boolean));
      await vi.waitFor(async () => expect(await ids()).toHaveLength(1), WAIT_OPTIONS);
      const message = await collab.knock(["messages", "show", String((await ids())[0])]);
      expect(message.stdout).toContain("guide      first-page");
      expect(message.stdout).toContain("title: All's well begun, Ada");
      client.close();
      process.kill("SIGTERM");
      const { stderr } = await process;
      expect(stderr).toContain(
        'guides/history-is-here/guide.json:12:18: steps[0].values.titel is not a field of "banner"',
      );
      expect(stderr).not.toContain("    at ");
      expect(formatOutcome((await collab.knock([...NOTIFY, "--json"])).outcome)[0]).toContain("trigger_frequency");
    },
  );
});
