import type { Route } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { step } from "../helpers/build-steps.js";
import { createPageTest, locateRow, waitForHash } from "../helpers/page-browser.js";
import { CHROME, hasBrowser } from "../helpers/page-reader.js";

if (!hasBrowser)
  console.warn(`notice: no ${CHROME} on this machine (CHROME_PATH); the page is not looked at in a browser`);

describe.runIf(hasBrowser)("the page of knock dev", () => {
  const withPage = createPageTest();

  it("shows messages as they arrive, also after a restart of the emulator", () =>
    withPage(async ({ api, visit }) => {
      const page = await visit();
      await locateRow(page, "A short one").waitFor();
      await api.harness.trigger("order", { recipients: ["eli"], data: { order: { number: "ord_1" } } });
      await locateRow(page, "Order ord_1").waitFor();
      expect(await page.locator("li.new").count()).toBe(1);
      expect(await page.getByRole("status").filter({ hasText: "1 new" }).count()).toBe(1);
      await api.restart(async () => {
        await page.getByText("Not connected").waitFor();
        await api.harness.trigger("order", { recipients: ["eli"], data: { order: { number: "ord_2" } } });
      });
      await locateRow(page, "Order ord_2").waitFor();
    }));

  it("opens the newest message at its bare address, and keeps it when another one arrives", () =>
    withPage(async ({ api, visit }) => {
      const page = await visit();
      const open = page.locator('[data-row][aria-current="true"]');
      await open.filter({ hasText: "POST https://hook.test" }).waitFor();
      const hash = await page.evaluate<string>("location.hash");
      await api.harness.trigger("order", { recipients: ["eli"], data: { order: { number: "ord_1" } } });
      await locateRow(page, "Order ord_1").waitFor();
      expect(await page.evaluate("location.hash")).toBe(hash);
      await page.keyboard.press("j");
      await open.filter({ hasText: "*Bold*" }).waitFor();
    }));

  it("shows the requests of fetch steps with their bodies, workflows, schedules and what is due", () =>
    withPage(async ({ api, visit }) => {
      api.harness.respond = () => ({ status: 200, text: '{"plan":"pro"}' });
      const settings = { method: "post", url: "https://lark.test/a?b=1", body: '{"n": 7}', response_path: "account" };
      api.harness.define("enrich", { steps: [{ ref: "fetch_1", type: "http_fetch", settings }] });
      await api.harness.trigger("enrich", { recipients: ["u1"] });
      await api.knock.schedules.create({ recipients: ["u1"], workflow: "enrich", repeats: [{ frequency: "daily" }] });
      const page = await visit("#/requests");
      await page.getByRole("heading", { name: "No requests yet" }).waitFor();
      await page.getByRole("combobox", { name: "Kind" }).selectOption("fetch");
      await locateRow(page, "POST https://lark.test/a?b=1").click();
      await page.getByRole("region", { name: "Body of the request" }).getByText('{"n":7}').waitFor();
      await page.getByRole("region", { name: "Body of the response" }).getByText('"pro"').waitFor();
      await page.locator(".facts").getByRole("link", { name: "enrich" }).click();
      await page.getByRole("button", { name: /^fetch_1/ }).waitFor();
      api.harness.respond = () => ({ status: 404, text: "" });
      await api.harness.trigger("enrich", { recipients: ["u2"] });
      await page.getByRole("navigation").getByRole("link", { name: "Requests" }).click();
      await page.getByRole("combobox", { name: "Kind" }).selectOption("fetch");
      await locateRow(page, "404").click();
      await page.getByRole("alert").getByText("https://lark.test/a?b=1 responded 404").waitFor();
      expect(await page.locator(".detail-head .chip").textContent()).toBe("404");
      await page.goto(`${api.url}/#/clock`);
      await page.getByRole("link", { name: "Schedules" }).click();
      await page.getByRole("heading", { name: "Choose a schedule" }).waitFor();
      expect(await locateRow(page, "daily at 00:00").textContent()).toMatch(/enrich.*daily at 00:00.*u1.*in \d+h/);
      await page.getByRole("combobox", { name: "Workflow" }).selectOption("paused");
      await locateRow(page, "daily at 00:00").waitFor({ state: "detached" });
      await page.getByRole("combobox", { name: "Workflow" }).selectOption("enrich");
      await locateRow(page, "daily at 00:00").click();
      await page.getByRole("heading", { name: "enrich for u1" }).waitFor();
      await page.locator(".clock-line").click();
      const due = page.getByRole("region", { name: "Due next" });
      await due.getByRole("link", { name: "paused for u1" }).waitFor();
      expect(await due.getByRole("listitem").last().textContent()).toContain("enrich for u1schedule");
      await due.getByRole("link", { name: "paused for u2" }).click();
      await page.getByRole("button", { name: "Advance the clock to this time" }).click();
      const delay = page.getByRole("list", { name: "Steps" }).getByRole("listitem").filter({ hasText: "delay_1" });
      await delay.getByText("took 10m").waitFor();
    }));

  it("shows what a wait for an event continues at, and webhooks with their attempts", () =>
    withPage(async ({ api, visit }) => {
      const event = { event_type: "message", source_type: "workflow", source_key: "waits", event_key: "read" };
      const condition = { variable: "event.step_ref", operator: "equal_to", argument: "feed_1" };
      const match_conditions = [{ operator: "and", conditions: [condition] }];
      const settings = { event, match_conditions, expires_after: { unit: "minutes", value: 3 } };
      api.harness.define("waits", { steps: [step.feed("Hi"), { ref: "wait_1", type: "wait_for_event", settings }] });
      await api.harness.trigger("waits", { recipients: ["u1"] });
      const at = new Date(api.harness.now).toISOString();
      const attempt = { at, status: 503, error: null, duration_ms: 12 };
      const row = { id: "w1", type: "message.read", url: "https://lark.test/hook", state: "pending" };
      const delivery = { ...row, attempts: [attempt], next_attempt_at: at };
      const page = await visit("#/clock");
      const due = page.getByRole("region", { name: "Due next" });
      expect(await due.getByRole("listitem").first().textContent()).toContain("waits for u1run");
      const answer = (json: JsonObject) => (route: Route) => route.fulfill({ json });
      await page.route("**/__knock/page/webhooks?*", answer({ items: [delivery], more: false }));
      await page.route("**/__knock/page/webhooks/w1*", answer({ ...delivery, body: '{"type":"message.read"}' }));
      await page.goto(`${api.url}/#/requests?kind=webhooks`);
      expect(await locateRow(page, "message.read").textContent()).toMatch(/https:\/\/lark\.test\/hook.*pending/);
      await locateRow(page, "message.read").click();
      await page.getByRole("heading", { name: "message.read" }).waitFor();
      expect(await page.locator(".plain-list").textContent()).toMatch(/503 12 ms$/);
      await page.getByRole("region", { name: "Body of the request" }).getByText('"message.read"').waitFor();
    }));

  it("shows each kind of message as its reader would see it", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/messages");
      await locateRow(page, "Hello").click();
      await page.frameLocator("iframe").getByRole("heading", { name: "Hi" }).waitFor();
      await page.getByText("1 remote image was not loaded: https://out.test/a.png").waitFor();
      await page.route("https://out.test/**", (route) => route.abort());
      const image = page.waitForRequest("https://out.test/a.png");
      const load = page.getByRole("button", { name: "Load images" });
      await load.press("Enter");
      await image;
      expect(await load.getAttribute("aria-pressed")).toBe("true");
      expect(await page.evaluate("document.activeElement.textContent")).toBe("Load images");
      await page.frameLocator("iframe").getByRole("heading", { name: "Hi" }).waitFor();
      expect(await page.getByText("not loaded").count()).toBe(0);
      const width = async () => (await page.locator("iframe").boundingBox())?.width ?? 0;
      expect(await width()).toBeGreaterThan(600);
      await page.getByRole("button", { name: "Phone" }).click();
      expect(await width()).toBeLessThan(376);
      const scheme = () => page.evaluate("getComputedStyle(document.querySelector('iframe')).colorScheme");
      expect(await scheme()).toBe("light");
      await page.getByRole("button", { name: "Dark" }).click();
      expect(await scheme()).toBe("dark");
      await locateRow(page, "A short one").click();
      await page.getByRole("figure", { name: "The text message on a phone" }).getByText("A short one").waitFor();
      await locateRow(page, "Look").click();
      await page.getByRole("figure", { name: "The notification on a phone" }).getByText("Look").waitFor();
      await locateRow(page, "*Bold*").click();
      const chat = page.getByRole("figure", { name: "The message in a chat" });
      await chat.locator("strong", { hasText: "Bold" }).waitFor();
      expect(await chat.getByRole("link", { name: "a link" }).getAttribute("href")).toBe("https://out.test/");
      await locateRow(page, "Ann wrote").click();
      const item = page.locator(".feed-item");
      await item.locator("strong", { hasText: "Ann" }).waitFor();
      expect(await item.getByRole("link", { name: "to you" }).getAttribute("rel")).toContain("noopener");
      await page.getByRole("button", { name: "Mark read" }).click();
      await page.getByRole("button", { name: "Mark unread" }).waitFor();
      await locateRow(page, "POST https://hook.test").click();
      await page.getByRole("region", { name: "The request" }).getByText("POST https://hook.test/").waitFor();
    }));

  it("keeps search and filters in the address, and suggests what to do when nothing matches", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/messages");
      await locateRow(page, "A short one").waitFor();
      await page.getByRole("searchbox").fill("short");
      await locateRow(page, "Hello").waitFor({ state: "detached" });
      await waitForHash(page, "#/messages?q=short");
      await page.reload();
      await locateRow(page, "A short one").waitFor();
      expect(await page.locator("[data-row]").count()).toBe(1);
      await page.getByRole("combobox", { name: "Channel" }).selectOption("mail");
      await page.getByText("No message matches").waitFor();
      await page.getByRole("link", { name: "Show all messages" }).click();
      await locateRow(page, "Hello").waitFor();
    }));

  it("shows a run's steps with their reasons, and links to messages and back", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/runs");
      await locateRow(page, "every").click();
      const steps = page.getByRole("list", { name: "Steps" });
      const skipped = steps.getByRole("listitem").filter({ hasText: "email_2" });
      await skipped.getByText("data.never equal_to true").first().waitFor();
      expect(await skipped.locator(".chip").first().textContent()).toBe("skipped");
      await steps.getByRole("link", { name: "Show the message" }).first().click();
      await page.getByRole("link", { name: "Show the run" }).click();
      await steps.waitFor();
      await page.getByRole("navigation").getByRole("link", { name: "Runs" }).click();
      await locateRow(page, "u1").click();
      await page.getByRole("link", { name: "u2", exact: true }).click();
      await page.getByRole("heading", { name: "paused for u2" }).waitFor();
    }));

  it("changes a user's preferences and shows the feed", () =>
    withPage(async ({ api, visit }) => {
      const page = await visit("#/users");
      await page.getByRole("searchbox").fill("una");
      await locateRow(page, "Una").click();
      const set = page.getByRole("region", { name: "Preference set default" });
      const channels = set.locator(".toggles").first();
      await channels.getByRole("switch", { name: "Email" }).click();
      await channels.locator(".toggle", { hasText: "Email" }).filter({ hasNotText: "not set" }).waitFor();
      expect(await channels.getByRole("switch", { name: "Email" }).isChecked()).toBe(false);
      expect((await api.harness.recipient("u1"))?.preferences).toEqual({
        default: { channel_types: { email: false } },
      });
      await set.locator("summary", { hasText: "social" }).click();
      await set.locator(".level", { hasText: "social" }).getByRole("switch", { name: "In-app feed" }).click();
      await set.getByText("not by In-app feed").waitFor();
      await set.locator("summary", { hasText: "As JSON" }).click();
      await set.getByRole("textbox").fill('{"channel_types":{"email":"no"}}');
      await set.getByRole("button", { name: "Save" }).click();
      await set.getByRole("alert").waitFor();
      await set.getByRole("button", { name: "Back to the defaults" }).click();
      await channels.locator(".toggle", { hasText: "Email" }).filter({ hasText: "not set" }).waitFor();
      await api.harness.trigger("order", { recipients: ["u1"], data: { order: { number: "ord_7" } } });
      await page.getByRole("tab", { name: "Feed" }).click();
      await page.locator(".feed-item", { hasText: "Order ord_7" }).waitFor();
    }));

  it("names an unidentified recipient instead of showing no run", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/trigger/gone");
      await page.getByText('There is no workflow "gone".').waitFor();
      await page.getByRole("combobox", { name: "Workflow" }).selectOption("order");
      const trigger = async (id: string) => {
        await page.getByLabel("Recipients", { exact: true }).fill(id);
        await page.getByLabel("Recipients", { exact: true }).press("Enter");
        await page.getByRole("button", { name: "Trigger", exact: true }).click();
      };
      await trigger("ghost");
      const alert = page.getByRole("alert");
      await alert.getByText("ghost: not identified, so nothing was sent.").waitFor();
      await trigger("u1");
      await alert.getByRole("link", { name: "Show the runs of the other recipients" }).click();
      await page.getByRole("heading", { name: "order for u1" }).waitFor();
    }));

  it("triggers a workflow by a form from its schema, shows errors next to the field, and opens the run", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/trigger");
      await page.getByRole("combobox", { name: "Workflow" }).selectOption("order");
      expect(await page.getByLabel("number required").inputValue()).toBe("ord_0");
      await page.getByLabel("number required").fill("7");
      await page.getByLabel("Recipients").fill("un");
      await page.locator('#recipients-known option[value="u1"]').waitFor({ state: "attached" });
      await page.getByLabel("Recipients").fill("u1");
      await page.getByLabel("Recipients").press("Enter");
      await page.getByRole("button", { name: "Add to lines" }).click();
      await page.getByRole("group", { name: "lines 2" }).getByLabel("quantity").fill("0");
      await page.getByLabel("speed").selectOption({ label: "fast" });
      await page.getByRole("tab", { name: "JSON" }).click();
      const json = page.getByLabel("Data as JSON");
      expect(JSON.parse(await json.inputValue())).toMatchObject({
        order: { number: "7", lines: [{}, { quantity: 0 }] },
        speed: "fast",
      });
      await json.fill("{");
      expect(await page.getByRole("button", { name: "Trigger", exact: true }).isDisabled()).toBe(true);
      await json.fill('{"order":{"number":"7","lines":[{"quantity":0}]},"other":1}');
      await page.getByRole("tab", { name: "Form" }).click();
      await page.getByRole("button", { name: "Trigger", exact: true }).click();
      const number = page.getByLabel("number required");
      await page.locator(".field", { has: number }).getByText("must match").waitFor();
      expect(await number.getAttribute("aria-invalid")).toBe("true");
      await page.locator("[aria-invalid=true]:focus").waitFor();
      await page
        .locator(".field", { has: page.getByLabel("quantity") })
        .getByText("minimum 1")
        .waitFor();
      await number.fill("ord_9");
      await page.getByLabel("quantity").fill("2");
      await page.getByRole("button", { name: "Trigger", exact: true }).click();
      await page.getByRole("heading", { name: "order for u1" }).waitFor();
      await page.getByRole("link", { name: "Show the message" }).click();
      await page.getByText("Order ord_9").first().waitFor();
      expect(await page.getByRole("tab", { name: "Data" }).count()).toBe(1);
    }));

  it("advances the clock to the next due time", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/clock");
      await page.getByRole("button", { name: "Jump to the next event" }).click();
      const ran = page.getByRole("region", { name: "Runs that were due" });
      await ran.getByRole("link", { name: "paused for u1" }).waitFor();
      await ran.getByRole("link", { name: "paused for u2" }).waitFor();
      await page.getByText("nothing is scheduled").waitFor();
      expect(await page.getByRole("button", { name: "Jump to the next event" }).isDisabled()).toBe(true);
      await page.getByRole("button", { name: "Freeze" }).click();
      await page.getByText("stopped: the clock is frozen").waitFor();
      await page.getByLabel("Set to (UTC)").fill("2025-06-01T00:00:00Z");
      await page.getByRole("button", { name: "Set", exact: true }).click();
      await page.getByRole("alert").getByText("is before that").waitFor();
      await page.getByRole("button", { name: "Set it back anyway" }).click();
      await page.getByRole("heading", { name: "2025-06-01 00:00:00 UTC" }).waitFor();
    }));

  it("works by keyboard alone", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/messages");
      await locateRow(page, "A short one").waitFor();
      const href = async (index: number) => String(await page.locator("[data-row]").nth(index).getAttribute("href"));
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.locator('[data-row][aria-current="true"]').waitFor();
      const second = await href(1);
      await waitForHash(page, second);
      expect(await page.evaluate("document.activeElement.getAttribute('href')")).toBe(second);
      await page.keyboard.press("k");
      await waitForHash(page, await href(0));
      await page.keyboard.press("Escape");
      await waitForHash(page, "#/messages");
      await page.keyboard.press("/");
      await page.keyboard.type("tj?");
      expect(await page.getByRole("searchbox").inputValue()).toBe("tj?");
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await page.getByRole("dialog").getByText("search").waitFor();
      await page.keyboard.press("t");
      expect(await page.evaluate<string>("location.hash")).toContain("#/messages");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      for (const [key, view] of [
        ["t", "trigger"],
        ["c", "clock"],
        ["u", "recipients"],
        ["r", "runs"],
        ["w", "workflows"],
        ["q", "requests"],
        ["s", "clock"],
      ] as const) {
        await page.keyboard.press(key);
        await page.locator(`nav [aria-current]`, { hasText: new RegExp(view, "i") }).waitFor();
      }
    }));

  it("shows the list or the open item on a phone, and keeps the position in the list", () =>
    withPage(async ({ api, visit }) => {
      const recipients = Array.from({ length: 30 }, (_, at) => ({ id: `user-${at}` }));
      await api.harness.trigger("order", { recipients, data: { order: { number: "ord_1" } } });
      const page = await visit("", { viewport: { width: 375, height: 700 } });
      const wanted = locateRow(page, "user-3 ·");
      await wanted.scrollIntoViewIfNeeded();
      await page.evaluate("document.querySelector('main').scrollTop -= 120");
      const scrolled = () => page.evaluate<number>("document.querySelector('main').scrollTop");
      const before = await scrolled();
      expect(before).toBeGreaterThan(300);
      await wanted.click();
      await page.getByRole("tab", { name: "Preview" }).waitFor();
      expect(await scrolled()).toBe(0);
      expect(await wanted.isVisible()).toBe(false);
      await page.getByRole("link", { name: "All messages" }).click();
      await wanted.waitFor();
      expect(await scrolled()).toBe(before);
      expect(await page.evaluate("document.activeElement.textContent")).toContain("user-3 ·");
    }));

  it("keeps the chosen light or dark mode", () =>
    withPage(async ({ visit }) => {
      const page = await visit("", { colorScheme: "light" });
      const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
      const light = await background();
      await page.getByRole("button", { name: "Colors: auto" }).click();
      await page.getByRole("button", { name: "Colors: light" }).click();
      await page.getByRole("button", { name: "Colors: dark" }).waitFor();
      expect(await background()).not.toBe(light);
      await page.reload();
      await page.getByRole("button", { name: "Colors: dark" }).waitFor();
      expect(await background()).not.toBe(light);
    }));
});
