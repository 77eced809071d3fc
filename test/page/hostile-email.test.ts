import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { step } from "../helpers/build-steps.js";
import { closePages, getBrowser, type OpenedPage, openPage } from "../helpers/page-browser.js";
import { hasBrowser } from "../helpers/page-reader.js";

/** An email that tries to run scripts, make requests, submit forms and leave its frame. */
const HOSTILE = `<!doctype html><html><head>
<base href="/__knock/">
<meta http-equiv="refresh" content="0; url=/__knock/ready">
<meta http-equiv="Content-Security-Policy" content="default-src * 'unsafe-inline'; script-src * 'unsafe-inline'">
<link rel="stylesheet" href="/__knock/page/users?style">
<link rel="prefetch" href="/__knock/page/users?prefetch">
<style>@import "/__knock/page/users?import"; body { background: url(/__knock/page/users?background) }</style>
<script>fetch("/__knock/reset", { method: "POST" }); top.document.title = "taken"</script>
<script src="/__knock/page/users?script"></script>
</head><body onload="top.location = 'about:blank'">
<h1>Hello</h1>
<img src="/__knock/page/users?picture" onerror="parent.postMessage('hi', '*'); fetch('/__knock/reset', { method: 'POST' })">
<svg onload="fetch('/__knock/reset', { method: 'POST' })"><script>alert(1)</script></svg>
<iframe src="/__knock/page/users?frame"></iframe>
<object data="/__knock/page/users?object"></object>
<video src="/__knock/page/users?video" autoplay></video>
<form action="/__knock/reset" method="post"><input name="keep" value="x"><button>Send</button></form>
<a href="/__knock/ready" target="_top">Top</a>
<a href="/__knock/ready" target="_blank">Blank</a>
<a href="javascript:fetch('/__knock/reset', { method: 'POST' })">Script</a>
<a href="/__knock/page/users?link">Link</a>
<a href="https://out.test/" target="_self">Out</a>
</body></html>`;

describe.runIf(hasBrowser)("a hostile email", () => {
  let browser: Browser;
  let opened: OpenedPage;
  beforeAll(async () => {
    browser = await getBrowser();
    opened = await openPage(browser);
    opened.api.harness.define("hostile", {
      steps: [
        step.email("Win <script>alert(1)</script>", HOSTILE),
        step.feed("x <img src=x onerror=alert(1)> <a href='javascript:alert(1)'>y</a>"),
      ],
    });
    await opened.api.harness.trigger("hostile", { recipients: ["eli"] });
  });
  afterAll(async () => {
    await opened.close();
    await closePages(browser);
  });

  /** Opens the email in the page or alone and tries everything that a reader could click. Returns the effects. */
  async function survive(
    path: (id: string) => string,
    isFramed: boolean,
  ): Promise<{ answered: string[]; dialogs: number; pages: number; url: string }> {
    const { api, visit } = opened;
    const id = (await api.harness.listMessages("eli")).find(({ channel }) => channel.type === "email")?.id ?? "";
    const page = await visit("#/workflows");
    const answered: string[] = [];
    let dialogs = 0;
    page.on("response", (response) => {
      if (response.url().includes("?") && response.ok()) answered.push(response.url());
    });
    page.on("dialog", (dialog) => {
      dialogs++;
      void dialog.dismiss();
    });
    await page.goto(`${api.url}/${path(id)}`);
    const inside = isFramed ? page.frameLocator("iframe") : page;
    await inside.getByRole("heading", { name: "Hello" }).waitFor();
    for (const name of isFramed ? ["Script", "Blank", "Top"] : ["Script", "Blank"]) // opened alone, the email may navigate itself
      await inside.getByText(name, { exact: true }).press("Enter", { noWaitAfter: true });
    await inside.getByRole("button", { name: "Send" }).press("Enter", { noWaitAfter: true });
    await page.waitForTimeout(200); // time for scripts and requests that must not happen
    const survived = { answered: [...answered], dialogs, pages: page.context().pages().length, url: page.url() };
    await page.close();
    return survived;
  }

  it("runs nothing, loads nothing and reaches nothing from its frame", async () => {
    const { answered, dialogs, pages, url } = await survive((id) => `#/messages/${id}`, true);
    expect(
      answered.filter((address) =>
        /\?(style|prefetch|import|background|script|picture|frame|object|video)/.test(address),
      ),
    ).toEqual([]);
    expect([dialogs, pages]).toEqual([0, 1]);
    expect(url).toContain("#/messages/");
    expect(await opened.api.harness.recipient("eli")).toBeDefined();
    expect((await opened.api.harness.listMessages("eli")).length).toBe(2);
  });

  it("has no further effect when its HTML is opened alone", async () => {
    const { answered, dialogs, pages } = await survive((id) => `__knock/page/messages/${id}/html`, false);
    expect(answered).toEqual([]);
    expect([dialogs, pages]).toEqual([0, 1]);
    expect((await opened.api.harness.listMessages("eli")).length).toBe(2);
  });

  it("has links that are rejected", async () => {
    const { api, visit } = opened;
    const id = (await api.harness.listMessages("eli")).find(({ channel }) => channel.type === "email")?.id ?? "";
    const page = await visit(`#/messages/${id}`);
    const frame = page.frameLocator("iframe");
    const answer = page.waitForResponse(/\?link$/);
    await frame.getByText("Link", { exact: true }).click();
    expect((await answer).status()).toBe(403);
    expect(page.url()).toContain("#/messages/");
  });

  it("is drawn from text alone as a feed item", async () => {
    const { api, visit } = opened;
    const id = (await api.harness.listMessages("eli")).find(({ channel }) => channel.type === "in_app_feed")?.id ?? "";
    const page = await visit(`#/messages/${id}`);
    const item = page.locator(".feed-item");
    await item.getByText("y", { exact: true }).waitFor();
    expect(await item.locator("img, script, a").count()).toBe(0);
    expect(await page.locator("h1").textContent()).not.toContain("alert");
  });
});
