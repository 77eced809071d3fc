import { httpSettings, type ProviderSetting, secret } from "../vendor-definition.js";

/** The regions of AWS that have Amazon SES or Amazon SNS, except those of China, which have neither email nor SMS. */
const REGIONS = [
  "af-south-1",
  ..."ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2".split(" "),
  ..."ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7".split(
    " ",
  ),
  ..."ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eusc-de-east-1".split(" "),
  ..."eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1".split(" "),
  ..."us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2".split(" "),
];

/** The settings of all providers of AWS (CH-093, CH-112, CH-144). */
export const awsSettings = {
  aws_region: {
    required: true,
    alias: "region",
    values: REGIONS,
    description: 'The region of AWS, such as "eu-west-1".',
  },
  authentication_scheme: {
    values: ["access_key", "external_id"],
    description: "access_key or external_id. It has no effect: the keys or the role decide.",
  },
  access_key_id: { description: 'The ID of the access key, such as "AKIAIOSFODNN7EXAMPLE".' },
  secret_access_key: { ...secret, description: "The secret of the access key." },
  iam_role_arn: {
    description:
      'The ARN of the role that is assumed with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, such as "arn:aws:iam::123456789012:role/knock".',
  },
  external_id: { description: "The external ID that the role requires." },
  token_url: { kind: "url" },
  ...httpSettings,
} as const satisfies Record<string, ProviderSetting>;

/** Which of the settings belong together. */
export const awsRules = {
  one_of: [["access_key_id", "iam_role_arn"]],
  beside: {
    access_key_id: ["secret_access_key"],
    secret_access_key: ["access_key_id"],
    external_id: ["iam_role_arn"],
  },
} as const;

/** Endpoints of devices name their region, so that it is needed only for the credentials of a role. */
export const pushRegion: ProviderSetting = {
  alias: "region",
  values: [...REGIONS, "cn-north-1", "cn-northwest-1"],
  description: "The region of AWS that gives the credentials of the role (default: us-east-1).",
};

const SUFFIXES: Readonly<Record<string, string>> = { cn: "amazonaws.com.cn", eusc: "amazonaws.eu" };

/** Returns the URL of a service in a region, without a path. */
export function getAwsOrigin(service: string, region: string): string {
  return `https://${service}.${region}.${SUFFIXES[region.split("-", 1)[0] ?? ""] ?? "amazonaws.com"}`;
}
