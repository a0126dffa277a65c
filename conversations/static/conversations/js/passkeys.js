// Pages with passkeys and security keys: shows what needs them where the browser can use them, and
// a sentence when a key refuses (allauth's script only logs it).

const note = document.getElementById("passkey-error");
const able = Boolean(window.PublicKeyCredential && navigator.credentials);

for (const each of document.querySelectorAll("[data-needs-passkeys]")) each.hidden = !able;

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  note.textContent = able ? note.dataset.refused : note.dataset.unable;
  note.hidden = false;
});
