import type { Json, JsonObject } from "../../util/json.js";
import type { FieldType } from "../template/template-partial.js";

/** Fields that hold an object of texts, and those texts (section 12 of the format). */
export const SUB_FIELDS = { button: ["text", "action"], image: ["url", "alt", "action"] } as const;

/** A field of a message type's variant (section 12 of the format). */
export interface MessageTypeField {
  key: string;
  type: FieldType;
  required: boolean;
  /** Null: none. */
  default: Json;
  /** `min_length`, `max_length`, `min`, `max`, `schema`, `item_schema`, by their names in files. */
  limits: JsonObject;
  /** Values of a select; null for other types. */
  options: string[] | null;
}

interface MessageTypeVariant {
  key: string;
  fields: MessageTypeField[];
}

/** A `message_type.json`: what the steps of guides hold. */
export interface MessageType {
  key: string;
  variants: MessageTypeVariant[];
}
