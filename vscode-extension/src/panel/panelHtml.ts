export interface PanelHtmlParams {
  readonly nonce: string;
  /** What VS Code calls the origin of the extension's files in a content security policy. */
  readonly source: string;
  readonly script: string;
  readonly style: string;
}

/** The panel's page: one script and one style of the extension's own, and nothing else may be loaded or asked. */
export function panelHtml({ nonce, source, script, style }: PanelHtmlParams): string {
  const policy = `default-src 'none'; style-src ${source}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lean Sidekick</title>
<link rel="stylesheet" href="${style}">
</head>
<body>
<main id="panel"></main>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>
`;
}
