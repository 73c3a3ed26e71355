// Before anything is drawn: the theme that was chosen here, or that a portal link names, so that the page never shows in the
// other one first. What the system says needs no script, the style sheet follows it.
{
  const linked = location.pathname.startsWith("/portal/");
  const ofLink = () =>
    new URLSearchParams(location.hash.slice(1)).get("theme") ??
    JSON.parse(sessionStorage.getItem(`workskedge.link.${location.pathname.split("/")[2]}`) ?? "{}").theme;
  let choice = null;
  try {
    choice = linked ? ofLink() : localStorage.getItem("workskedge.theme");
  } catch {
    // The browser keeps nothing for this page.
  }
  if (choice) document.documentElement.dataset.theme = choice;
}
