/** The form of a resource's key. Other text names no file (F-008). */
export const RESOURCE_KEY = /^[a-z0-9_-]+$/;
