import { existsSync } from "node:fs";
import { describe, expect } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { getBrowser, openBrowserPage } from "../helpers/page-browser.js";
import { hasBrowser } from "../helpers/page-reader.js";
import { cliTest as it } from "../helpers/run-knock.js";

describe.runIf(hasBrowser)("a stored run on the page of knock dev", () => {
  it("runs again from a step with other data, and becomes a scenario", async ({ collab, onTestFinished }) => {
    const dev = collab.start(["dev", "--port", "0", "--ready-file", "ready.json"]);
    onTestFinished(async () => {
      dev.kill("SIGTERM");
      await dev;
    });
    const url = await eventually(() =>
      existsSync(collab.path("ready.json")) ? String(JSON.parse(collab.read("ready.json")).url) : null,
    );
    await collab.knock(["notify", "new-comment", "-r", "grace", "--set", "page=Home", "--skip-delay"]);
    const { json } = await collab.knock(["runs", "list", "--limit", "1", "--json"]);
    const id = String((json.items as { id: string }[])[0]?.id);
    const page = await openBrowserPage(await getBrowser());
    onTestFinished(() => page.context().close());
    await page.goto(`${url}/#/runs/${id}`);

    await page.getByRole("button", { name: "Run again from here: email_1" }).click();
    const rerun = page.getByRole("region", { name: "Run again from email_1" });
    await rerun.getByRole("tab", { name: "JSON" }).click();
    const data = rerun.getByLabel("Data as JSON");
    await data.fill('{"page":"Docs"');
    expect(await rerun.getByRole("button", { name: "Run again" }).isDisabled()).toBe(true);
    await data.fill('{"page":"Docs"}');
    await rerun.getByRole("button", { name: "Run again" }).click();
    const differences = rerun.getByRole("status", { name: "Differences" });
    await differences.getByText("Changed").waitFor();
    expect(await differences.textContent()).toContain("Docs");
    await rerun.getByRole("button", { name: "Close" }).click();

    await page.getByRole("button", { name: "Copy as scenario" }).click();
    const scenario = page.getByRole("region", { name: "Scenario" });
    await page.getByText("Scenario", { exact: true }).waitFor();
    expect(await scenario.textContent()).toContain("workflow: new-comment");
  });
});
