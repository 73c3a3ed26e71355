// Opens the explorer on this deployment's own description.
Scalar.createApiReference("#app", {
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  authentication: { preferredSecurityScheme: "apiKey" },
  metaData: { title: "API explorer · WorkSkedge Webhooks" },
});
