import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, vi } from "vitest";
import type { Json } from "../../src/util/json.js";
import { eventually, WAIT_OPTIONS } from "../helpers/eventually.js";
import { closePages, getBrowser, openBrowserPage } from "../helpers/page-browser.js";
import { hasBrowser } from "../helpers/page-reader.js";
import { findOverflow, findViolations } from "../helpers/page-violations.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const SCRIPT = "top.document.title = document.title = 'taken'; top.taken = true";
/** An email that tries to run scripts, to load files, to submit a form and to leave its frame. */
const HOSTILE = `<!doctype html><html><head>
<base href="https://out.test/"><meta http-equiv="refresh" content="0; url=https://out.test/refresh">
<meta http-equiv="Content-Security-Policy" content="script-src * 'unsafe-inline'">
<link rel="stylesheet" href="https://out.test/style.css"><style>body { background: url(https://out.test/back.png) }</style>
<script>${SCRIPT}</script><script src="https://out.test/script.js"></script></head>
<body onload="${SCRIPT}"><h1>Hello</h1><img src="https://out.test/a.png" onerror="${SCRIPT}">
<svg onload="${SCRIPT}"><script>${SCRIPT}</script></svg><iframe src="https://out.test/frame"></iframe>
<form action="https://out.test/form"><button>Send</button></form>
<a href="javascript:${SCRIPT}">Script</a><a href="https://out.test/top" target="_top">Top</a>
<a href="https://out.test/blank" target="_blank">Blank</a><a href="https://out.test/link">Link</a></body></html>`;

const TEXT = `</script><script>${SCRIPT}</script><img src=x onerror="${SCRIPT}">`;

/** Presses a key until the browser has confirmed it: on a busy machine, it can lose one in a frame that tries to navigate. */
const pressEnter = (element: Locator): Promise<void> =>
  vi.waitFor(() => element.press("Enter", { noWaitAfter: true, timeout: 10_000 }), WAIT_OPTIONS);

function writeHostileProject(project: Sample): void {
  const settings = { layout_key: null };
  const steps: Json = [
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "mail",
      template: { settings, subject: TEXT, html_body: HOSTILE, text_body: TEXT },
    },
    {
      ref: "sms_1",
      type: "channel",
      channel_type: "sms",
      channel_key: "texts",
      template: { text_body: TEXT },
    },
  ];
  project.write("knock.json", { knockDir: "./knock" });
  project.write("knock/workflows/hostile/workflow.json", { name: "Hostile", steps });
  const notify = { recipients: [{ id: "eve", email: "eve@example.com", phone_number: "+15005550006" }] };
  const buildScenario = (sms_1: string) => ({ steps: [{ notify, expect: { outcomes: { eve: { sms_1 } } } }] });
  const scenarios = { "sends a text": buildScenario("sandboxed"), [TEXT]: buildScenario("failed") };
  project.write("knock/workflows/hostile/own.test.json", { workflow: "hostile", scenarios });
}

describe.runIf(hasBrowser)("the page of a report", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await getBrowser();
  });
  afterAll(() => closePages(browser));

  /** Opens the report. The returned list gets every effect that a message must not have. */
  async function openReport(project: Sample): Promise<{ page: Page; effects: string[] }> {
    const page = await openBrowserPage(browser, { viewport: { width: 1000, height: 800 }, reducedMotion: "reduce" });
    const effects: string[] = [];
    // A request that the policy has blocked fails with "csp". Other failures and responses left the page.
    page.on("requestfailed", (request) => {
      if (request.failure()?.errorText !== "csp") effects.push(request.url());
    });
    page.on("response", (response) => {
      if (response.url().startsWith("http")) effects.push(response.url());
    });
    page.on("dialog", (dialog) => {
      effects.push("dialog");
      void dialog.dismiss();
    });
    page.on("pageerror", (error) => effects.push(String(error)));
    await page.goto(`file://${project.path("report.html")}`);
    return { page, effects };
  }

  /** Expects that nothing overflows at the end of the report, on a screen and on a phone, in light and in dark. */
  async function expectFitting(page: Page): Promise<void> {
    for (const width of [1280, 390])
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: 400 });
        await page.emulateMedia({ colorScheme });
        await eventually(async () => (await page.evaluate("innerWidth")) === width);
        expect([width, colorScheme, await findOverflow(page)]).toEqual([width, colorScheme, []]);
        expect([width, colorScheme, await findViolations(page, "colors")]).toEqual([width, colorScheme, []]);
      }
  }

  it("shows messages and coverage, and runs nothing of a hostile message", async ({ empty }) => {
    writeHostileProject(empty);
    const { exitCode } = await empty.knock(["test", "--coverage", "--reporter", "html=report.html"]);
    expect(exitCode).toBe(1);
    const { page, effects } = await openReport(empty);
    const inside = page.frameLocator("iframe");
    await inside.getByRole("heading", { name: "Hello" }).waitFor();
    for (const name of ["Script", "Blank", "Top", "Link"]) {
      await pressEnter(inside.getByText(name, { exact: true }));
      await inside.getByRole("heading", { name: "Hello" }).waitFor();
    }
    await pressEnter(inside.getByRole("button", { name: "Send" }));
    // Without --emails, there is no section about emails.
    expect(await page.getByRole("heading", { name: "Emails" }).count()).toBe(0);
    await page.getByText("hostile", { exact: true }).click();
    await page.locator(".node", { hasText: "sms_1" }).filter({ hasText: "covered" }).click();
    await page.getByText("reason missing_recipient_data never occurs").waitFor();
    expect(await page.title()).toBe("knock test");
    expect(await page.evaluate("window.taken")).toBeUndefined();
    expect(effects).toEqual([]);
    expect(page.context().pages()).toHaveLength(1);
    expect(page.url()).toContain("report.html");
    expect(await findViolations(page)).toEqual([]);
    await expectFitting(page);
  });

  it("shows failures first, hides the rest until asked, and finds scenarios by name", async ({ empty }) => {
    writeHostileProject(empty);
    await empty.knock(["test", "--coverage", "--reporter", "html=report.html"]);
    const { page } = await openReport(empty);
    const names = page.locator(".report-panel > summary h3");
    const count = async (text: string): Promise<number> => names.filter({ hasText: text }).count();
    await page.getByText("1 scenario is hidden.").waitFor();
    expect([await count(TEXT), await count("sends a text")]).toEqual([1, 0]);
    const shares = await page.getByRole("list", { name: "Coverage" }).getByRole("listitem").allTextContents();
    expect(shares).toContain("steps2 of 2");
    await page.getByRole("button", { name: "Only problems", pressed: true }).click();
    expect((await names.allTextContents()).slice(0, 2)).toEqual([TEXT, "sends a text"]);
    await page.getByRole("searchbox").fill("SENDS a");
    await page.getByText("1 scenario is hidden.").waitFor();
    expect([await count(TEXT), await count("sends a text")]).toEqual([0, 1]);
    await page.getByRole("searchbox").fill("nothing like it");
    await page.getByText("No scenario matches.").waitFor();
  });

  it("shows the subject before and after a change", async ({ collab }) => {
    const file = "knock/workflows/welcome/own.test.json";
    const notify = { recipients: ["grace"] };
    const steps: Json = [
      { notify },
      { until_idle: true },
      { expect: { messages: [{ to: "grace", channel: "email", snapshot: true }] } },
    ];
    collab.write(file, { workflow: "welcome", scenarios: { welcomes: { steps } } });
    await collab.knock(["test", file]);
    const snapshots = "knock/workflows/welcome/__snapshots__/own.test.json.json";
    collab.write(snapshots, collab.read(snapshots).replace(/"subject_line": "/, "$&Earlier: "));
    await collab.knock(["test", file, "--reporter", "html=report.html"]);
    const { page } = await openReport(collab);
    const [before, after] = await page.locator(".report-pair > div > p").allTextContents();
    expect(before).toBe(`Earlier: ${after}`);
    // The line that explains the signs is neither removed nor added.
    expect(await page.getByText("- expected  + found").getAttribute("class")).toBe(null);
    expect(await findViolations(page)).toEqual([]);
  });

  it("lists the problems of the emails with the messages that have them", async ({ empty }) => {
    writeHostileProject(empty);
    await empty.knock(["test", "--emails", "--reporter", "html=report.html"]);
    const { page, effects } = await openReport(empty);
    const problem = page.locator("details", { hasText: "email_missing_preheader" });
    await problem.locator("summary").click();
    await problem.getByText("to eve").first().waitFor();
    expect(await problem.textContent()).toContain("knock/workflows/hostile/workflow.json:");
    expect(effects).toEqual([]);
    expect(await findViolations(page)).toEqual([]);
  });
});
