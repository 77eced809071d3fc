import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PersonalDataFilter } from "../../src/comparison/personal-data-filter.js";
import { collectPersonalValues } from "../../src/comparison/personal-values.js";
import type { SentMessage } from "../../src/comparison/recorded-history.js";
import { buildReplayReport } from "../../src/comparison/replay-report.js";
import { toRecipientKey } from "../../src/domain/recipient/recipient.js";
import { buildReplayPage } from "../../src/features/replay/replay-page.js";
import { getPropertyRuns } from "../helpers/get-property-runs.js";

const KEY = new Uint8Array(32);

const word = (minLength: number) =>
  fc.string({ unit: fc.constantFrom(..."abcdeéöxyzĐ'&李"), minLength, maxLength: 12 }).map((text) => `q${text}w`);
const user = fc.record({
  id: word(3),
  name: fc.tuple(word(3), word(3)).map((words) => words.join(" ")),
  email: fc.stringMatching(/^w[a-z0-9.]{4,8}q@[a-z]{4,8}\.test$/),
  phone_number: fc.stringMatching(/^\+49[1-9][0-9]{8}$/),
  avatar: fc.stringMatching(/^https:\/\/cdn\.test\/[a-z]{5,9}$/),
});
type User = typeof user extends fc.Arbitrary<infer T> ? T : never;

function createFilter(users: readonly User[]): PersonalDataFilter {
  const recipients = users.map(({ id, ...properties }) => ({ key: toRecipientKey(id), properties }));
  return new PersonalDataFilter(
    collectPersonalValues(
      recipients.map(({ key }) => key),
      recipients,
    ),
    KEY,
  );
}

const escapeHtml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("'", "&#39;");

describe("PersonalDataFilter", () => {
  it("leaves no value of a user in texts, in any spelling", () => {
    fc.assert(
      fc.property(fc.array(user, { minLength: 1, maxLength: 5 }), (users) => {
        const { filterJson } = createFilter(users);
        const content = users.map(({ id, name, email, phone_number, avatar }) => ({
          text: `Dear ${name.toUpperCase()}, ${name.split(" ")[1]}s page (${id}) <${email}> ${phone_number}.`,
          html: `<a href="/u?e=${encodeURIComponent(email)}&n=${encodeURIComponent(name)}">${escapeHtml(name)}</a>`,
          [id]: [avatar, { digits: Number(phone_number.slice(1)) }, phone_number.slice(1)],
        }));
        const report = JSON.stringify(filterJson(content)).toLowerCase();
        for (const { id, name, email, phone_number, avatar } of users)
          for (const value of [id, ...name.split(" "), email, email.split("@")[0] ?? "", phone_number.slice(1), avatar])
            for (const spelling of [value, encodeURIComponent(value), escapeHtml(value)])
              expect(report).not.toContain(spelling.toLowerCase());
      }),
      getPropertyRuns(200),
    );
  });

  it("leaves no value of a user in a report and its page", () => {
    fc.assert(
      fc.property(fc.array(user, { minLength: 1, maxLength: 5 }), (users) => {
        const buildMessages = (greeting: string) =>
          users.map(({ id, name, email, phone_number }, index): SentMessage => {
            const content = { subject_line: `${greeting} ${name}`, to: email, html_body: `<p>${escapeHtml(name)}</p>` };
            const ids = {
              id: `m${index}`,
              workflowRunId: `w${index}`,
              recipientRunId: `r${index}`,
              trigger: `w${index}`,
            };
            const source = { workflow: "hello", step: "email_1", channel: { key: "mail", type: "email" } };
            // Some messages exist on one side only, so that the report contains their content.
            const recipient = index % 2 === 0 ? id : { collection: "projects", id: `${greeting}-${id}` };
            return { ...ids, ...source, recipient, tenant: phone_number, status: "sent", at: index, content };
          });
        const report = buildReplayReport(
          {
            source: "the account",
            triggers: [],
            before: { name: "before", messages: buildMessages("Hello"), isRecorded: true },
            after: { name: "after", messages: buildMessages("Bye"), isRecorded: false },
            rejected: users.map(({ id, email }) => ({
              side: "after",
              trigger: "w",
              workflow: "hello",
              at: "2026-01-01T00:00:00.000Z",
              code: "invalid_params",
              message: `data.user "${id}" has the address ${email}`,
            })),
            notes: [],
            filter: createFilter(users),
          },
          { tolerance: 0, comparesContent: true },
        );
        expect(report.summary.changed).toBe(Math.ceil(users.length / 2));
        const texts = [JSON.stringify(report), buildReplayPage(report)].map((text) => text.toLowerCase());
        for (const { id, name, email, phone_number } of users)
          for (const value of [id, ...name.split(" "), email, phone_number])
            for (const spelling of [value, escapeHtml(value)])
              for (const text of texts) expect(text).not.toContain(spelling.toLowerCase());
      }),
      getPropertyRuns(200),
    );
  });

  it("uses one pseudonym for each value, of the same form", () => {
    const filter = createFilter([
      {
        id: "u-1234",
        name: "Ada Lovelace",
        email: "ada@lark.test",
        phone_number: "+4912345678",
        avatar: "https://a.test/a",
      },
    ]);
    const [name, again] = filter.filterText("Ada Lovelace|ADA of LOVELACE").split("|");
    const [first, last] = (name ?? "").split(" ");
    expect(again).toBe(`${first?.toUpperCase()} of ${last?.toUpperCase()}`);
    expect(filter.filterText("mail ada@lark.test")).toMatch(/^mail user-\w{10}@example\.com$/);
    expect(filter.filterText("+4912345678")).toMatch(/^\+1555\d{7}$/);
    expect(filter.filterRecipient("u-1234")).toBe(filter.filterText("u-1234"));
    expect(filter.filterRecipient({ collection: "projects", id: "apollo" })).toEqual({
      collection: "projects",
      id: "apollo",
    });
    expect(filter.filterText("Canada, adapter, Ada's and Adas")).toBe(`Canada, adapter, ${first}'s and ${first}s`);
    const other = new PersonalDataFilter([{ kind: "name", text: "Ada" }], new Uint8Array(32).fill(1));
    expect(other.filterText("Ada")).not.toBe(filter.filterText("Ada"));
  });

  it("replaces a phone number in every spelling by the same pseudonym", () => {
    const key = toRecipientKey("u-1");
    const values = collectPersonalValues([key], [{ key, properties: { phone_number: "+44 20 7946 0958" } }]);
    const filter = new PersonalDataFilter(values, KEY);
    const pseudonym = filter.filterText("+442079460958");
    expect(pseudonym).toMatch(/^\+1555\d{7}$/);
    for (const spelling of [
      "+44 20 7946 0958",
      "+44-20-7946-0958",
      "+44.20.79460958",
      "+44 (20) 7946/0958",
      "+44\u00a020\u00a07946\u00a00958",
      "+44&nbsp;20&nbsp;7946&nbsp;0958",
      "%2B44%2020%207946%200958",
      "442079460958",
      "020 7946 0958",
      "(020) 7946-0958",
      "0044 20 7946 0958",
    ]) {
      expect([spelling, filter.filterText(`Call ${spelling}, or 3 others`)]).toEqual([
        spelling,
        `Call ${pseudonym}, or 3 others`,
      ]);
    }
    expect(filter.filterText("+44 20 7946 0958 12 times")).toBe(`${pseudonym} 12 times`);
    expect(filter.filterText("on 2026-06-04 10:00, order 20260604100000")).toContain("2026-06-04 10:00");
    // Numbers of others are only known by their country code.
    expect(filter.filterText("Call +1 (202) 555-0101")).toMatch(/^Call \+1555\d{7}$/);
  });

  it.each([
    [{ nickname: "Wolfie" }, "Wolfie"],
    [{ surname: "Mozart" }, "Mozart"],
    [{ family_name: "Mozart" }, "Mozart"],
    [{ middleName: "Amadeus" }, "Amadeus"],
    [{ name: { first: "Wolfgang", last: "Mozart" } }, "Mozart"],
    [{ userName: "wolfie75" }, "wolfie75"],
    [{ apiKey: "k-123456" }, "k-123456"],
    [{ api_key: "k-123456" }, "k-123456"],
    [{ auth: { accessKey: "k-123456" } }, "k-123456"],
    [{ profile: { phones: ["+49 171 123 45 67"] } }, "+49 171 123 45 67"],
  ])("finds the personal value in %j", (properties, value) => {
    const key = toRecipientKey("u-1");
    const filter = new PersonalDataFilter(collectPersonalValues([key], [{ key, properties }]), KEY);
    expect(filter.filterText(`It is ${value}, again ${value}.`)).not.toContain(value);
    expect(JSON.stringify(filter.filterJson(properties))).not.toContain(value);
  });

  it("finds names of people, phone numbers and secrets in trigger data", () => {
    const data = {
      order: { page: "Home", name: "Spring sale", mobile: "yes" },
      user: { nickname: "Wolfie", surname: "Mozart", phone: "0171 123 45 67", apiKey: "k-123456" },
    };
    const filter = new PersonalDataFilter(collectPersonalValues([], [], [data]), KEY);
    const text = filter.filterText("Wolfie Mozart, 0171 123 45 67, k-123456: yes, see Home and Spring sale");
    expect(text).toMatch(/^\w+ \w+, \+1555\d{7}, token-\w+: yes, see Home and Spring sale$/);
    expect(text).not.toMatch(/Wolfie|Mozart/);
  });

  it("replaces secrets in contents by the names of their properties", () => {
    const filter = new PersonalDataFilter([], KEY);
    const content = { body: { apiKey: "k-123456", client_secret: "s-123456", key: "invite" } };
    expect(filter.filterJson(content)).toEqual({
      body: {
        apiKey: expect.stringMatching(/^token-/),
        client_secret: expect.stringMatching(/^token-/),
        key: "invite",
      },
    });
  });
});
