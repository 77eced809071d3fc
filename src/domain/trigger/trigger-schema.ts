import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { isUnstorable, UNSTORABLE_MESSAGE } from "../recipient/describe-invalid-id.js";
import { recipientSchema, tenantSchema } from "../request/recipient-schema.js";
import { anyObject, checkedString, described, optional } from "../schema/fields.js";
import { listOrSingle } from "../schema/lists.js";

export const MAX_RECIPIENTS = 1_000;
const MAX_KEY_LENGTH = 255;

/** Returns the schema of a key: up to 255 characters that a store keeps unchanged. */
export const keySchema = () =>
  checkedString((name) => {
    if (name === "") return "must not be empty";
    if (name.length > MAX_KEY_LENGTH) return `must be at most ${MAX_KEY_LENGTH} characters`;
    return isUnstorable(name) ? UNSTORABLE_MESSAGE : null;
  });

/** The schema of 1 to 1,000 recipients, or a single one (E-027, EQ-54). */
const recipientsSchema = once(() =>
  listOrSingle("a user ID, an object reference, an inline recipient, or a list of them", recipientSchema(), {
    max: MAX_RECIPIENTS,
    noun: "recipients",
    emptyMessage: "must have at least one recipient",
  }),
);

/**
 * The schema of a trigger payload: the fields of the API (E-025 to E-039), `key` and `idempotency_key`, in the order of
 * the documentation.
 */
export const triggerSchema = once(() => {
  const flag = (description: string) => described(optional(z.boolean()), description);
  return z.strictObject({
    key: described(optional(keySchema()), 'The key of the workflow, such as "new-comment".'),
    recipients: described(recipientsSchema(), "The recipients: user IDs, objects and inline recipients.", ["ada"]),
    actor: described(
      optional(recipientSchema()),
      "The cause of the trigger: a user ID, an object or an inline recipient.",
      "grace",
    ),
    tenant: described(optional(tenantSchema()), "The tenant: an ID or an inline tenant.", "acme"),
    data: described(optional(anyObject()), "The trigger data, which templates and conditions read as data.", {
      page: "Home",
    }),
    cancellation_key: described(
      optional(keySchema()),
      'The key with which pending runs can be canceled, such as "invite-42".',
    ),
    idempotency_key: described(
      optional(keySchema()),
      'The key by which a repeated trigger is recognized for 24 hours, such as "order-42-shipped".',
    ),
    settings: described(
      optional(
        z.strictObject({
          sandbox_mode: flag("Whether messages are rendered and stored, but not delivered (default: false)."),
          skip_delay: flag("Whether delay steps are skipped (default: false)."),
        }),
      ),
      "Settings of the runs.",
    ),
  });
});

/**
 * The schema of a cancel payload. Unknown keys are errors, because a misspelled `recipients` would cancel the
 * runs of all recipients.
 */
export const cancellationSchema = once(() =>
  z.strictObject({ cancellation_key: keySchema(), recipients: optional(recipientsSchema()) }),
);
