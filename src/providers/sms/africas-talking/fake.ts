import { type FakeResponse, type FakeVendor, getField } from "../../fake-vendor.js";

const SETTINGS = { api_key: "atsk_fake0123456789", username: "lark", short_code: "12345" };

const answer = (statusCode: number, status: string, number = "+254711000001"): FakeResponse => {
  const isAccepted = statusCode < 200;
  const recipient = { statusCode, number, status, cost: isAccepted ? "KES 0.8000" : "0" };
  return {
    status: 201,
    body: {
      SMSMessageData: {
        Message: isAccepted ? "Sent to 1/1 Total Cost: KES 0.8000" : "Sent to 0/1 Total Cost: 0",
        Recipients: [{ ...recipient, messageId: isAccepted ? "ATPid_SampleTxnId123" : "None" }],
      },
    },
  };
};

/** The SMS API of Africa's Talking. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (method !== "POST" || path !== "/version1/messaging") return { status: 404, body: "The resource was not found" };
    if (headers.apikey !== SETTINGS.api_key || getField(body, "username") !== SETTINGS.username)
      return { status: 401, body: "The supplied authentication is invalid" };
    for (const name of ["to", "message"])
      if (getField(body, name) === undefined)
        return { status: 400, body: `Request is missing required form field '${name}'` };
    const to = getField(body, "to") as string;
    return /^\+[1-9]\d{6,14}$/.test(to) ? answer(101, "Success", to) : answer(403, "InvalidPhoneNumber", to);
  },
  failures: {
    unauthorized: { status: 401, body: "The supplied authentication is invalid", result: "permanent" },
    invalid_sender: { ...answer(402, "InvalidSenderId"), result: "permanent" },
    invalid_recipient: { ...answer(403, "InvalidPhoneNumber"), result: "bounced" },
    no_balance: { ...answer(405, "InsufficientBalance"), result: "permanent" },
    opted_out: { ...answer(406, "UserInBlacklist"), result: "bounced" },
    refused_request: {
      status: 201,
      body: { SMSMessageData: { Message: "InvalidSenderId", Recipients: [] } },
      result: "permanent",
    },
    gateway_error: { ...answer(501, "GatewayError"), result: "temporary" },
    outage: { status: 503, body: "Service Unavailable", result: "temporary" },
  },
};
