import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { simpleParser } from "mailparser";
import { describe, expect, vi } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { WAIT_OPTIONS } from "../helpers/eventually.js";
import { expectCommandError } from "../helpers/expect-command-error.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const GOLDEN = join(import.meta.dirname, "../golden");

/** Triggers a sample's payload. Returns the content and the id of its message to a recipient. */
async function sent(sample: Sample, workflow: string, recipient: string): Promise<{ id: string; content: JsonObject }> {
  const { outcome, stderr, exitCode } = await sample.knock([
    ...["notify", workflow, "--file", `payloads/${workflow}.json`, "--json"],
  ]);
  expect(exitCode, stderr).toBe(0);
  const steps = outcome.recipients?.find((entry) => entry.recipient === recipient)?.steps ?? [];
  const id = String(steps[0]?.message_id);
  const { json } = await sample.knock(["messages", "show", id, "--json"]);
  return { id, content: (json.content as JsonObject).data as JsonObject };
}

/** Compares with a file of `test/golden`; `GOLDEN=write` writes it. Values that differ between runs are replaced. */
function expectGolden(name: string, text: string): void {
  const file = join(GOLDEN, name);
  const stable = `${text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<run>").trimEnd()}\n`;
  if (process.env.GOLDEN === "write") writeFileSync(file, stable);
  expect(stable).toBe(readFileSync(file, "utf8"));
}

describe.concurrent("the shop's emails", () => {
  it("T-150 to T-157 show every block in the shop's layout, with the tenant's branding", async ({ shop }) => {
    const { content } = await sent(shop, "order-shipped", "ines");
    expectGolden("order-shipped.html", String(content.html_body));
    expectGolden("order-shipped.txt", String(content.text_body));
    expect(content).toMatchObject({ reply_to: "help@example.com", headers: { "X-Order": "A-1042" } });
  });

  it("T-128 render MJML in a layout of MJML", async ({ shop }) => {
    const { content } = await sent(shop, "spring-sale", "jun");
    expectGolden("spring-sale.html", String(content.html_body));
    expectGolden("spring-sale.txt", String(content.text_body));
  });

  it("T-230 rewrite links to the tracking URL of environment.json", async ({ shop }) => {
    const environment = JSON.parse(shop.read("knock/environment.json")) as JsonObject & {
      channels: { mail: JsonObject };
    };
    const { mail } = environment.channels;
    const settings = { ...(mail.settings as JsonObject), link_tracking: true, open_tracking: true };
    const channels = { ...environment.channels, mail: { ...mail, settings } };
    shop.write("knock/environment.json", { ...environment, channels });
    const before = await sent(shop, "order-shipped", "ines");
    expect(before.content.html_body).not.toContain("go.example.com");
    shop.write("knock/environment.json", {
      ...environment,
      channels,
      tracking: { base_url: "https://go.example.com" },
    });
    const { id, content } = await sent(shop, "order-shipped", "ines");
    expect(content.html_body).toContain(`href="https://go.example.com/l/${id}/0.`);
    expect(content.html_body).toContain(`src="https://go.example.com/o/${id}.`);
  });
});

describe.concurrent("knock messages show", () => {
  it("prints an email's headers, attachments and text, and how to see its HTML", async ({ shop }) => {
    const { id } = await sent(shop, "order-shipped", "ines");
    const { stdout } = await shop.knock(["messages", "show", id]);
    expect(stdout).toContain(
      "subject: Order A-1042 is on its way\nX-Order: A-1042\nattached: van.png (image/png, 103 B)\n",
    );
    expect(stdout).toContain("\n  Good news, Inés\n");
    expect(stdout).toMatch(/\nhtml: \d+\.\d kB; use --open to show it or --raw to print the message$/);
  });

  it("--raw prints the MIME message", async ({ shop }) => {
    const { id, content } = await sent(shop, "order-shipped", "ines");
    const { stdout } = await shop.knock(["messages", "show", id, "--raw"]);
    const parsed = await simpleParser(stdout, { skipImageLinks: true });
    expect(parsed.messageId).toBe(`<${id}@example.com>`);
    expect(parsed.subject).toBe("Order A-1042 is on its way");
    expect(parsed.html).toBe(`${String(content.html_body).trimEnd()}\n`);
    expect(parsed.attachments.map(({ filename }) => filename)).toEqual(["van.png", "invoice A-1042.txt"]);
  });

  it("--raw prints other content as JSON", async ({ shop }) => {
    await shop.knock(["notify", "price-drop", "-r", "ines", "--set", "product=boots", "--set", "price=49"]);
    const { stdout: id } = await shop.knock(["messages", "--limit", "1", "--quiet"]);
    const { json } = await shop.knock(["messages", "show", id, "--raw"]);
    expect(json).toMatchObject({ __typename: "MessagePushContent", token: "ines-phone" });
  });

  it("--open writes the HTML to a file that only this user can read, and opens the browser", async ({ shop }) => {
    const { id } = await sent(shop, "order-shipped", "ines");
    const browser = shop.write("browser.sh", '#!/bin/sh\necho "$1" > opened.txt\n');
    chmodSync(browser, 0o755);
    const { json } = await shop.knock(["messages", "show", id, "--open", "--json"], { env: { BROWSER: browser } });
    expect(json).toEqual({ path: expect.stringMatching(/\.html$/), opened: true });
    const path = String(json.path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toContain('<img src="data:image/png;base64,iVBOR');
    await vi.waitFor(() => expect(shop.read("opened.txt").trim()).toBe(path), WAIT_OPTIONS);
  });

  it("--open prints the file's path if no browser can be started", async ({ shop }) => {
    const { id } = await sent(shop, "spring-sale", "jun");
    for (const env of [{} as Record<string, string>, { BROWSER: "/nowhere/browser" }]) {
      const { stdout, stderr, exitCode } = await shop.knock(["messages", "show", id, "--open"], { env });
      expect(exitCode).toBe(0);
      expect(existsSync(stdout)).toBe(true);
      expect(stderr).toBe("note: no browser could be started; open the file yourself");
    }
  });

  it("rejects options that exclude each other, and messages without HTML", async ({ shop }) => {
    await shop.knock(["notify", "price-drop", "-r", "ines", "--set", "product=boots", "--set", "price=49"]);
    const { stdout: id } = await shop.knock(["messages", "--limit", "1", "--quiet"]);
    const refusal = { exit: 2, code: "usage" };
    await expectCommandError(shop, ["messages", "show", id, "--open"], { ...refusal, message: "is not an email" });
    await expectCommandError(shop, ["messages", "show", id, "--open", "--raw"], {
      ...refusal,
      message: "cannot be combined",
    });
  });
});

describe.concurrent("invalid emails", () => {
  const SHIPPED = ["notify", "order-shipped", "--file", "payloads/order-shipped.json"];
  const LAYOUT = "knock/layouts/default/layout.json";

  it("are reported before a trigger if the layout is invalid", async ({ shop }) => {
    shop.write("knock/layouts/default/html_layout.html", "<html>{{ contents }}</html>");
    await expectCommandError(shop, SHIPPED, {
      exit: 3,
      code: "project_invalid",
      message: `${LAYOUT}:3:19: html_layout must print {{ content }}`,
    });
    shop.write("knock/layouts/default/html_layout.html", "<html>\n{{ content }}{% if %}</html>");
    await expectCommandError(shop, SHIPPED, {
      exit: 3,
      code: "template_invalid",
      message: "knock/layouts/default/html_layout.html:2:19: ",
    });
  });

  it("are reported before a trigger if a partial, a block, or a name of these is invalid", async ({ shop }) => {
    shop.write(
      "knock/workflows/order-shipped/email_1/visual_blocks.json",
      '[{"type": "partial", "key": "order-lines"}]',
    );
    await expectCommandError(shop, SHIPPED, {
      exit: 3,
      code: "workflow_invalid",
      message: 'is not a partial of this project: "order-lines"; did you mean "order-line"?',
      pointers: ["/steps/0/template/visual_blocks/0/key"],
    });
    shop.write("knock/workflows/order-shipped/email_1/visual_blocks.json", '[{"type": "image"}]');
    await expectCommandError(shop, SHIPPED, {
      exit: 3,
      code: "workflow_invalid",
      message: "steps[0].template.visual_blocks[0].url is required",
      pointers: ["/steps/0/template/visual_blocks/0/url"],
    });
  });

  it("fail their step with the line if the MJML is invalid with the data", async ({ shop }) => {
    shop.write(
      "knock/workflows/spring-sale/email_1/html_body.mjml",
      "<mj-section>\n<mj-colum>{{ percent }}</mj-colum></mj-section>",
    );
    const { stdout, exitCode } = await shop.knock(["notify", "spring-sale", "--file", "payloads/spring-sale.json"]);
    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(/MJML: line \d+: there is no element <mj-colum>; did you mean <mj-column>\?/);
  });
});
