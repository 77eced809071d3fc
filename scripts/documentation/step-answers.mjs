// Answers to questions about steps that their properties leave open, for the reference of workflow.json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../load-source.mjs";

const CATALOG = "docs/internals/catalog/engine.md";

/**
 * Questions with their answers and the rules of the catalog that each sums up, by step type or, for channel steps, by
 * channel type. All rules must be implemented.
 */
const STEP_ANSWERS = {
  channel: [
    [
      "Does the run wait until the message is sent?",
      "No. The next step runs at once and sees the status `queued`. Put a delay or a wait before a condition that reads the delivery status.",
      ["E-129", "E-169"],
    ],
    [
      "Do send windows use the recipient's time zone?",
      "Yes: `timezone` of the push device, then of the recipient, then of the environment, and otherwise UTC. Outside the window, the message stays queued until the window opens. The run continues.",
      ["E-198", "E-199", "E-200"],
    ],
    [
      "How many messages does one step create?",
      "One per recipient. Push: one for each device. Chat: one for each connection. A channel group: one for each of its channels that applies.",
      ["E-181", "E-189"],
    ],
  ],
  http: [
    [
      "Is a webhook sent once per trigger or once per recipient?",
      "Once per recipient. It needs no address, so it is sent for every recipient. To send it once, trigger the workflow with one recipient, such as an object without subscribers, or add a condition.",
      ["E-003", "E-177"],
    ],
    [
      "When is it retried?",
      "After a failed connection, a timeout of 50 seconds and most error codes: up to 8 attempts in 30 minutes. It is not retried after 401, 403, 404 and 405.",
      ["E-209", "E-211"],
    ],
  ],
  branch: [
    [
      "Can a branch step be skipped?",
      "No, it has no conditions of its own. Exactly one branch runs: the first whose conditions are true, or the default.",
      ["E-306", "E-307", "E-309"],
    ],
    [
      "How do conditions see the steps of the other branches?",
      "As skipped: `refs.<ref>.delivery_status` is `$message.skipped`, and `engagement_status` is empty. Runs don't list these steps.",
      ["E-126"],
    ],
  ],
  delay: [
    [
      "Does a delay use the recipient's time zone?",
      'Only if `delay_until_field_path` names a rule such as `{ "frequency": "daily", "hours": 9 }`: then the recipient\'s `timezone` counts, or that of the environment. A duration such as one day is always 24 hours.',
      ["E-233", "E-234", "E-241", "E-242"],
    ],
    [
      "What happens if the time is missing or in the past?",
      "The delay is skipped and the run continues at once. The outcome has the mark `!` and says why. To stop the run instead, add a condition to the next step.",
      ["E-236"],
    ],
    [
      "How long can a delay be?",
      "At most 365 days. A longer `delay_for` is an error of the file. If the time in the data is further ahead, the delay is skipped and the run continues at once, as for a time in the past. For later reminders, create a schedule.",
      ["E-237"],
    ],
  ],
  batch: [
    [
      "Is a batch per recipient?",
      "Yes, and per value of `batch_key`. Without a key, all runs of a recipient share one batch. Tenants don't split batches: use `tenant.id` as the key for that.",
      ["E-243", "E-244", "E-245", "E-251"],
    ],
    [
      "What does the type of the window change?",
      "`fixed`: the batch closes one window after its first activity. `sliding`: each activity moves the end to one window from now, up to `batch_window_extension_limit` after the first.",
      ["E-253", "E-257", "E-259"],
    ],
    [
      "What happens to the runs that join?",
      "They end, and their data becomes an activity of the batch. The run that opened the batch continues when it closes, as its recipient, actor and tenant.",
      ["E-248", "E-249", "E-275"],
    ],
    [
      "What do later templates see?",
      "`activities`, `actors`, `total_activities` and `total_actors`. The lists have up to `batch_items_render_limit` items, the totals count all. `data` merges the activities in the lists, without nested lists and objects.",
      ["E-271", "E-272", "E-276", "E-277"],
    ],
    [
      "What do later conditions see?",
      "`run.total_activities`, `run.total_actors` and the merged `data`, here with nested lists and objects. Preferences see only the data of the first activity.",
      ["E-078", "E-155", "E-276"],
    ],
  ],
  throttle: [
    [
      "Is a throttle per recipient?",
      "Yes, and per value of `throttle_key`. Each throttle step of each workflow counts on its own.",
      ["E-285"],
    ],
    [
      "What happens to a run above the limit?",
      "It ends at the throttle, with the reason `throttled`. Earlier steps have sent their messages already.",
      ["E-284", "E-287"],
    ],
    [
      "When does the window start?",
      "With the first run that passes. It doesn't roll: after its end, the next run opens a new one.",
      ["E-286"],
    ],
  ],
  wait_for_event: [
    [
      "When does it time out, and what happens then?",
      "After `expires_after`. Then the run ends with the reason `wait_expired`, unless `on_timeout` is `continue`.",
      ["E-337", "E-338"],
    ],
    [
      "How do later steps know whether the event occurred?",
      "`refs.<ref>.matched` is true or false. `refs.<ref>.signal_variables` has the event, or is empty after a timeout.",
      ["E-343"],
    ],
    [
      "Whose events count?",
      "Those of the run's recipient that occur during the wait. If the recipient is an object, events of a source count whatever their user.",
      ["E-339", "E-344"],
    ],
  ],
  http_fetch: [
    [
      "Under which name is the response available?",
      'Each property of the JSON object becomes one of `data` and replaces a property with the same name. With `response_path`, the whole response is at that path: `"weather"` is read as `data.weather`. It stays for all later steps of the run.',
      ["E-296", "E-297"],
    ],
    [
      "Is the request sent once per trigger or once per recipient?",
      "Once per recipient, because each recipient has a run of its own.",
      ["E-003"],
    ],
    [
      "What happens if the request fails?",
      "After a 5xx or a timeout of 15 seconds, it is sent again after 30 and 60 seconds. Then, or after any other error, the run ends with the reason `fetch_error`. Only 200, 201 and 204 are successes.",
      ["E-294", "E-299", "E-300", "E-301"],
    ],
  ],
  trigger_workflow: [
    [
      "Does the run wait for the other workflow?",
      "No, it continues at once. To wait, add a `wait_for_event` step for the event `completed` of that workflow.",
      ["E-320"],
    ],
    [
      "Is the workflow triggered once?",
      "Once per recipient of this workflow. Canceling this run later does not cancel the runs that it started.",
      ["E-315", "E-319"],
    ],
  ],
  update_data: [
    [
      "Are nested values merged?",
      "No, a property replaces the whole property with the same name. Later steps see the new data at once.",
      ["E-322"],
    ],
  ],
  update_user: [
    [
      "Are nested values merged?",
      "Yes. Set a property to null to empty it. A user who does not exist is created.",
      ["E-038", "E-325", "E-326"],
    ],
  ],
  random_cohort: [
    [
      "Does a recipient stay in a cohort?",
      "Yes, as long as the percentages and the value of `cohort_key` stay the same.",
      ["E-311", "E-312"],
    ],
  ],
};

/** Returns the rules of the catalog that are implemented. */
function readImplementedRules() {
  const lines = readFileSync(join(ROOT, CATALOG), "utf8").split("\n");
  return new Set(lines.flatMap((line) => /^\| (E-\d+) \|.*\| implemented \|$/.exec(line)?.[1] ?? []));
}

/** Returns a function that returns the answers for a step type or channel type as a list, or an empty text. */
export function loadStepAnswers() {
  const implemented = readImplementedRules();
  for (const [type, answers] of Object.entries(STEP_ANSWERS))
    for (const [question, , rules] of answers)
      for (const rule of rules)
        if (!implemented.has(rule))
          throw new Error(
            `the answer to "${question}" of ${type} names ${rule}, which ${CATALOG} does not list as implemented`,
          );
  return (type) => (STEP_ANSWERS[type] ?? []).map(([question, answer]) => `- **${question}** ${answer}`).join("\n");
}
