// Download of a code block as a file. Fetched with the first click on its button.

const ENDINGS = {
  bash: "sh", c: "c", "c#": "cs", "c++": "cpp", cpp: "cpp", csharp: "cs", css: "css", csv: "csv", diff: "diff",
  dockerfile: "Dockerfile", go: "go", html: "html", java: "java", javascript: "js", js: "js", json: "json",
  jsx: "jsx", kotlin: "kt", latex: "tex", lua: "lua", markdown: "md", md: "md", perl: "pl", php: "php",
  powershell: "ps1", python: "py", py: "py", r: "r", ruby: "rb", rust: "rs", scala: "scala", sh: "sh", shell: "sh",
  sql: "sql", swift: "swift", tex: "tex", toml: "toml", ts: "ts", tsx: "tsx", typescript: "ts", xml: "xml",
  yaml: "yaml", yml: "yml", zsh: "sh",
}; // prettier-ignore

export function save(button) {
  const code = button.closest(".code").querySelector("pre");
  const label = button.closest(".code__bar").firstChild.textContent.trim().toLowerCase();
  const blocks = [...document.querySelectorAll(".code pre")];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([code.textContent], { type: "text/plain;charset=utf-8" }));
  link.download = `code-${blocks.indexOf(code) + 1}.${Object.hasOwn(ENDINGS, label) ? ENDINGS[label] : "txt"}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
