import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

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
    unauthorized: fail("permanent", { status: 401, body: "The supplied authentication is invalid" }),
    invalid_sender: fail("permanent", answer(402, "InvalidSenderId")),
    invalid_recipient: fail("bounced", answer(403, "InvalidPhoneNumber")),
    no_balance: fail("permanent", answer(405, "InsufficientBalance")),
    opted_out: fail("bounced", answer(406, "UserInBlacklist")),
    refused_request: fail("permanent", {
      status: 201,
      body: { SMSMessageData: { Message: "InvalidSenderId", Recipients: [] } },
    }),
    gateway_error: fail("temporary", answer(501, "GatewayError")),
    outage: fail("temporary", { status: 503, body: "Service Unavailable" }),
  },
};
