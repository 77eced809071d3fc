/** The start of the tag with the message's ID. MailerSend's webhooks contain tags, and no other value of the sender. */
export const MESSAGE_TAG = "knock_message_id:";
