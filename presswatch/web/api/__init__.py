"""Answer programs: paths and parameters declared once, and the OpenAPI document made from them; no HTTP library."""
