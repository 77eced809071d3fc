import type { ReasonCode } from "./outcome.js";

/** Sentences that explain how to find the cause of a reason, and what to change. Backquotes mark code. */
export const REASON_CHECKS: Readonly<Record<ReasonCode, string>> = {
  condition:
    "Run `knock why --run <id>`. It prints the condition with its place in the files, and the values that were compared. Check the trigger's data, and the recipient with `knock users get <id>`.",
  preference:
    "The detail names the preference that decided, such as `workflows.new-comment = false`. `knock why <workflow> <recipient>` prints its place. Run `knock preferences get <recipient>` to see the set with all defaults, and `knock preferences set` to change it.",
  channel_not_configured:
    "The detail names the channel. Declare it in `environment.json`, and check that neither this file nor the selected environment sets it to `null`.",
  missing_recipient_data:
    "The detail names what is missing. Add `email`, `phone_number` or `channel_data` to the recipient: `knock users set ada --set email=ada@example.com`, or in `recipients/`.",
  trigger_frequency:
    "The detail is the workflow's `trigger_frequency`, which allows one run per recipient, or one per recipient and tenant. Use another recipient, another store (`--store :memory:`), or change the frequency in `workflow.json`.",
  invalid_window:
    "The detail says what is wrong with the time. A delay with such a time does not wait, so its messages are sent at once. Check the property of the data or the recipient that the step reads its time from.",
  skip_delay: "Expected with `--skip-delay`. Omit the flag to wait, then run `knock clock advance next`.",
  batched:
    "Expected. The run that opened the batch sends all activities together. Run `knock runs list --workflow <key>` to find it, and `knock clock advance next` to close the batch.",
  empty_batch: "Expected after `knock cancel`. Trigger the workflow again to open a new batch.",
  event_matched:
    "Expected if the step ends the run when the event occurs. Run `knock runs show <id>` to see when. Set `on_match` of the step to `continue` to continue instead.",
  wait_expired:
    "Check that the event was sent for this recipient before the time that the step allows. Set `on_timeout` of the step to `continue` to continue without the event.",
  throttled:
    "The detail names the limit. Run `knock clock advance <duration>` beyond the throttle's window, or change the step's `throttle_limit`.",
  render_error:
    "The detail contains the template's error. Run `knock preview <workflow> <step> --recipient <id>` to render the step alone, with `--watch` while you fix it.",
  trigger_depth:
    "Runs can start each other up to ten levels deep. Check the workflows that the trigger-workflow steps name, and add a condition that ends the loop.",
  not_applicable:
    "The detail says what the step needs. Trigger the workflow for a user instead of an object, or with `--tenant`.",
  fetch_error:
    "The detail contains the response or the cause. Locally, declare a response or allow the URL in `environment.json`, under `fetch`.",
  agent_error:
    "The detail contains the cause. Locally, declare a response or an endpoint for agents in `environment.json`.",
  delivery_error:
    "Run `knock messages show <id>`. It prints each request to the provider and the response. Fix the cause, then run `knock messages retry <id>`.",
  workflow_unavailable:
    "The detail may name the workflow. Check that `workflows/<key>/workflow.json` exists and that the workflow is active: `knock workflows show <key>`.",
  recipient_deleted:
    "Expected after `knock users delete`. Identify the recipient again and trigger the workflow again.",
  recipient_not_found:
    'Check the ID with `knock users list`. Create the recipient with `knock users set <id>`, or give it inline: `--recipients \'{"id":"ada","email":"ada@example.com"}\'`.',
  internal_error:
    "The detail contains the error, which is a bug in knock. Please report it. The other runs of the trigger continued. After an update, run `knock runs retry <id>` to continue the run.",
  worker_crashed:
    "A template or a payload may need too much memory. Reduce it, or give the process more memory. Then run `knock runs retry <id>`.",
  cancelled: "Expected after `knock cancel`. Messages that were created before it are kept.",
  finished: "Expected if the run ended before `knock cancel`. Run `knock runs show <id>` to see its messages.",
};
