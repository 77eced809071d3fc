import { describe, expect, it, vi } from "vitest";
import { step } from "../helpers/build-steps.js";
import { WAIT_OPTIONS } from "../helpers/eventually.js";
import { createPageTest, locateRow, waitForHash, waitForTitle } from "../helpers/page-browser.js";
import { hasBrowser } from "../helpers/page-reader.js";

describe.runIf(hasBrowser)("the page of knock dev after long use", () => {
  const withPage = createPageTest();

  it("restores an email whose link was clicked, and explains where links open", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/messages");
      await locateRow(page, "Hello").click();
      const inside = page.frameLocator("iframe");
      await inside.getByRole("link", { name: "Go" }).click();
      await page.getByText("Links do not open within the email: they are listed below.").waitFor();
      await inside.getByRole("heading", { name: "Hi" }).waitFor();
    }));

  it("triggers for a recipient given as JSON, and rejects incomplete JSON", () =>
    withPage(async ({ api, visit }) => {
      const page = await visit("#/trigger/hello");
      const recipients = page.getByLabel("Recipients", { exact: true });
      await recipients.fill('{"id":"zoe", "email":"zoe@');
      await recipients.press("Enter");
      await page.getByText("This is not JSON").waitFor();
      expect(await page.getByRole("button", { name: "Trigger", exact: true }).isDisabled()).toBe(true);
      await recipients.fill('{"id":"zoe", "email":"zoe@lark.test"}');
      await recipients.press("Enter");
      await page.getByRole("list", { name: "Chosen recipients" }).getByRole("button", { name: "zoe" }).waitFor();
      await page.getByRole("button", { name: "Trigger", exact: true }).click();
      await page.getByRole("heading", { name: "hello for zoe" }).waitFor();
      expect((await api.harness.recipient("zoe"))?.properties).toMatchObject({ email: "zoe@lark.test" });
    }));

  it("offers workflows again after the emulator restarts", () =>
    withPage(async ({ api, visit }) => {
      const page = await visit("#/clock");
      await page.getByRole("button", { name: "Jump to the next event" }).waitFor();
      await api.restart(async () => {
        await page.getByText("Not connected").waitFor();
        await page.keyboard.press("t");
        await page.getByRole("alert").getByText("Is knock dev still running?").waitFor();
      });
      await page.getByRole("alert").waitFor({ state: "detached" });
      await page.getByRole("combobox", { name: "Workflow" }).selectOption("order");
      await page.getByLabel("number required").waitFor();
    }));

  it("shows a run's data, and triggers the run again with it", () =>
    withPage(async ({ api, visit }) => {
      const data = { order: { number: "ord_41" }, speed: "slow" };
      await api.harness.trigger("order", { recipients: ["u1", "u2"], actor: "ana", tenant: "acme", data });
      const page = await visit("#/runs?workflow=order");
      await locateRow(page, "u1").click();
      await page.getByText("Data", { exact: true }).click();
      await page.getByRole("region", { name: "Data" }).getByText('"ord_41"').waitFor();
      await page.getByRole("link", { name: "Trigger again" }).click();
      expect(await page.getByLabel("Actor").inputValue()).toBe("ana");
      expect(await page.getByLabel("Tenant").inputValue()).toBe("acme");
      expect(await page.getByLabel("number required").inputValue()).toBe("ord_41");
      await page.getByRole("button", { name: "Trigger", exact: true }).click();
      await page.getByRole("heading", { name: "order for u1" }).waitFor();
      expect(await locateRow(page, "order").count()).toBe(1);
    }));

  it("advances the clock to the time when a run continues", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/runs?workflow=paused");
      await locateRow(page, "u1").click();
      await page.getByRole("button", { name: "Advance the clock to this time" }).click();
      await page.locator("article .title-line").getByText("1 sent").waitFor();
    }));

  it("shows that a run has errors in every list", () =>
    withPage(async ({ api, visit }) => {
      api.harness.define("broken", { steps: [step.email("{{ data.n | divided_by: 0 }}", "B")] });
      await api.harness.trigger("broken", { recipients: ["u1", "u2"] });
      const page = await visit("#/runs");
      await page.getByRole("combobox", { name: "Status" }).selectOption("with errors");
      await locateRow(page, "paused").first().waitFor({ state: "detached" });
      await locateRow(page, "broken").nth(1).waitFor();
      expect(await page.locator("[data-row]").count()).toBe(2);
      await locateRow(page, "u1").click();
      const others = page.getByRole("region", { name: "Other recipients of the same trigger" });
      await others.getByText("3 errors").waitFor();
      expect(await page.locator(".chip.good").count()).toBe(0);
    }));

  it("shows preferences that depend on conditions, and channels by their keys", () =>
    withPage(async ({ api, visit }) => {
      const conditions = [{ variable: "data.n", operator: "equal_to", argument: "1" }];
      const put = {
        channels: { mail: false },
        workflows: {
          hello: { conditions },
          order: { channel_types: { sms: { conditions } }, channels: { mail: false } },
        },
      };
      await api.request("PUT /__knock/page/users/u1/preferences/default", put);
      const page = await visit("#/users/u1");
      const set = page.getByRole("region", { name: "Preference set default" });
      const level = (name: string) => set.locator(".level summary", { hasText: name });
      await level("hello").getByText("on conditions").waitFor();
      await level("order").getByText("not by mail, by SMS on conditions").waitFor();
      const mail = set.locator(".toggles").first().getByRole("switch", { name: "mail", exact: true });
      expect(await mail.isChecked()).toBe(false);
      await mail.click();
      // The browser flips the switch before anything is saved.
      await vi.waitFor(
        async () =>
          expect((await api.harness.recipient("u1"))?.preferences).toMatchObject({
            default: { channels: { mail: true } },
          }),
        WAIT_OPTIONS,
      );
    }));

  it("keeps the focus where the clock is advanced, and offers to set it back only after that was rejected", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/clock");
      const next = page.getByRole("button", { name: "Jump to the next event" });
      await next.focus();
      await page.keyboard.press("Enter");
      await page.getByText("nothing is scheduled").waitFor();
      expect(await page.evaluate("document.activeElement.textContent")).toBe("Jump to the next event");
      await page.keyboard.press("Enter");
      await page.getByLabel("Set to (UTC)").fill("2020-01-01T00:00:00Z");
      await page.getByLabel("Advance by").fill("soon");
      await page.getByRole("button", { name: "Advance", exact: true }).click();
      await page.getByRole("alert").getByText("must be a duration").waitFor();
      expect(await page.getByRole("button", { name: "Set it back anyway" }).count()).toBe(0);
    }));

  it("creates a tenant's preference set, which the next trigger with the tenant uses", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/users/u1");
      await page.getByRole("combobox", { name: "Preferences for a tenant" }).selectOption("acme");
      const set = page.getByRole("region", { name: "Preference set acme" });
      await set.locator(".toggles").first().getByRole("switch", { name: "In-app feed" }).click();
      await set.getByRole("switch", { name: "In-app feed", exact: true, checked: false }).first().waitFor();
      await page.goto(`${new URL(page.url()).origin}/#/trigger/order?recipient=u1`);
      await page.getByLabel("Tenant").fill("acme");
      await page.getByRole("button", { name: "Trigger", exact: true }).click();
      const steps = page.getByRole("list", { name: "Steps" });
      await steps.getByText("channel_types.in_app_feed = false").waitFor();
      expect(await steps.locator(".chip").first().textContent()).toBe("skipped");
      await locateRow(page, "nothing sent: preference").waitFor();
      await page.locator("article .title-line").getByText("nothing sent: preference").waitFor();
    }));

  it("lists the workflows to choose from", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/trigger");
      await page
        .getByRole("list", { name: "Workflows" })
        .getByRole("link", { name: /^off/i })
        .getByText("off")
        .last()
        .waitFor();
      await page.keyboard.press("j");
      await waitForHash(page, "#/trigger");
      await page.keyboard.press("Enter");
      await page.getByLabel("Recipients", { exact: true }).waitFor();
    }));

  it("shows the open item in its list, never below the filters, and returns from several items in one step", () =>
    withPage(async ({ api, visit }) => {
      const recipients = Array.from({ length: 30 }, (_, at) => ({ id: `user-${at}` }));
      await api.harness.trigger("order", { recipients, data: { order: { number: "ord_1" } } });
      const page = await visit("#/messages");
      const old = locateRow(page, "user-2 ·");
      const href = (await old.getAttribute("href")) ?? "";
      await page.goto("about:blank");
      await page.goto(`${api.url}/${href}`);
      await page.locator('[data-row][aria-current="true"]').waitFor();
      const filters = (await page.getByRole("search").boundingBox()) ?? { y: 0, height: 0 };
      const top = async (): Promise<number> =>
        (await page.locator('[data-row][aria-current="true"]').boundingBox())?.y ?? 0;
      expect(await top()).toBeLessThan(800);
      for (let presses = 0; presses < 20; presses++) await page.keyboard.press("k");
      expect(await top()).toBeGreaterThanOrEqual(filters.y + filters.height - 1);
      await page.goto(`${api.url}/#/messages`);
      const before = await page.evaluate<number>("history.length");
      for (let presses = 0; presses < 4; presses++) await page.keyboard.press("j");
      expect(await page.evaluate("history.length")).toBe(before + 1);
      await page.goBack();
      await waitForHash(page, "#/messages");
    }));

  it("shows the open item in the tab's title, and reports what does not exist", () =>
    withPage(async ({ visit }) => {
      const page = await visit("#/messages");
      await locateRow(page, "Hello").click();
      await waitForTitle(page, "Hello **ana** · knock dev");
      await page.keyboard.press("r");
      await page.getByRole("heading", { name: "Runs" }).waitFor();
      await waitForTitle(page, "Runs · knock dev");
      for (const what of ["messages", "runs", "users"]) {
        await page.goto(`${new URL(page.url()).origin}/#/${what}/none`);
        await page.getByRole("heading", { name: `No such ${what.slice(0, -1)}` }).waitFor();
      }
    }));

  it("triggers a branch's run again on its branch, until the branch is cleared", () =>
    withPage(async ({ api, visit }) => {
      api.harness.define("hello", { steps: [step.feed("Of the branch")] }, "feat-1");
      await api.request("POST /v1/workflows/hello/trigger", { recipients: ["u1"] }, { "x-knock-branch": "feat-1" });
      const page = await visit("#/runs?workflow=hello");
      await locateRow(page, "u1").click();
      await page.locator(".facts").getByText("feat-1").waitFor();
      const again = async () => {
        await page.getByRole("link", { name: "Trigger again" }).click();
        await page.getByRole("button", { name: "Trigger", exact: true }).waitFor();
      };
      const trigger = async () => {
        await page.getByRole("button", { name: "Trigger", exact: true }).click();
        await page.getByRole("list", { name: "Steps" }).waitFor();
      };
      await again();
      await trigger();
      await page.locator(".facts").getByText("feat-1").waitFor();
      expect((await api.harness.listMessages("u1")).length).toBe(2);
      await again();
      await page.getByRole("button", { name: "on the branch feat-1" }).click();
      await trigger();
      expect(await page.locator(".facts").getByText("feat-1").count()).toBe(0);
    }));

  it("explains why a message did not arrive, and what was tried", () =>
    withPage(async ({ api, visit }) => {
      api.harness.deliver = () => ({ status: "failed", retryable: false, reason: "the provider answered 410" });
      api.harness.define("mailed", { steps: [step.email("Off it goes", "B")] });
      await api.harness.trigger("mailed", { recipients: ["u1"] });
      const page = await visit("#/messages?status=undelivered");
      await locateRow(page, "Off it goes").click();
      await page.getByRole("alert").getByText("answered 410").waitFor();
      await page.getByRole("tab", { name: "Events" }).click();
      await page.locator(".events .failed").getByText("failure_details=").first().waitFor();
    }));

  it("keeps the rows until the results of a search arrive, and marks none of them as new", () =>
    withPage(async ({ api, visit }) => {
      const page = await visit("#/messages");
      await locateRow(page, "A short one").waitFor();
      let answer = (): void => {};
      const held = new Promise<void>((resolve) => {
        answer = resolve;
      });
      await page.route(/page\/messages\?q=short/, async (route) => {
        await held;
        await route.continue();
      });
      const searchRequest = page.waitForRequest(/page\/messages\?q=short/);
      await page.getByRole("searchbox").fill("short");
      await searchRequest;
      expect(await locateRow(page, "Hello").count()).toBe(1);
      answer();
      await locateRow(page, "Hello").waitFor({ state: "detached" });
      await page.getByRole("searchbox").fill("");
      await locateRow(page, "Hello").waitFor();
      expect(await page.locator("li.new").count()).toBe(0);
      await api.harness.trigger("hello", { recipients: ["u1"] });
      await page.locator("li.new").first().waitFor();
    }));
});
