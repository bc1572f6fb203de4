// What the theme writes into onclick attributes, which a strict Content-Security-Policy forbids (book/_ext/finished_pages.py).
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-prints]")) window.print();
});
