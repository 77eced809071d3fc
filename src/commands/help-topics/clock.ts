import type { HelpTopic } from "./help-topic.js";

export const clock: HelpTopic = {
  summary: "The virtual clock, which makes delays and batches pass at once",
  page: "docs/guide/time-and-batches.md",
  buildBlocks: () => [
    "The local store has a clock. It follows real time until you move it. Every process that uses the store sees the same time.",
    [
      ["knock clock", "show the time"],
      ["knock clock advance 2d", "move forward, and run what becomes due on the way, each item at its own time"],
      ["knock clock advance next", "move to the next due time"],
      ["knock clock set <time>", "move to a time; an earlier one needs --force if the store contains runs"],
      ["knock clock freeze", "stop the clock; it then moves only with advance and set"],
      ["knock clock reset", "return to real time"],
    ],
    "Durations are 30s, 15m, 24h, 7d, 2w, 1h30m, or ISO 8601 such as PT30M. A time without an offset is UTC. Terminals show times in your time zone, and pipes and JSON show UTC.",
    "Without moving the clock, `knock worker` and `knock dev` run due work in real time. Run `knock clock <command> --help` for the options.",
  ],
};
