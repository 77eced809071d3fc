import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMoment } from "../../../../src/engine/liquid/filters/parse-moment.js";
import { renderTemplate } from "../../../helpers/render-template.js";

const SECOND = 1_000;
const instants = fc.integer({ min: Date.UTC(1972, 0, 1) / SECOND, max: Date.UTC(2090, 0, 1) / SECOND });
const zones = fc.constantFrom(
  ..."Etc/UTC Europe/Paris America/New_York America/St_Johns Asia/Kathmandu Pacific/Apia Australia/Lord_Howe".split(
    " ",
  ),
);

describe("dates in zones", () => {
  it("T-040 T-041 for any time and zone, the printed text names the same time", () => {
    fc.assert(
      fc.property(instants, zones, (seconds, zone) => {
        const iso = renderTemplate(`{{ s | timezone: "${zone}" }}`, { scope: { s: seconds } });
        expect(Date.parse(iso)).toBe(seconds * SECOND);
        const parts = renderTemplate(`{{ s | date: "%FT%T%:z", "${zone}" }}`, { scope: { s: seconds } });
        expect(parts).toBe(iso);
        expect(renderTemplate('{{ s | date: "%s" }}', { scope: { s: iso } })).toBe(String(seconds));
      }),
    );
  });

  it("T-041 the day, week and day of the year of a date agree with the calendar", () => {
    fc.assert(
      fc.property(instants, (seconds) => {
        const [isoYear, week, day, yearDay, year] = renderTemplate('{{ s | date: "%G %V %u %j %Y" }}', {
          scope: { s: seconds },
        })
          .split(" ")
          .map(Number) as [number, number, number, number, number];
        const midnight = Math.floor(seconds / 86_400) * 86_400 * SECOND;
        expect(Date.UTC(year, 0, yearDay)).toBe(midnight);
        // The first ISO week is the one that contains January 4.
        const fourth = new Date(Date.UTC(isoYear, 0, 4));
        const monday = fourth.getTime() - ((fourth.getUTCDay() || 7) - 1) * 86_400 * SECOND;
        expect(monday + ((week - 1) * 7 + day - 1) * 86_400 * SECOND).toBe(midnight);
      }),
    );
  });

  it("T-092 any text is a time or an error that names the filter", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9T:+Z /-]{0,24}$/)), (text) => {
        try {
          const moment = parseMoment(text, () => 0, "date");
          expect(moment === null ? text.trim() === "" : Number.isFinite(moment.at)).toBe(true);
        } catch (error) {
          expect((error as Error).message).toMatch(/^date: /);
        }
      }),
    );
  });
});
