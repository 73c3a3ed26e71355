// Opens the explorer on this deployment's own description. Nothing of it leaves this site.
Scalar.createApiReference("#app", {
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
  orderSchemaPropertiesBy: "preserve",
  authentication: { preferredSecurityScheme: "apiKey" },
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  metaData: { title: "API explorer · WorkSkedge Webhooks" },
});
