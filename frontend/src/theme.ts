/**
 * Sets the theme before the first paint; keeps it when the system's changes. A classic script that
 * shares no code with the rest, so that the browser can run it while it reads the head.
 */
{
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const apply = (): void => {
    let chosen = new URLSearchParams(location.search).get("theme");
    try {
      chosen ??= localStorage.getItem("airside-theme");
    } catch {
      // storage is switched off: the system decides
    }
    const root = document.documentElement;
    root.dataset["themeChoice"] = chosen === "light" || chosen === "dark" ? chosen : "system";
    root.dataset["theme"] = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
    document.dispatchEvent(new Event("airside:theme-changed"));
  };

  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("airside:theme-chosen", apply);
  addEventListener("storage", apply);
}
