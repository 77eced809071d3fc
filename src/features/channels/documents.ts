import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { listSchema } from "../../output/documents/lists.js";
import { channelDetailsSchema, channelSchema, channelTestSchema } from "./channel-schemas.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("channels list", "The project's channels", "The channels.", listSchema(channelSchema)),
  describeDocument(
    "channels show",
    "A channel",
    "The channel with its settings and the abilities of its provider.",
    channelDetailsSchema,
  ),
  describeDocument(
    "channels test",
    "A test message",
    "The messages that were sent, with the requests to the provider.",
    channelTestSchema,
  ),
];
