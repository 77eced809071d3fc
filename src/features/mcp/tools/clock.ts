import { KnockError } from "../../../errors/knock-error.js";
import { printClock } from "../../../output/print-clock.js";
import { filterObjects } from "../../../util/json.js";
import type { NextCall, Tool } from "../tool.js";
import { choiceField, flagField, textField } from "./fields.js";

const ACTIONS = ["show", "next", "advance", "set", "freeze", "reset"] as const;

export const clock: Tool = {
  name: "clock",
  title: "Move the clock",
  description:
    "Show or move the local clock, so that delays, batches, windows and schedules end at once. next moves to the next due time. Returns the runs that continued and what they sent.",
  input: () => ({
    action: choiceField(ACTIONS, "advance needs by; set needs to; freeze may have to; reset returns to real time."),
    by: textField("A duration such as 30m, 24h or 2d."),
    to: textField("A time in ISO 8601."),
    force: flagField("Allow an earlier time."),
  }),
  documents: ["clock-show", "clock-advance", "clock-set", "clock-freeze", "clock-reset"],
  effect: "write",
  async run({ action, by, to, force }, { runJson, print }) {
    const missing =
      action === "advance" && by === undefined ? "by" : action === "set" && to === undefined ? "to" : null;
    if (missing !== null)
      throw new KnockError("usage", `clock needs ${missing} to ${String(action)}`, {
        hint:
          missing === "by"
            ? 'For example {"action":"advance","by":"30m"}.'
            : 'For example {"action":"set","to":"2030-01-31T09:00:00Z"}.',
      });
    const word = action === "next" ? "advance" : String(action);
    const value = action === "next" ? "next" : action === "advance" ? by : to;
    const takesValue = word === "advance" || word === "set" || (word === "freeze" && to !== undefined);
    const { document, warnings } = await runJson({
      words: ["clock", word],
      options: { force: force === true && (word === "set" || word === "freeze") },
      arguments: takesValue ? [String(value)] : [],
    });
    const ran = filterObjects(document.ran);
    const ids = ran.flatMap(({ steps }) => filterObjects(steps)).flatMap(({ message_id }) => message_id ?? []);
    const list: NextCall = { tool: "messages", arguments: { action: "list" } };
    const read: NextCall[] = ids.length === 1 ? [{ tool: "messages", arguments: { id: String(ids[0]) } }] : [list];
    return {
      document,
      text: warnings + (await print((output) => printClock(document as never, output))),
      next: ran.length > 0 ? read : [],
    };
  },
};
