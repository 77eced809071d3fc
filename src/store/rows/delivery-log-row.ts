import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import { isJsonObject } from "../../util/json.js";
import { decodeFields, describeTable } from "./table.js";

export const DELIVERY_LOGS = describeTable<DeliveryLog>()(
  "delivery_logs",
  { row: "bigint" },
  {
    id: { type: "text" },
    message: { type: "text", field: "message_id" },
    service: { type: "text", field: "service_name" },
    request: { type: "json", check: isJsonObject },
    response: { type: "json", check: isJsonObject },
    at: { type: "bigint" },
  },
);

export const toDeliveryLog = (row: typeof DELIVERY_LOGS.row): DeliveryLog => decodeFields(DELIVERY_LOGS, row, {});
