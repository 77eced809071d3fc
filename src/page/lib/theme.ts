import { useLayoutEffect, useState } from "preact/hooks";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const STORAGE_KEY = "knock.theme";

function readStoredTheme(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(STORAGE_KEY)) ?? "auto";
  } catch {
    return "auto"; // storage is not available
  }
}

/**
 * Returns the theme and a function that selects the next one. The initial theme is the system's, unless one was
 * selected before.
 */
export function useTheme(): [theme: Theme, next: () => void] {
  const [theme, setTheme] = useState(readStoredTheme);
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(STORAGE_KEY, theme);
    } catch {
      // the selection then lasts until the page is closed
    }
  }, [theme]);
  return [theme, () => setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto")];
}
