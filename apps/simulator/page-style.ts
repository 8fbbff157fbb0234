/** Style of the pages people see. Inside the page, so that nothing is loaded from anywhere. */
export const PAGE_STYLE = `
  :root { color-scheme: light dark; --line: #767676; --accent: #1d4ed8; --on-accent: #fff; }
  @media (prefers-color-scheme: dark) { :root { --line: #949494; --accent: #93b4ff; --on-accent: #10131a; } }
  * { box-sizing: border-box; }
  body { background: Canvas; margin: 0 auto; padding: 1rem; max-width: 40rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
  h1 { font-size: 1.4rem; }
  fieldset { margin: 0 0 1rem; border: 1px solid var(--line); border-radius: .4rem; }
  label { display: block; padding: .35rem 0; }
  input { width: 1.15rem; height: 1.15rem; vertical-align: -.2rem; accent-color: var(--accent); }
  button { min-height: 2.75rem; padding: 0 1.25rem; border: 1px solid var(--accent); border-radius: .4rem; font: inherit; color: inherit; background: none; }
  button[value=approve] { color: var(--on-accent); background: var(--accent); }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .note { color: light-dark(#565b63, #b0b4ba); }
`;
