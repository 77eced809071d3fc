// Section 11 of docs/internals/catalog/templates.md, with the catalog's own examples.
import { describe, expect, it } from "vitest";
import { type RenderOptions, renderTemplate } from "../../helpers/render-template.js";

const FILES = {
  en: {
    pay: { due: { zero: "Nothing due", one: "One bill due", other: "{{ count }} bills due" } },
    hi: "Hi {{ who }}",
    "flat.key": "flat",
    self: '{{ "self" | t }}',
    other: '<{{ "hi" | t: who: who }}>',
    broken: "a\n{{ x",
    shout: "{{ who | shout }}",
    md: "**bold**",
    reach: "[{{ recipient.name }}]",
  },
  fr: { hi: "Salut {{ who }}", pay: { due: { one: "Une facture" } } },
  "sms.en": { stop: "Reply STOP" },
  "system.fr": { "Bye {{ recipient.name }}": "Ciao {{ recipient.name }}" },
  "acme~en": { hi: "Yo {{ who }}" },
  "acme~fr-BE": { only: "belge" },
  "zh-Hant": { hi: "嗨" },
};
const SCOPE = { recipient: { name: "Mara Voss" } };

const render = (source: string, locale: string | null, around: RenderOptions = {}): string =>
  renderTemplate(source, { scope: SCOPE, translations: FILES, locale, ...around });

describe("translations (T-180 to T-187)", () => {
  it.each<[id: string, template: string, locale: string | null, text: string]>([
    ["T-181", '{{ "hi" | t: who: recipient.name }}', "fr-BE", "Salut Mara Voss"],
    ["T-184", '{{ "hi" | t: who: recipient.name }}', "de", "Hi Mara Voss"],
    ["T-185", '{{ "hi" | t: who: recipient.name }}', null, "Hi Mara Voss"],
    ["T-184", '{{ "hi" | t: who: "x" }}', "FR_be", "Salut x"],
    ["T-184", '{{ "hi" | t }}', "zh-Hant-TW", "嗨"],
    ["T-183", '{{ "pay.due" | t: count: 0 }}', "en", "Nothing due"],
    ["T-183", '{{ "pay.due" | t: count: 1 }}', "en", "One bill due"],
    ["T-183", '{{ "pay.due" | t: count: 7 }}', "en", "7 bills due"],
    ["T-183", '{{ "pay.due" | t: count: "1" }}', "en", "One bill due"],
    ["T-183", '{{ "pay.due" | t: count: nope }}{{ "pay.due" | t: count: 1.5 }}', "en", " bills due1.5 bills due"],
    ["T-184", '{{ "pay.due" | t: count: 1 }}/{{ "pay.due" | t: count: 2 }}', "fr", "Une facture/2 bills due"],
    ["T-181", '{{ "sms:stop" | t }}', "fr", "Reply STOP"],
    ["T-182", '{{ "sms:stop" | t | upcase }}', "fr", "REPLY STOP"],
    ["T-186", '{{ "nope" | t | default: "?" }}', "en", "?"],
    ["T-186", '[{{ "nope" | t }}{{ "sms:nope" | t }}{{ nothing | t }}{{ "pay" | t }}]', "en", "[]"],
    ["T-180", '{{ "flat.key" | t }}', "en", "flat"],
    ["T-181", '{{ "other" | t: who: "x" }}', "fr", "<Salut x>"],
    ["T-181", '{{ "reach" | t }}', "en", "[]"],
    ["T-189", '{{ "md" | t }}{{ "md" | t | from_markdown }}', "en", "**bold**<p><strong>bold</strong></p>"],
    ["T-187", "{% t %}Bye {{ recipient.name }}{% endt %}", "fr", "Ciao Mara Voss"],
    ["T-187", "{% t %}\n  Bye {{ recipient.name }}\n{% endt %}", "fr-CA", "Ciao Mara Voss"],
    ["T-187", "{% t %}Bye {{ recipient.name }}{% endt %}", "en", "Bye Mara Voss"],
    ["T-004", '{{ "constructor" | t }}{{ "__proto__.x" | t }}{{ "hi.length" | t }}', "en", ""],
  ])("%s %s for locale %s renders %j", (_id, source, locale, text) => {
    expect(render(source, locale)).toBe(text);
  });

  it.each([
    ["fr-BE", "Yo x"],
    ["de", "Yo x"],
  ])("T-184 for %s, the tenant's default locale takes precedence over the account's", (locale, text) => {
    expect(render('{{ "hi" | t: who: "x" }}', locale, { tenant: "acme" })).toBe(text);
    expect(render('{{ "only" | t }}', locale, { tenant: "acme" })).toBe(locale === "fr-BE" ? "belge" : "");
    expect(render('{{ "hi" | t: who: "x" }}', "fr", { tenant: "other" })).toBe("Salut x");
  });

  it("T-185 the account's default locale is the environment's", () => {
    expect(render('{{ "hi" | t: who: "x" }}', null, { defaultLocale: "fr-BE" })).toBe("Salut x");
  });

  it("TQ-19 a missing key adds a warning unless it has a default", () => {
    const warnings: string[] = [];
    render('{{ "nope" | t }}{{ "other-one" | t | default: "x" }}', "fr", { warnings });
    expect(warnings).toEqual(['there is no translation "nope" for the locale fr']);
  });

  it.each([
    ['{{ "self" | t }}', 'translation "self" (translations/en.json): translations use each other more than 5 deep'],
    ['{{ "broken" | t }}', 'translation "broken" (translations/en.json), line 2, column 1: '],
    [
      '{{ "shout" | t: who: "x" }}',
      'translation "shout" (translations/en.json), line 1, column 10: unknown filter: shout',
    ],
  ])("T-091 %s fails and names the translation", (source, words) => {
    expect(() => render(`\n${source}`, "en")).toThrow(`steps[0].template.subject, line 2, column 1: ${words}`);
  });

  it.each([
    ["{% t %}never closed", "tag {% t %} not closed"],
    ["{% t who: 1 %}x{% endt %}", 'the "t" tag takes no arguments'],
    ["{% t %}{{ x | shout }}{% endt %}", "unknown filter: shout"],
  ])("T-187 %s is rejected", (source, words) => {
    expect(() => render(source, "en")).toThrow(words);
  });
});
