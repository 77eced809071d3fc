/** The only member of the account. */
export const LOCAL_MEMBER = {
  id: "3a0f7d1e-5a55-4c8a-9a3b-7f1c2d9e4b60",
  role: "owner",
  user: { id: "9c1b6a52-0d5e-4f0b-8f57-2b6f0c3d8a71", name: "Local", email: "local@localhost.localdomain" },
} as const;
