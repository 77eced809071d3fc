export function findUndescribedProperties(schema: object): string[];
