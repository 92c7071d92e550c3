"""The MCP server: tools by which an assistant reads what is stored, with source, revision, time and coverage."""
