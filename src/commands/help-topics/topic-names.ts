/** The topics of `knock help`, in the order of the list. They are apart from the texts, which few commands need. */
export const TOPIC_NAMES = ["environment", "exit-codes", "targets", "json", "clock", "store"] as const;

export type TopicName = (typeof TOPIC_NAMES)[number];
