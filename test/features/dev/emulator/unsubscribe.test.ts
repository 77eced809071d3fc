import { afterEach, describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject } from "../../../../src/util/json.js";
import { eventually } from "../../../helpers/eventually.js";
import { openProjectApi, type ProjectApi, type ProjectSetup } from "../../../helpers/project-emulator.js";

let api: ProjectApi | undefined;
afterEach(() => api?.close());

const mail = (is_commercial: boolean): JsonObject => ({
  name: "Sale",
  settings: { is_commercial },
  steps: [
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "mail",
      template: {
        subject: "S",
        html_body: '<a href="{{ vars.commercial_unsubscribe_url }}">out</a>',
        settings: {},
      },
    },
  ],
});

async function open(
  environment: JsonObject = {},
  setup: ProjectSetup = {},
  files: Record<string, JsonObject> = {},
): Promise<ProjectApi> {
  api = await openProjectApi(
    {
      "knock/environment.json": environment,
      "knock/workflows/sale/workflow.json": mail(true),
      "knock/workflows/receipt/workflow.json": mail(false),
      ...files,
    },
    setup,
  );
  return api;
}

async function messages({ url }: ProjectApi): Promise<JsonObject[]> {
  return ((await (await fetch(`${url}/__knock/messages`)).json()) as { items: JsonObject[] }).items;
}

function readContent(message: JsonObject | undefined): JsonObject {
  if (!isJsonObject(message?.content) || !isJsonObject(message.content.data)) throw new Error("no content");
  return message.content.data;
}

async function linkIn(api: ProjectApi): Promise<string> {
  const [first] = await messages(api);
  return /href="([^"]+)"/.exec(String(readContent(first).html_body))?.[1] ?? "";
}

describe("the unsubscribe link of a commercial message (E-158)", () => {
  it("C-131 E-158 sets commercial_subscribed to false in the default set, without other changes", async () => {
    const api = await open();
    await api.request("PUT /v1/users/ada/preferences/default", { categories: { news: true } });
    await api.trigger("sale", "ada");
    const link = await linkIn(api);
    expect(link).toMatch(new RegExp(`^${api.url}/unsubscribe/[0-9a-f-]{36}[.][0-9A-Za-z]{22}$`));
    const subscribed = async () =>
      (await api.request("GET /v1/users/ada/preferences/default")).body.commercial_subscribed !== false;
    // A mail scanner opens the link with GET, and a person then presses the button.
    expect((await fetch(link, { method: "HEAD" })).status).toBe(200);
    const page = await fetch(link);
    const [html, policy] = [await page.text(), page.headers.get("content-security-policy")];
    expect([page.status, html]).toEqual([
      200,
      expect.stringContaining('<form method="post"><button>Unsubscribe</button>'),
    ]);
    expect(policy).toContain("form-action 'self'");
    expect(await subscribed()).toBe(true);

    const form = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "" };
    const answer = await fetch(link, form);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("You will not receive")]);
    expect(await subscribed()).toBe(false);
    const { body } = await api.request("GET /v1/users/ada/preferences/default");
    expect(body).toMatchObject({ commercial_subscribed: false, categories: { news: true } });

    await api.trigger("sale", "ada", "bo");
    await api.trigger("receipt", "ada");
    const sent = (await messages(api)).slice(1);
    expect(sent.map(({ workflow, recipient }) => `${workflow} ${recipient}`).sort()).toEqual([
      "receipt ada",
      "sale bo",
    ]);
  });

  it("E-158 works with one click by POST at the header's address", async () => {
    const api = await open();
    await api.trigger("sale", "ada");
    const [message] = await messages(api);
    expect(JSON.stringify(readContent(message))).toContain(`<${api.url}/unsubscribe/`);
    const answer = await fetch(await linkIn(api), { method: "POST", body: "List-Unsubscribe=One-Click" });
    expect(answer.status).toBe(200);
    const { body } = await api.request("GET /v1/users/ada/preferences/default");
    expect(body.commercial_subscribed).toBe(false);
    expect((await fetch(`${api.url}/unsubscribe/nobody`)).status).toBe(404);
  });

  it("E-417 shows the title and the text of the environment, or redirects to its URL, but not one-click requests", async () => {
    const api = await open({ unsubscribe_page: { title: "Bye <3", body: "No more news." } });
    await api.trigger("sale", "ada");
    const link = await linkIn(api);
    const submit = (body = "") => fetch(link, { method: "POST", body, redirect: "manual" });
    const page = await submit();
    expect(await page.text()).toMatch(/<h1>Bye &#60;3<\/h1>\n<p role="status">No more news\.<\/p>/);
    api.project.write({
      "knock/environment.json": { unsubscribe_page: { redirect_url: "https://app.lark.test/bye?from=mail" } },
    });
    await eventually(async () => (await submit()).status === 303);
    const redirect = await submit();
    expect(redirect.headers.get("location")).toBe("https://app.lark.test/bye?from=mail");
    // Browsers apply the policy of the form's page to the redirect as well.
    expect((await fetch(link)).headers.get("content-security-policy")).toContain(
      "form-action 'self' https://app.lark.test;",
    );
    expect((await submit("List-Unsubscribe=One-Click")).status).toBe(200);
  });

  it("E-053 E-158 returns 404 for a deleted user, and does not create the user again", async () => {
    const later: JsonObject = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "days", value: 1 } } };
    const sale = mail(true);
    const api = await open(
      {},
      {},
      { "knock/workflows/sale/workflow.json": { ...sale, steps: [...(sale.steps as JsonObject[]), later] } },
    );
    await api.trigger("sale", "ada");
    const link = await linkIn(api);
    await api.request("DELETE /v1/users/ada");
    expect((await fetch(link, { method: "POST" })).status).toBe(404);
    expect((await fetch(link.replace("/unsubscribe/", "/preferences/"))).status).toBe(404);
    expect((await api.request("GET /v1/users/ada")).status).toBe(404);
  });

  it("E-158 starts with the base URL of environment.json", async () => {
    const api = await open({ tracking: { base_url: "https://links.lark.test" } });
    await api.trigger("sale", "ada");
    expect(await linkIn(api)).toMatch(/^https:\/\/links\.lark\.test\/unsubscribe\//);
  });
});
