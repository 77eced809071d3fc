import { expect, it } from "vitest";
import { loadMjmlToHtml } from "../../../../src/engine/render/mjml/mjml-to-html.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../../../src/util/time-limit.js";

const wrap = (content: string): string => `<mjml><mj-body>${content}</mj-body></mjml>`;
const TEXT = "<mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section>";

it("converts again after the time limit has ended conversions", async () => {
  const mjmlToHtml = await loadMjmlToHtml();
  const before = mjmlToHtml(wrap(TEXT), "");
  const large = wrap(TEXT.repeat(30_000));
  for (let round = 0; round < 5; round++)
    expect(() => runWithTimeLimit(600, () => mjmlToHtml(large, ""))).toThrow(TimeLimitExceeded);
  expect(mjmlToHtml(wrap(TEXT), "")).toBe(before);
  expect(mjmlToHtml(wrap(TEXT.repeat(1_000)), "").length).toBeGreaterThan(before.length);
}, 30_000);

it("rejects elements that are nested too deep, and converts again afterwards", async () => {
  const mjmlToHtml = await loadMjmlToHtml();
  const deep = wrap(`${"<mj-wrapper>".repeat(20_000)}${"</mj-wrapper>".repeat(20_000)}`);
  expect(() => mjmlToHtml(deep, "")).toThrow("MJML: its elements are nested too deep");
  expect(mjmlToHtml(wrap(TEXT), "")).toContain("Hello");
});
