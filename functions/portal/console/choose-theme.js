// Before anything is drawn: the theme that was chosen here, so that the page never shows in the other one first. What
// the system says needs no script, the style sheet follows it.
{
  const choice = localStorage.getItem("workskedge.theme");
  if (choice) document.documentElement.dataset.theme = choice;
}
