import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "out/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      eqeqeq: "error",
    },
  },
  {
    files: ["test/**/*.ts"],
    // node:test's describe and it return promises that the runner awaits by itself.
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: ["describe", "it", "test"] }] },
      ],
    },
  },
  {
    files: ["test-browser/**/*.mjs"],
    languageOptions: {
      globals: {
        fetch: "readonly",
        setTimeout: "readonly",
        document: "readonly",
        URL: "readonly",
        encodeURIComponent: "readonly",
      },
    },
  },
  {
    files: ["test-browser/on-screen.mjs"],
    // Parts of it run in the page.
    languageOptions: {
      globals: { document: "readonly", MutationObserver: "readonly", performance: "readonly", window: "readonly" },
    },
  },
  {
    files: ["test-browser/lean4-stand-in/*.js"],
    languageOptions: {
      sourceType: "commonjs",
      globals: { exports: "writable", process: "readonly", require: "readonly" },
    },
  },
  {
    files: ["scripts/**/*.mjs", "test/**/*.mjs", "test-browser/**/*.mjs"],
    languageOptions: {
      globals: { Buffer: "readonly", console: "readonly", process: "readonly", setInterval: "readonly" },
    },
  },
);
