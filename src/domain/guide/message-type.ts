import type { Json, JsonObject } from "../../util/json.js";
import type { FieldType } from "../template/template-partial.js";

/** The fields whose value is an object of texts, with the keys of these texts (section 12 of the format). */
export const SUB_FIELDS = { button: ["text", "action"], image: ["url", "alt", "action"] } as const;

/** A field of a message type's variant (section 12 of the format). */
export interface MessageTypeField {
  key: string;
  type: FieldType;
  required: boolean;
  /** The default value, or null. */
  default: Json;
  /** The limits `min_length`, `max_length`, `min`, `max`, `schema` and `item_schema`, by their names in files. */
  limits: JsonObject;
  /** The values to choose from; null for types other than selects. */
  options: string[] | null;
}

interface MessageTypeVariant {
  key: string;
  fields: MessageTypeField[];
}

/** A `message_type.json`: the fields that steps of guides have. */
export interface MessageType {
  key: string;
  variants: MessageTypeVariant[];
}
